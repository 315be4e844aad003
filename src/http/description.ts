/**
 * The API as OpenAPI describes it, and as pages for people. Anybody may ask for it, so all of it is made once and held
 * like the console's files; the plugins would make or open it anew for each request.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { App } from './app.ts';
import { DOCS_PREFIX, open, securityOf } from './guard.ts';
import { HeldFile, HeldFiles } from './held-files.ts';

/** A new version of this server may say something else under the same name. */
const ASK_EACH_TIME = 'public, no-cache';

type Send = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** To be called before the routes that it describes. */
export async function describeApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Atlas Fleet',
        version,
        description: 'Errors are RFC 9457 problem+json with a stable code.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'An API token (atl_…)' },
          session: { type: 'apiKey', in: 'cookie', name: '__Host-atlas' },
          agent: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        },
      },
    },
    transform: (given) => {
      const { schema, url } = jsonSchemaTransform(given as Parameters<typeof jsonSchemaTransform>[0]);
      return { schema: { ...schema, security: securityOf(given.route.config?.guard) }, url };
    },
  });
  const asJson = heldJson(app);
  app.get('/api/openapi.json', {
    config: { guard: open },
    schema: { hide: true },
    handler: async (request, reply) => asJson(request, reply),
  });
}

/** To be called after describeApi. */
export async function showApi(app: App): Promise<void> {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('@fastify/swagger-ui'))), 'static');
  const files = await HeldFiles.read(folder, ASK_EACH_TIME);
  const held: Readonly<Record<string, Send>> = {
    '/json': heldJson(app),
    '/yaml': heldOnce('openapi.yaml', () => app.swagger({ yaml: true })),
    '/static/*': (request, reply) => files.send((request.params as { '*': string })['*'], request, reply),
  };
  app.addHook('onRoute', (route) => {
    const send = route.url.startsWith(DOCS_PREFIX) && held[route.url.slice(DOCS_PREFIX.length)];
    if (send) route.handler = send as RouteHandlerMethod;
  });
  await app.register(swaggerUi, { routePrefix: DOCS_PREFIX, staticCSP: false, logo: null } as never);
}

const heldJson = (app: App) => heldOnce('openapi.json', () => JSON.stringify(app.swagger()));

/** Made when it is first asked for: until then routes may be added. */
function heldOnce(name: string, make: () => string): Send {
  let file: HeldFile | undefined;
  return (request, reply) => {
    file ??= new HeldFile(name, Buffer.from(make()), ASK_EACH_TIME);
    return file.send(request, reply);
  };
}
