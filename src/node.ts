/**
 * The composition root: Config and Secrets in, a running server out. It holds no rule of its own but the order in
 * which things start and stop.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Clock, sleep, unixSeconds } from './base/clock.ts';
import { AtlasError } from './base/errors.ts';
import type { Fields, Log } from './base/log.ts';
import type { Config, Secrets } from './config/config.ts';
import { controlPath, makeControlFolder } from './config/control-path.ts';
import {
  openPasswordMarks,
  openRegistry,
  openRosterDisk,
  openStores,
  required,
  type Stores,
} from './engines.ts';
import { exposureOf, hasRedisPassword, registryTerms } from './exposure.ts';
import type { App } from './http/app.ts';
import { claimControlSocket, leaveControlSocket, listenOnControlSocket } from './http/control-socket.ts';
import { listen } from './http/listen.ts';
import { buildServer, type ServerParts } from './http/server.ts';
import { openTls, type TlsChoice } from './http/tls.ts';
import { publicKeyText } from './protocol/identity-key.ts';
import { deriveClusterId, Keyring } from './protocol/keyring.ts';
import type { NodeRecordBody } from './protocol/node-record.ts';
import { type SecurityStatus, SINGLE_SERVER_STATUS, securityStatus } from './protocol/security-level.ts';
import { Changes } from './services/changes.ts';
import { Cluster } from './services/cluster/cluster.ts';
import { ClusterView } from './services/cluster/cluster-view.ts';
import { FleetView } from './services/fleet/fleet-view.ts';
import { ReportIntake } from './services/fleet/report-intake.ts';
import { Accounts } from './services/people/accounts.ts';
import { ApiTokens } from './services/people/api-tokens.ts';
import { Audit, SYSTEM_ACTOR } from './services/people/audit.ts';
import { PasswordHasher } from './services/people/password.ts';
import { RefusedLogins } from './services/people/refused-logins.ts';
import { SetupCodes } from './services/people/setup-code.ts';
import { Readiness } from './services/readiness.ts';
import { type CheckedCluster, SecurityCheck } from './services/security/security-check.ts';
import type { SecretRest } from './services/trust/held-secrets.ts';
import { Joining, type JoiningParts } from './services/trust/joining.ts';
import { actsOf } from './services/trust/own-steps.ts';
import { PasswordWatch } from './services/trust/password-watch.ts';
import { Tickets } from './services/trust/tickets.ts';
import { TrustDesk } from './services/trust/trust-desk.ts';
import { type Identity, nextIncarnation, openIdentity } from './store/file/identity.ts';

export { tryToListen } from './http/listen.ts';

export interface NodeOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly version: string;
  readonly clock: Clock;
  /** Called once the node's own name is known, which then stands on every line. */
  readonly openLog: (fields: Fields) => Log;
}

export interface RunningNode {
  readonly nodeId: string;
  readonly url: string;
  /** What agents pin; null for plain http. */
  readonly tlsPin: string | null;
  /** Drains for so long (milliseconds), finishes what was begun, says *left*, and lets go of everything. */
  stop(drainMs: number): Promise<void>;
}

const CONSOLE_FOLDER = join(import.meta.dirname, '..', 'dist', 'console');

/** What a server needs that runs, beyond one whose accounts are administered. */
export interface RunningOptions extends NodeOptions {
  /** Where a rotated cluster_secret is written down. */
  readonly secretRest: SecretRest;
  /** What a joiner needs of the configuration, to be sealed to it. */
  readonly joinValues: JoiningParts['joinValues'];
}

export async function startNode(options: RunningOptions): Promise<RunningNode> {
  const { config, clock } = options;
  const dataDir = config.server.dataDir;
  const hostName = config.cluster.hostname ?? hostname();
  const identity = await openIdentity(dataDir, { nodeId: config.cluster.nodeId, hostname: hostName });
  const log = options.openLog({ node_id: identity.nodeId });
  const control = controlPath(dataDir);
  await makeControlFolder(dataDir);
  await claimControlSocket(control);
  const stores = await openStores({ ...options, log });
  try {
    return await assemble(options, {
      identity,
      hostName,
      log,
      control,
      stores,
      startedAt: unixSeconds(clock),
    });
  } catch (error) {
    await stores.close();
    throw error;
  }
}

