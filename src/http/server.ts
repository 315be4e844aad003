/**
 * The HTTP door: fastify with one guard, one form of error and one set of headers for every route. The same
 * routes stand behind two doors, the network and the control socket; only the guard differs.
 */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import { fastify } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Secret } from '../base/secret.ts';
import type { ClusterView } from '../services/cluster/cluster-view.ts';
import type { FleetView } from '../services/fleet/fleet-view.ts';
import type { SecurityCheck } from '../services/security/security-check.ts';
import type { App } from './app.ts';
import { BODY_MAX_BYTES, boundBodies } from './bodies.ts';
import { type IsTrusted, trustedAmong } from './caller-address.ts';
import { CALLER_RATES, type CallerRateRules, CallerRates } from './caller-rates.ts';
import { boundConnections, CONNECTION_LIMITS, type ConnectionLimits } from './connections.ts';
import { contentPolicy, openPage, serveAssets } from './console.ts';
import { describeApi, showApi } from './description.ts';
import { guardRoutes } from './guard.ts';
import { ADDRESS_PART_MAX_LENGTH, boundHead, HEAD_MAX_BYTES } from './head.ts';
import { NetworkShare } from './network-share.ts';
import { sendInPieces } from './pieces.ts';
import { answerPlainHttp } from './plain-on-tls.ts';
import { handleProblems, refuseUnreadable, sendUnroutable } from './problem.ts';
import { type AgentParts, agentRoutes } from './routes/agents.ts';
import { auditRoutes } from './routes/audit.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { type JoinRouteParts, joinRoutes } from './routes/join.ts';
import { machineRoutes } from './routes/machines.ts';
import { type PackageRouteParts, packageRoutes } from './routes/packages.ts';
import { type PasswordRouteParts, passwordRoutes } from './routes/passwords.ts';
import { type RosterRouteParts, rosterRoutes } from './routes/roster.ts';
import { type RotationRouteParts, rotationRoutes } from './routes/rotation.ts';
import { type SessionRouteParts, sessionRoutes } from './routes/sessions.ts';
import { type SystemParts, systemRoutes } from './routes/system.ts';
import { type TicketRouteParts, ticketRoutes } from './routes/tickets.ts';
import { type TokenRouteParts, tokenRoutes } from './routes/tokens.ts';
import { type UserRouteParts, userRoutes } from './routes/users.ts';
import { handleUnrouted } from './unrouted.ts';

/** Milliseconds that a connection is kept for the next request. */
const CONNECTION_IDLE_MS = 60_000;

export interface ServerParts
  extends AgentParts,
    JoinRouteParts,
    PackageRouteParts,
    PasswordRouteParts,
    RosterRouteParts,
    RotationRouteParts,
    SessionRouteParts,
    SystemParts,
    TicketRouteParts,
    TokenRouteParts,
    UserRouteParts {
  readonly door: 'network' | 'control';
  readonly fleet: FleetView;
  readonly cluster: ClusterView;
  readonly security: SecurityCheck;
  readonly apiKey: Secret;
  readonly log: Log;
  readonly clock: Clock;
  readonly nowMs: () => number;
  /** Null: plain http. */
  readonly tls: SecureContextOptions | null;
  /** The https address to name to those who come without TLS. */
  readonly publicUrl: string;
  readonly trustedProxies: readonly string[];
  /** Folder of the built console; null behind the control socket. */
  readonly consoleFolder: string | null;
  readonly limits?: ConnectionLimits;
  readonly rateRules?: CallerRateRules;
}

export async function buildServer(parts: ServerParts): Promise<App> {
  const { limits = CONNECTION_LIMITS, rateRules = CALLER_RATES, consoleFolder } = parts;
  const isTrustedProxy = trustedAmong(parts.trustedProxies);
  const share = new NetworkShare(limits.strangers, isTrustedProxy);
  const rates = new CallerRates(rateRules, parts.clock);
  const app = openApp(parts, limits, isTrustedProxy);
  sendInPieces(app);
  boundConnections(app, limits, share);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  handleProblems(app, parts);
  handleUnrouted(app, consoleFolder === null ? null : await openPage(consoleFolder));
  await secureHeaders(app, parts.tls !== null); // before the guards, whose refusals carry them too
  boundHead(app);
  await app.register(cookie); // before the guards, which read it
  guardRoutes(app, { ...parts, isTrustedProxy, rates, share });
  boundBodies(app);
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id).header('x-atlas-node', parts.nodeId);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  await describeApi(app, parts.version);
  if (parts.door === 'network') await showApi(app);

  systemRoutes(app, parts);
  agentRoutes(app, { ...parts, rates, share });
  machineRoutes(app, parts);
  clusterRoutes(app, { view: parts.cluster, security: parts.security });
  rosterRoutes(app, parts);
  rotationRoutes(app, parts);
  ticketRoutes(app, parts);
  joinRoutes(app, parts);
  packageRoutes(app, parts);
  sessionRoutes(app, parts);
  passwordRoutes(app, parts);
  userRoutes(app, parts);
  tokenRoutes(app, parts);
  auditRoutes(app, parts);
  if (consoleFolder !== null) await serveAssets(app, consoleFolder);
  await app.ready();
  return app;
}

function openApp(parts: ServerParts, limits: ConnectionLimits, isTrustedProxy: IsTrusted): App {
  const http = {
    headersTimeout: limits.headMs,
    connectionsCheckingInterval: limits.checkMs,
    maxHeaderSize: HEAD_MAX_BYTES,
    requireHostHeader: false, // refused by boundHead, in our form
  };
  const options = {
    logger: false,
    genReqId: () => randomUUID(),
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.silenceMs,
    keepAliveTimeout: CONNECTION_IDLE_MS,
    trustProxy: isTrustedProxy, // of X-Forwarded-Proto and -Host; the address is read by the guard
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: ADDRESS_PART_MAX_LENGTH },
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
