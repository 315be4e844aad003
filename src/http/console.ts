/**
 * The console's files, under a policy that lets nothing run or load but them. index.html gets a fresh nonce for
 * each answer (the one place where the component library writes a style element); no script is ever inline.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AtlasError } from '../base/errors.ts';
import { open } from './guard.ts';
import { sendProblem } from './problem.ts';
import type { App } from './server.ts';

const NONCE_PLACE = '__CSP_NONCE__';

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

/** Serves the built console; without one every page says how to build it. Unknown paths are the console's own. */
export async function serveConsole(app: App, folder: string): Promise<void> {
  const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
  await app.register(fastifyStatic, { root: folder, serve: false, decorateReply: true });

  app.get('/assets/*', {
    config: { guard: open },
    schema: { hide: true },
    handler: async (request, reply) => {
      const { '*': name } = request.params as { '*': string };
      // Their names hold a hash of their content, so a browser never asks twice.
      return reply.sendFile(join('assets', name), folder, {
        immutable: true,
        maxAge: '365d',
        dotfiles: 'deny',
      });
    },
  });

  app.setNotFoundHandler((request, reply) => {
    const isPage = request.method === 'GET' || request.method === 'HEAD';
    if (!isPage || request.url.startsWith('/api/') || request.url.startsWith('/assets/')) {
      return sendProblem(new AtlasError('not_found', 'There is nothing at this address.'), request, reply);
    }
    return page === undefined ? sendUnbuilt(request, reply) : sendPage(page, reply);
  });
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
