/**
 * What a body may be before it is read: no longer than its route takes, and as it is, not compressed (a few bytes
 * would become gigabytes). A connection on which more may come than was read is closed with the answer.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { AtlasError } from '../base/errors.ts';
import type { App } from './app.ts';

/** Bytes of any body but a report's (its own route says more). Forms are small. Arbitrary. */
export const BODY_MAX_BYTES = 64 * 1024;

/** To be called after the guards: who may not pass learns nothing of the route, and is not asked for his body. */
export function boundBodies(app: App): void {
  const invited = inviteBodies(app);
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
    const mayStayAway = asksFirst(request) && !invited.has(request.raw);
    if ((!isBounded || mayStayAway) && !request.raw.complete) reply.header('connection', 'close');
  });
}

/** `100 Continue` (RFC 9110, 10.1.1) is said by none but us, once the head has passed. Returns to whom it was. */
function inviteBodies(app: App): WeakSet<IncomingMessage> {
  const invited = new WeakSet<IncomingMessage>();
  app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response));
  app.addHook('preParsing', async (request, reply) => {
    if (!asksFirst(request) || request.raw.complete) return;
    invited.add(request.raw);
    reply.raw.writeContinue();
  });
  return invited;
}

function asksFirst({ headers, raw }: FastifyRequest): boolean {
  return headers.expect !== undefined && raw.httpVersion === '1.1';
}

export function bodyTooLarge(request: FastifyRequest): AtlasError {
  return new AtlasError(
    'body_too_large',
    `A body at this address has at most ${request.routeOptions.bodyLimit} bytes.`,
  );
}

/** 0 for one in chunks, whose length nobody knows before its end. */
export function declaredBytes({ headers }: FastifyRequest): number {
  return Number(headers['content-length'] ?? 0);
}
