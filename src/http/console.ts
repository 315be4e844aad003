/**
 * The console's files, under a policy that lets nothing run or load but them. index.html gets a fresh nonce for
 * each answer (the one place where the component library writes a style element); no script is ever inline.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AtlasError } from '../base/errors.ts';
import type { App } from './app.ts';
import { open } from './guard.ts';
import { HeldFiles } from './held-files.ts';
import { sendProblem } from './problem.ts';

const NONCE_PLACE = '__CSP_NONCE__';
/** For files whose names hold a hash of their content: a browser never asks twice. */
const FOR_EVER = 'public, max-age=31536000, immutable';

const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'font-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
} as const;

export function contentPolicy(nonce?: string): string {
  return Object.entries(POLICY)
    .map(([name, sources]) => `${name} ${sources}${nonce && name === 'style-src' ? ` 'nonce-${nonce}'` : ''}`)
    .join('; ');
}

export async function serveAssets(app: App, folder: string): Promise<void> {
  const assets = await HeldFiles.read(join(folder, 'assets'), FOR_EVER);
  app.get('/assets/*', {
    config: { guard: open },
    schema: { hide: true },
    handler: async (request, reply) => assets.send((request.params as { '*': string })['*'], request, reply),
  });
}

/** Answers with the console's one page; without a built console, with how to build it. */
export async function openPage(
  folder: string,
): Promise<(request: FastifyRequest, reply: FastifyReply) => FastifyReply> {
  const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
  return (request, reply) => (page === undefined ? sendUnbuilt(request, reply) : sendPage(page, reply));
}

function sendPage(page: string, reply: FastifyReply): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  return reply
    .code(200)
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('content-security-policy', contentPolicy(nonce))
    .send(page.replaceAll(NONCE_PLACE, nonce));
}

function sendUnbuilt(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = new AtlasError('not_found', 'The console is not built.', { hint: 'npm run build' });
  return sendProblem(error, request, reply);
}