interface Ground {
  readonly identity: Identity;
  readonly hostName: string;
  readonly log: Log;
  readonly control: string;
  readonly stores: Stores;
  readonly startedAt: number;
}

async function assemble(options: RunningOptions, ground: Ground): Promise<RunningNode> {
  const { config, clock } = options;
  const { identity, log, stores, hostName } = ground;
  const address = addressOf(config, hostName);
  const tls = await openTls(tlsOf(config, ground, address.host), clock.wallMs());
  const describe = (): NodeRecordBody => ({
    hostname: hostName,
    host: address.host,
    port: config.server.port,
    version: options.version,
    started_at: ground.startedAt,
    identity_key: publicKeyText(identity.signingKey),
    sealing_key: publicKeyText(identity.sealingKey),
    ...(tls && { tls_spki_sha256: tls.pin }),
    database_id: stores.databaseId,
  });
  const base = openServices(options, { nodeId: identity.nodeId, log, stores });
  await addConfigUser(base, options);
  const checked = config.cluster.enabled ? await openCluster(options, ground, { ...base, describe }) : null;
  const cluster = checked?.parts;
  const { joinValues } = options;
  const parts = completeParts(options, base, { checked, describe, joinValues, address, stores });
  const network = await buildServer({
    ...parts,
    door: 'network',
    tls: tls?.context ?? null,
    consoleFolder: CONSOLE_FOLDER,
  });
  const local = await buildServer({ ...parts, door: 'control', tls: null, consoleFolder: null });

  await listen(network, config.server);
  await listenOnControlSocket(local, ground.control);
  base.intake.start();
  base.accounts.start();
  base.audit.start();
  await cluster?.start();
  await parts.readiness.ready();
  parts.security.start();
  log.info('server.ready', `Listening on ${address.url}`, {
    version: options.version,
    tls: config.server.tls,
    ...(tls && { pin: tls.pin }),
  });

  const stop = async (drainMs: number) => {
    parts.readiness.drain();
    parts.security.stop();
    log.info('server.draining', 'Stopping: sent away from load balancers, finishing what was begun');
    await cluster?.heartbeat.drain();
    await sleep(clock, drainMs);
    await Promise.all([network.close(), local.close()]);
    await leaveControlSocket(ground.control);
    base.intake.stop();
    base.accounts.stop();
    await cluster?.stop();
    base.refusedLogins.stop();
    await base.audit.stop();
    await stores.close();
    log.info('server.stopped', 'Stopped');
  };
  return { nodeId: identity.nodeId, url: address.url, tlsPin: tls?.pin ?? null, stop };
}

/** The routes of a server that does not run, for commands that administer its accounts meanwhile. */
export interface OfflineServer {
  readonly app: App;
  close(): Promise<void>;
}

export async function openOffline(options: NodeOptions): Promise<OfflineServer> {
  const log = options.openLog({});
  const stores = await openStores({ ...options, log });
  const hostName = options.config.cluster.hostname ?? hostname();
  const address = addressOf(options.config, hostName);
  const describe = () => {
    throw new AtlasError('not_running', 'no server runs on this data folder');
  };
  const absent = { checked: null, describe, joinValues: describe };
  const base = openServices(options, { nodeId: 'offline', log, stores });
  const parts = completeParts(options, base, { ...absent, address, stores });
  const app = await buildServer({ ...parts, door: 'control', tls: null, consoleFolder: null });
  const close = async () => {
    await app.close();
    await base.audit.stop();
    await stores.close();
  };
  return { app, close };
}

type Services = ReturnType<typeof openServices>;

