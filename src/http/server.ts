/**
 * The HTTP door: fastify with one guard, one form of error and one set of headers for every route. The same
 * routes stand behind two doors, the network and the control socket; only the guard differs.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type FastifyBaseLogger, type FastifyInstance, fastify, type RawServerDefault } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { Log } from '../base/log.ts';
import type { Secret } from '../base/secret.ts';
import type { ClusterView } from '../services/cluster-view.ts';
import type { FleetView } from '../services/fleet-view.ts';
import { contentPolicy, serveConsole } from './console.ts';
import { DOCS_PREFIX, guardRoutes, open, securityOf } from './guard.ts';
import { answerPlainHttp } from './plain-on-tls.ts';
import { handleProblems, refuseUnreadable, sendUnroutable } from './problem.ts';
import { type AccountParts, accountRoutes } from './routes/accounts.ts';
import { type AgentParts, agentRoutes } from './routes/agents.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { machineRoutes } from './routes/machines.ts';
import { type SystemParts, systemRoutes } from './routes/system.ts';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Bytes of any body but a report's (its own route says more). Forms are small. */
const BODY_MAX_BYTES = 64 * 1024;
/** Milliseconds for a whole request to arrive, so that a slow client holds nothing for long. */
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTION_IDLE_MS = 60_000;

export interface ServerParts extends AccountParts, AgentParts, SystemParts {
  readonly door: 'network' | 'control';
  readonly fleet: FleetView;
  readonly cluster: ClusterView;
  readonly apiKey: Secret;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Null: plain http. */
  readonly tls: SecureContextOptions | null;
  /** The https address to name to those who come without TLS. */
  readonly publicUrl: string;
  readonly trustedProxies: readonly string[];
  /** Folder of the built console; null behind the control socket. */
  readonly consoleFolder: string | null;
}

export async function buildServer(parts: ServerParts): Promise<App> {
  const app = openApp(parts);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  handleProblems(app, parts.log);
  await secureHeaders(app, parts.tls !== null); // before the guards, whose refusals carry them too
  await app.register(cookie); // before the guards, which read it
  guardRoutes(app, parts);
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-atlas-node', parts.nodeId);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  await describeApi(app, parts.version);

  systemRoutes(app, parts);
  agentRoutes(app, parts);
  machineRoutes(app, parts);
  clusterRoutes(app, { view: parts.cluster });
  accountRoutes(app, parts);
  if (parts.consoleFolder !== null) await serveConsole(app, parts.consoleFolder);
  await app.ready();
  return app;
}

function openApp(parts: ServerParts): App {
  const options = {
    logger: false,
    genReqId: () => randomUUID(),
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: CONNECTION_IDLE_MS,
    trustProxy: parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: sendUnroutable,
    clientErrorHandler: refuseUnreadable,
  } as const;
  if (parts.tls === null) return fastify(options).withTypeProvider<ZodTypeProvider>() as unknown as App;
  const app = fastify({ ...options, https: { ...parts.tls, minVersion: 'TLSv1.2' } });
  answerPlainHttp(app.server as Server, () => parts.publicUrl);
  return app.withTypeProvider<ZodTypeProvider>() as unknown as App;
}

async function secureHeaders(app: App, overTls: boolean): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: false, // ours, below: helmet's cannot hold a nonce for one page only
    strictTransportSecurity: overTls ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  });
  app.addHook('onRequest', async (_, reply) => {
    reply.header('content-security-policy', contentPolicy());
  });
}

async function describeApi(app: App, version: string): Promise<void> {
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
  await app.register(swaggerUi, { routePrefix: DOCS_PREFIX, staticCSP: false, logo: null } as never);
  app.get('/api/openapi.json', {
    config: { guard: open },
    schema: { hide: true },
    handler: async (_, reply) => reply.send(app.swagger()),
  });
}
