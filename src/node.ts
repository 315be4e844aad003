/**
 * The composition root: Config and Secrets in, a running server out. It holds no rule of its own but the order in
 * which things start and stop; what they are is in server-parts.ts and cluster-parts.ts.
 */
import { addressOf, hostNameOf, tlsOf } from './address.ts';
import { sleep, unixSeconds } from './base/clock.ts';
import { AtlasError } from './base/errors.ts';
import type { Fields, Log } from './base/log.ts';
import { type ClusterNeeds, openCluster } from './cluster-parts.ts';
import { controlPath, makeControlFolder } from './config/control-path.ts';
import { openStores, type Stores } from './engines.ts';
import type { App } from './http/app.ts';
import { claimControlSocket, leaveControlSocket, listenOnControlSocket } from './http/control-socket.ts';
import { listen } from './http/listen.ts';
import { buildServer } from './http/server.ts';
import { openTls } from './http/tls.ts';
import { CONSOLE_FOLDER } from './place.ts';
import { publicKeyText } from './protocol/identity-key.ts';
import type { NodeRecordBody } from './protocol/node-record.ts';
import {
  type Completing,
  completeParts,
  openServices,
  type PartsOptions,
  type Services,
} from './server-parts.ts';
import { SYSTEM_ACTOR } from './services/people/audit.ts';
import { PasswordHasher } from './services/people/password.ts';
import { type Identity, nextIncarnation, openIdentity } from './store/file/identity.ts';

export { tryToListen } from './http/listen.ts';

export interface NodeOptions extends PartsOptions {
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

/** What a server needs that runs, beyond one whose accounts are administered. */
export type RunningOptions = NodeOptions & Pick<ClusterNeeds, 'secretRest'> & Pick<Completing, 'joinValues'>;

export async function startNode(options: RunningOptions): Promise<RunningNode> {
  const { config, clock } = options;
  const dataDir = config.server.dataDir;
  const hostName = hostNameOf(config);
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
  const address = addressOf(config);
  const tls = await openTls(
    tlsOf(config, { key: identity.tlsKey, names: [hostName, address.host] }),
    clock.wallMs(),
  );
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
  const checked = config.cluster.enabled
    ? await openOwnCluster(options, ground, { ...base, describe })
    : null;
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
  if (cluster) parts.packages.lost.start();
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
    await parts.packages.lost.stop();
    await parts.packages.builder.settled(); // the ticket of a package that broke off is still to be revoked
    await cluster?.stop();
    base.refusedLogins.stop();
    await base.audit.stop();
    await stores.close();
    log.info('server.stopped', 'Stopped');
  };
  return { nodeId: identity.nodeId, url: address.url, tlsPin: tls?.pin ?? null, stop };
}

function openOwnCluster(
  options: RunningOptions,
  { identity: { signingKey, sealingKey }, log }: Ground,
  services: Services & Pick<ClusterNeeds, 'describe'>,
) {
  const { config, clock, secretRest } = options;
  const { dataDir } = config.server;
  return openCluster(
    { ...options, log },
    {
      ...services,
      signingKey,
      sealingKey,
      secretRest,
      nextIncarnation: (above) => nextIncarnation(dataDir, Math.max(clock.wallMs(), above + 1)),
    },
  );
}

/** The routes of a server that does not run, for commands that administer its accounts meanwhile. */
export interface OfflineServer {
  readonly app: App;
  close(): Promise<void>;
}

export async function openOffline(options: NodeOptions): Promise<OfflineServer> {
  const log = options.openLog({});
  const stores = await openStores({ ...options, log });
  const address = addressOf(options.config);
  const describe = () => {
    throw new AtlasError('not_running', 'no server runs on this data folder', {
      hint: 'start one: atlas-fleet server --config FILE',
    });
  };
  const absent = { checked: null, describe, joinValues: describe };
  const base = openServices(options, { nodeId: 'offline', log, stores });
  const parts = completeParts(options, base, { ...absent, address, stores });
  const app = await buildServer({ ...parts, door: 'control', tls: null, consoleFolder: null });
  const close = async () => {
    await app.close();
    await parts.packages.builder.settled();
    await base.audit.stop();
    await stores.close();
  };
  return { app, close };
}

async function addConfigUser({ accounts, audit }: Services, { config, secrets }: NodeOptions): Promise<void> {
  if (secrets.webPassword === null) return;
  const { webUsername: subject } = config.server;
  if (await accounts.ensureConfigUser(subject, secrets.webPassword.revealText()))
    audit.note({ actor: SYSTEM_ACTOR, action: 'user.added', subject, detail: { from: 'config.yaml' } });
}

/** For a config.yaml that brings its administrator along: the PHC string of server.web_password. */
export function hashPassword(password: string): Promise<string> {
  return new PasswordHasher().hash(password);
}
