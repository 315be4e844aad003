/**
 * The HTTP door: fastify with one guard, one form of error and one set of headers for every route. The same
 * routes stand behind two doors, the network and the control socket; only the guard differs.
 */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:https';
import { dirname, join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { fastify } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { AtlasError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Secret } from '../base/secret.ts';
import type { ClusterView } from '../services/cluster-view.ts';
import type { FleetView } from '../services/fleet-view.ts';
import type { App } from './app.ts';
import { boundConnections, CONNECTION_LIMITS, type ConnectionLimits } from './connections.ts';
import { contentPolicy, openPage, serveAssets } from './console.ts';
import { DOCS_PREFIX, guardRoutes, open, securityOf } from './guard.ts';
import { HeldFiles } from './held-files.ts';
import { answerPlainHttp } from './plain-on-tls.ts';
import { handleProblems, refuseUnreadable, sendUnroutable } from './problem.ts';
import { type AccountParts, accountRoutes } from './routes/accounts.ts';
import { type AgentParts, agentRoutes } from './routes/agents.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { machineRoutes } from './routes/machines.ts';
import { type SystemParts, systemRoutes } from './routes/system.ts';
import { handleUnrouted } from './unrouted.ts';

/** Bytes of any body but a report's (its own route says more). Forms are small. */
const BODY_MAX_BYTES = 64 * 1024;
/** Milliseconds that a connection is kept for the next request. */
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
  readonly limits?: ConnectionLimits;
}

export async function buildServer(parts: ServerParts): Promise<App> {
  const { limits = CONNECTION_LIMITS, consoleFolder } = parts;
  const app = openApp(parts, limits);
  boundConnections(app, limits);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  handleProblems(app, parts.log);
  handleUnrouted(app, consoleFolder === null ? null : await openPage(consoleFolder));
  await secureHeaders(app, parts.tls !== null); // before the guards, whose refusals carry them too
  refuseUnmet(app);
  await app.register(cookie); // before the guards, which read it
  guardRoutes(app, parts);
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-atlas-node', parts.nodeId);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  await describeApi(app, parts.version);
  if (parts.door === 'network') await showApi(app);

  systemRoutes(app, parts);
  agentRoutes(app, parts);
  machineRoutes(app, parts);
  clusterRoutes(app, { view: parts.cluster });
  accountRoutes(app, parts);
  if (consoleFolder !== null) await serveAssets(app, consoleFolder);
  await app.ready();
  return app;
}

function openApp(parts: ServerParts, limits: ConnectionLimits): App {
  const http = {
    headersTimeout: limits.headMs,
    connectionsCheckingInterval: limits.checkMs,
    requireHostHeader: false, // refused below, in our form
  };
  const options = {
    logger: false,
    genReqId: () => randomUUID(),
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.silenceMs,
    keepAliveTimeout: CONNECTION_IDLE_MS,
    trustProxy: parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: sendUnroutable,
    clientErrorHandler: refuseUnreadable,
  } as const;
  if (parts.tls === null)
    return fastify({ ...options, http }).withTypeProvider<ZodTypeProvider>() as unknown as App;
  const tls = { minVersion: 'TLSv1.2', handshakeTimeout: limits.handshakeMs } as const;
  const app = fastify({ ...options, https: { ...http, ...parts.tls, ...tls } });
  answerPlainHttp(app.server as Server, { address: parts.publicUrl, firstByteMs: limits.handshakeMs });
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

/** What node itself would refuse without a word: no host (RFC 9112, 3.2), and what only a proxy could promise. */
function refuseUnmet(app: App): void {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('onRequest', async ({ headers, raw }) => {
    if (headers.host === undefined && raw.httpVersion === '1.1') {
      throw new AtlasError('bad_request', 'The request names no host.');
    }
    if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
      throw new AtlasError('expectation_failed', 'The request expects what this server does not do.');
    }
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
  app.get('/api/openapi.json', {
    config: { guard: open },
    schema: { hide: true },
    handler: async (_, reply) => reply.send(app.swagger()),
  });
}

/** The description as pages for people. Their files are held like the console's; the plugin would open each anew. */
async function showApi(app: App): Promise<void> {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('@fastify/swagger-ui'))), 'static');
  const files = await HeldFiles.read(folder, 'public, no-cache');
  app.addHook('onRoute', (route) => {
    if (route.url !== `${DOCS_PREFIX}/static/*`) return;
    route.handler = async (request, reply) =>
      files.send((request.params as { '*': string })['*'], request, reply);
  });
  await app.register(swaggerUi, { routePrefix: DOCS_PREFIX, staticCSP: false, logo: null } as never);
}
