/**
 * What a body may be before it is read: no longer than its route takes, and as it is, not compressed (a few bytes
 * would become gigabytes). A connection on which more may come than was read is closed with the answer.
 */
import type { FastifyRequest } from 'fastify';
import { AtlasError } from '../base/errors.ts';
import type { App } from './app.ts';

/** Bytes of any body but a report's (its own route says more). Forms are small. Arbitrary. */
export const BODY_MAX_BYTES = 64 * 1024;

/** To be called after the guards: who may not pass learns nothing of the route. */
export function boundBodies(app: App): void {
  app.addHook('onRequest', async (request) => {
    const { 'content-encoding': coding = 'identity', 'transfer-encoding': transfer = 'chunked' } =
      request.headers;
    if (declaredBytes(request) > request.routeOptions.bodyLimit) throw bodyTooLarge(request);
    if (coding.toLowerCase() !== 'identity' || transfer.toLowerCase() !== 'chunked') {
      throw new AtlasError('unsupported_media_type', 'A body is taken as it is, not compressed.', {
        hint: 'Send it without Content-Encoding.',
      });
    }
  });
  app.addHook('onSend', async (request, reply) => {
    const isBounded =
      request.headers['transfer-encoding'] === undefined &&
      declaredBytes(request) <= request.routeOptions.bodyLimit;
    if (!isBounded && !request.raw.complete) reply.header('connection', 'close');
  });
}

export function bodyTooLarge(request: FastifyRequest): AtlasError {
  return new AtlasError(
    'body_too_large',
    `A body at this address has at most ${request.routeOptions.bodyLimit} bytes.`,
  );
}

function declaredBytes({ headers }: FastifyRequest): number {
  return Number(headers['content-length'] ?? 0);
}
