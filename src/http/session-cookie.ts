/**
 * The session's cookie: HttpOnly, SameSite=Strict, and over TLS `__Host-` and Secure, so that no other host and
 * no plain-text page can set or read it. Over plain http (loopback only) browsers refuse that prefix.
 */
import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

const NAME = 'atlas';
const SECURE_NAME = '__Host-atlas';

export function sessionCookie(request: FastifyRequest): string | undefined {
  return request.cookies[nameFor(request)];
}

export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  value: string,
  expiresAtMs: number,
): void {
  reply.setCookie(nameFor(request), value, { ...attributes(request), expires: new Date(expiresAtMs) });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(nameFor(request), attributes(request));
}

function nameFor(request: FastifyRequest): string {
  return isSecure(request) ? SECURE_NAME : NAME;
}

function attributes(request: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure(request) } as const;
}

function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https';
}