function openServices(
  { config, secrets, clock }: NodeOptions,
  { nodeId, log, stores }: { nodeId: string; log: Log; stores: Stores },
) {
  const changes = new Changes(clock);
  const intake = new ReportIntake({
    reports: stores.reports,
    clock,
    log,
    encryptionKey: required(secrets.encryptionKey, 'server.encryption_key'),
    acceptV1: config.server.acceptV1,
    nodeId,
  });
  intake.onStored(() => changes.note('machines'));
  const { attempts } = stores;
  const audit = new Audit({ audit: stores.audit, nodeId, clock, log });
  const refusedLogins = new RefusedLogins(audit, clock);
  const accounts = new Accounts({
    accounts: stores.accounts,
    attempts,
    clock,
    log,
    onRefused: (refused) => refusedLogins.note(refused),
  });
  return {
    nodeId,
    log,
    changes,
    intake,
    audit,
    refusedLogins,
    accounts,
    tokens: new ApiTokens({ accounts: stores.accounts, clock, log }),
    setup: new SetupCodes({ accounts: stores.accounts, attempts, people: accounts, clock }),
    fleet: new FleetView({ reports: stores.reports, clock }),
    keyring: openKeyring(config, secrets),
  };
}

interface Completing {
  readonly checked: OpenedCluster | null;
  readonly describe: () => NodeRecordBody;
  readonly joinValues: JoiningParts['joinValues'];
  readonly address: { readonly url: string };
  readonly stores: Stores;
}

function completeParts(
  { config, secrets, version, clock }: NodeOptions,
  base: Services,
  { checked, describe, joinValues, address, stores }: Completing,
): Omit<ServerParts, 'door' | 'tls' | 'consoleFolder'> {
  const { keyring, ...services } = base;
  const cluster = checked?.parts ?? null;
  const status = () => statusOf({ config, secrets }, keyring);
  const security = new SecurityCheck({
    clock,
    log: base.log,
    nodeId: base.nodeId,
    status,
    exposure: exposureOf({ config, secrets }, base.nodeId),
    cluster: checked,
    onChange: () => base.changes.note('cluster'),
  });
  const readiness = new Readiness({
    reports: stores.reports,
    clock,
    log: base.log,
    isDegraded: () => cluster !== null && cluster.watch.outage !== null,
    isEvicted: () => cluster?.trust?.standing === 'evicted',
  });
  const onMisuse = () => base.changes.note('cluster');
  const trust = cluster?.trust ?? null;
  const joining = new Joining({ ...base, clock, trust, joinValues, onMisuse });
  return {
    ...services,
    version,
    readiness,
    security,
    joining,
    tickets: new Tickets({ cluster, clock, audit: base.audit, describe }),
    trust: new TrustDesk({ nodeId: base.nodeId, cluster }),
    cluster: new ClusterView({
      clock,
      nodeId: base.nodeId,
      describe,
      reportsPerMinute: () => base.intake.reportsPerMinute(),
      security: status,
      securityFindings: () => [...security.findings, ...joining.findings],
      intervalSeconds: config.cluster.heartbeatIntervalSeconds,
      timeoutSeconds: config.cluster.nodeTimeoutSeconds,
      databaseOutage: () => readiness.outage,
      cluster,
    }),
    apiKey: required(secrets.apiKey, 'server.api_key'),
    clock,
    nowMs: () => clock.wallMs(),
    publicUrl: address.url,
    trustedProxies: config.server.trustedProxies,
  };
}

async function addConfigUser({ accounts, audit }: Services, { config, secrets }: NodeOptions): Promise<void> {
  if (secrets.webPassword === null) return;
  const { webUsername: subject } = config.server;
  if (await accounts.ensureConfigUser(subject, secrets.webPassword.revealText()))
    audit.note({ actor: SYSTEM_ACTOR, action: 'user.added', subject, detail: { from: 'config.yaml' } });
}

type ClusterNeeds = Pick<Services, 'keyring' | 'intake' | 'changes' | 'audit'> & Pick<Completing, 'describe'>;

interface OpenedCluster extends CheckedCluster {
  readonly parts: Cluster;
}

