/**
 * What no route is for: a path that has other methods is 405 and names them (RFC 9110, 15.5.6); any other is 404,
 * unless it may be a page of the console, which finds its own way.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AtlasError } from '../base/errors.ts';
import type { App } from './app.ts';
import { sendProblem } from './problem.ts';

/** `page` is null where no browser comes. To be called before the first route is registered. */
export function handleUnrouted(
  app: App,
  page: ((request: FastifyRequest, reply: FastifyReply) => FastifyReply) | null,
): void {
  const known: { readonly method: string | string[]; readonly url: string }[] = [];
  app.addHook('onRoute', ({ method, url }) => void known.push({ method, url }));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const methods = new Set(known.filter(({ url }) => leadsTo(url, path)).flatMap(({ method }) => method));
    if (methods.size > 0) {
      const refused = new AtlasError('method_not_allowed', `This address does not take ${request.method}.`);
      return sendProblem(refused, request, reply.header('allow', [...methods].join(', ')));
    }
    const mayBePage = ['GET', 'HEAD'].includes(request.method) && !path.startsWith('/api/');
    if (mayBePage && page !== null) return page(request, reply);
    return sendProblem(new AtlasError('not_found', 'There is nothing at this address.'), request, reply);
  });
}

/** `/machines/:id` leads to `/machines/x`, and `/assets/*` to all below it. */
function leadsTo(route: string, path: string): boolean {
  const given = path.split('/');
  const parts = route.split('/');
  const isFolder = parts.at(-1) === '*';
  if (isFolder ? given.length < parts.length : given.length !== parts.length) return false;
  return parts.every((part, i) => part === given[i] || part.startsWith(':') || part === '*');
}
