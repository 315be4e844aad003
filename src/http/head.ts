/**
 * What the head of a request may be: its size, and what node itself would refuse without a word (no host, an
 * expectation that only a proxy could meet).
 */
import { AtlasError } from '../base/errors.ts';
import type { App } from './app.ts';

/** Bytes of the first line and all headers together. */
export const HEAD_MAX_BYTES = 16 * 1024;
/** Characters of an address, query included, and of one part of it that a route names. Both arbitrary. */
const ADDRESS_MAX_LENGTH = 4096;
export const ADDRESS_PART_MAX_LENGTH = 256;

/** To be called before the guards. */
export function boundHead(app: App): void {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('onRequest', async ({ headers, raw, url }) => {
    if (url.length > ADDRESS_MAX_LENGTH) throw addressTooLong();
    if (headers.host === undefined && raw.httpVersion === '1.1') {
      throw new AtlasError('bad_request', 'The request names no host.'); // RFC 9112, 3.2
    }
    if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
      throw new AtlasError('expectation_failed', 'The request expects what this server does not do.');
    }
  });
}

export function addressTooLong(): AtlasError {
  return new AtlasError(
    'address_too_long',
    `An address has at most ${ADDRESS_MAX_LENGTH} characters, and a name in it ${ADDRESS_PART_MAX_LENGTH}.`,
  );
}