async function openCluster(
  options: RunningOptions,
  ground: Ground,
  needs: ClusterNeeds,
): Promise<OpenedCluster> {
  const { cluster, server } = options.config;
  const { nodeId, signingKey, sealingKey } = ground.identity;
  const engine = { ...options, log: ground.log };
  const disk = await openRosterDisk(engine);
  if (needs.keyring === null && (await disk.load()).length > 0)
    throw new AtlasError(
      'roster_invalid',
      'this server belongs to a cluster, and cluster_secret is missing',
      {
        hint: 'put cluster_secret back into config.yaml; or, to leave the cluster, remove the folder roster in data_dir',
      },
    );
  const store = await openRegistry({ ...engine, nodeId });
  const parts = new Cluster({
    store,
    clock: options.clock,
    log: ground.log,
    keyring: needs.keyring,
    nodeId,
    signingKey,
    intervalMs: cluster.heartbeatIntervalSeconds * 1000,
    timeoutMs: cluster.nodeTimeoutSeconds * 1000,
    clockToleranceSeconds: cluster.clockToleranceSeconds,
    rosterStores: { shared: store.roster, disk },
    rosterTerms: {
      admission: cluster.admission,
      level: hasRedisPassword(options) ? 3 : 2,
      pins: cluster.rosterPins,
      secretRest: options.secretRest,
      passwords: new PasswordWatch({
        marks: await openPasswordMarks(engine),
        passwords: { redis: options.secrets.redisPassword, postgres: options.secrets.databasePassword },
        log: ground.log,
      }),
      sealingKey,
    },
    describe: needs.describe,
    reportsPerMinute: () => needs.intake.reportsPerMinute(),
    nextIncarnation: (above) => nextIncarnation(server.dataDir, Math.max(options.clock.wallMs(), above + 1)),
    onChange: () => needs.changes.note('cluster'),
    onOwnStep: (step) => {
      for (const act of actsOf(step)) needs.audit.note(act);
    },
  });
  const { keyring, describe } = needs;
  return {
    parts,
    keyring,
    describe,
    signingKey,
    clockToleranceSeconds: cluster.clockToleranceSeconds,
    terms: registryTerms(options),
    copies: { disk, registry: store.roster },
  };
}

function statusOf(given: Pick<NodeOptions, 'config' | 'secrets'>, keyring: Keyring | null): SecurityStatus {
  if (!given.config.cluster.enabled) return SINGLE_SERVER_STATUS;
  const keys = keyring && { clusterId: keyring.clusterId, keyId: keyring.signing.keyId };
  return securityStatus(keys, hasRedisPassword(given));
}

function openKeyring(config: Config, secrets: Secrets): Keyring | null {
  const { clusterSecret } = secrets;
  if (clusterSecret === null || !config.cluster.enabled) return null;
  return new Keyring(config.cluster.clusterId ?? deriveClusterId(clusterSecret), [clusterSecret]);
}

function tlsOf({ server }: Config, { identity, hostName }: Ground, host: string): TlsChoice {
  if (server.tls === 'own') {
    const names = new Set([hostName, host, 'localhost', '127.0.0.1', '::1']);
    return { kind: 'own', key: identity.tlsKey, names: [...names] };
  }
  if (server.tls === 'off') return { kind: 'off' };
  return { kind: 'files', certPath: server.tlsCert ?? '', keyPath: server.tlsKey ?? '' };
}

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Where others reach this server. */
function addressOf({ server }: Config, hostName: string): { host: string; url: string } {
  if (server.publicUrl !== null) {
    const host = new URL(server.publicUrl).hostname.replace(/^\[(.*)\]$/, '$1');
    return { host, url: server.publicUrl };
  }
  const host = ANY_ADDRESS.has(server.host) ? hostName : server.host;
  const shown = host.includes(':') ? `[${host}]` : host;
  return { host, url: `${server.tls === 'off' ? 'http' : 'https'}://${shown}:${server.port}` };
}

/** For a config.yaml that brings its administrator along: the PHC string of server.web_password. */
export function hashPassword(password: string): Promise<string> {
  return new PasswordHasher().hash(password);
}
