/**
 * Every refusal of the HTTP door in one form: problem+json (RFC 9457) with a stable code, a sentence, the next
 * step and the request's id. One table from kind to status; what we did not foresee says nothing but its id.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { AtlasError, type ErrorKind } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

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

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
};

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
const RETRY_AFTER_SECONDS = 2;

export function handleProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const known = asAtlasError(error);
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

export function sendProblem(error: AtlasError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.code === 'unsupported_media_type' ? 415 : STATUS[error.kind];
  if (status === 503 || status === 429) {
    reply.header('retry-after', String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
  }
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="atlas-fleet"');
  return reply
    .code(status)
    .header('content-type', PROBLEM_TYPE)
    .serializer(JSON.stringify)
    .send({
      type: `urn:atlas-fleet:problem:${error.code}`,
      title: TITLES[status] ?? 'Error',
      status,
      detail: error.message,
      code: error.code,
      ...(error.hint && { hint: error.hint }),
      instance: request.url.split('?')[0],
      request_id: request.id,
      ...(error.parts && { errors: error.parts }),
    });
}

function asAtlasError(error: FastifyError): AtlasError {
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
      return new AtlasError('body_too_large', 'The body is larger than this route takes.');
    case 415:
      return new AtlasError('unsupported_media_type', 'Send application/json.');
    case 400:
      return new AtlasError('bad_request', 'The request could not be read.', { cause: error });
    default:
      return new AtlasError('internal', 'Something went wrong on this server.', {
        cause: error,
        hint: 'Look for the request id in the server log.',
      });
  }
}
