/**
 * Every refusal of the HTTP door in one form: problem+json (RFC 9457) with a stable code, a sentence, the next
 * step and the request's id. One table from kind to status; what we did not foresee says nothing but its id.
 */
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Clock } from '../base/clock.ts';
import { AtlasError, type ErrorCode, type ErrorKind } from '../base/errors.ts';
import { type Log, RateLimitedLog } from '../base/log.ts';
import { bodyTooLarge } from './bodies.ts';
import { addressTooLong, HEAD_MAX_BYTES } from './head.ts';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  usage: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  rate_limited: 429,
  unavailable: 503,
  config: 500,
  internal: 500,
};

/** Where HTTP has a word of its own for one code of a kind. */
const STATUS_OF_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  method_not_allowed: 405,
  request_timeout: 408,
  ticket_expired: 410,
  ticket_revoked: 410,
  address_too_long: 414,
  unsupported_media_type: 415,
  expectation_failed: 417,
  head_too_large: 431,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Too slow',
  409: 'Conflict',
  410: 'Gone',
  413: 'Too large',
  414: 'Address too long',
  415: 'Unsupported media type',
  417: 'Expectation failed',
  429: 'Too many requests',
  431: 'Head too large',
  500: 'Internal error',
  503: 'Unavailable',
};

/** What strangers hear of stores, whose own words name addresses, users and files. */
const WITHHELD: Readonly<Partial<Record<ErrorCode, string>>> = {
  store_unavailable: 'The database cannot be used right now.',
  store_locked: 'Another program keeps the database locked.',
  member_store_unavailable: 'The registry cannot be used right now.',
};
/** A page cannot tell whose it is without the database; the control socket asks nobody. */
const SEE_THE_SERVER =
  'Try again in a moment. On this server, atlas-fleet cluster status works all the same, and the log has the reason.';
/** An agent is as good as a stranger here: all of them share one key. */
const MAY_HEAR_OF_STORES: ReadonlySet<string | undefined> = new Set(['session', 'token', 'local']);

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
const RETRY_AFTER_SECONDS = 2;

export interface ProblemParts {
  readonly door: 'network' | 'control';
  readonly log: Log;
  readonly clock: Clock;
}

export function handleProblems(app: FastifyInstance, { door, log, clock }: ProblemParts): void {
  const rareLog = new RateLimitedLog(clock);
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const known = asAtlasError(error, request);
    const withheld =
      door === 'network' && !MAY_HEAR_OF_STORES.has(request.caller?.kind) && WITHHELD[known.code];
    if (withheld) {
      rareLog.once(known.code, (times) => {
        log.warn('http.store_failed', 'Request failed: a store cannot be used', { times, err: error });
      });
      return sendProblem(generalised(known, withheld), request, reply);
    }
    if (known.kind === 'internal') {
      log.error('http.internal_error', 'Request failed', {
        request_id: request.id,
        method: request.method,
        route: request.routeOptions.url ?? null,
        err: error,
      });
    }
    return sendProblem(known, request, reply);
  });
}

function generalised(
  { code, retryAfterSeconds = RETRY_AFTER_SECONDS }: AtlasError,
  sentence: string,
): AtlasError {
  return new AtlasError(code, sentence, {
    hint: SEE_THE_SERVER,
    retryAfterSeconds,
  });
}

export function sendProblem(error: AtlasError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusOf(error);
  if (status === 503 || status === 429) {
    reply.header('retry-after', String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
  }
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="atlas-fleet"');
  return reply
    .code(status)
    .header('content-type', PROBLEM_TYPE)
    .serializer(JSON.stringify)
    .send({
      ...describe(error),
      instance: request.url.split('?')[0],
      request_id: request.id,
      ...(error.parts && { errors: error.parts }),
    });
}

/** A request that no route can be looked up for: its address is no address. No hook has run for it. */
export function sendUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
  sendProblem(asAtlasError(error, request), request, reply);
}

/** Bytes that are no HTTP: there is no request to reply to, only the connection. */
export function refuseUnreadable(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  socket.end(rawProblem(unreadable(error.code)), () => socket.destroy());
}

/** By the codes of node's parser. */
function unreadable(code: string): AtlasError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AtlasError('request_timeout', 'The request took too long to arrive.');
    case 'HPE_HEADER_OVERFLOW':
      return new AtlasError('head_too_large', `The head of a request has at most ${HEAD_MAX_BYTES} bytes.`);
    default:
      return new AtlasError('bad_request', 'The request could not be read.');
  }
}

/** The whole answer, for a connection on which no request was read; it ends the connection. */
export function rawProblem(error: AtlasError): string {
  const body = JSON.stringify(describe(error));
  const status = statusOf(error);
  const head = [
    `HTTP/1.1 ${status} ${TITLES[status] ?? 'Error'}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function statusOf(error: AtlasError): number {
  return STATUS_OF_CODE[error.code] ?? STATUS[error.kind];
}

function describe(error: AtlasError) {
  const status = statusOf(error);
  return {
    type: `urn:atlas-fleet:problem:${error.code}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: error.message,
    code: error.code,
    ...(error.hint && { hint: error.hint }),
  };
}

function asAtlasError(error: FastifyError, request: FastifyRequest): AtlasError {
  if (error instanceof AtlasError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const parts = error.validation.map(({ instancePath, message }) => ({
      pointer: instancePath || '/',
      message: message ?? 'is wrong',
    }));
    return new AtlasError('bad_request', 'The request does not have the right shape.', {
      parts,
      hint: 'See /api/docs for the shape of each request.',
    });
  }
  switch (error.statusCode) {
    case 413:
      return bodyTooLarge(request);
    case 415:
      return new AtlasError('unsupported_media_type', 'Send application/json.');
    case 414:
      return addressTooLong();
    case 400:
      return new AtlasError('bad_request', 'The request could not be read.', { cause: error });
    default:
      return new AtlasError('internal', 'Something went wrong on this server.', {
        cause: error,
        hint: 'Look for the request id in the server log.',
      });
  }
}
