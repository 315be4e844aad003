/**
 * The composition root: Config and Secrets in, a running server out. It holds no rule of its own but the order in
 * which things start and stop; what they are is in server-parts.ts and cluster-parts.ts.
 */
import type { SecureContextOptions } from 'node:tls';
import { addressOf, hostNameOf, tlsOf } from './address.ts';
import { sleep, unixSeconds } from './base/clock.ts';
import { AtlasError, reasonOf } from './base/errors.ts';
import type { Fields, Log } from './base/log.ts';
import { type ClusterNeeds, type OpenedCluster, openCluster } from './cluster-parts.ts';
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
  const closing = new AsyncDisposableStack();
  try {
    const stores = await openStores({ ...options, log });
    closing.defer(() => stores.close());
    const startedAt = unixSeconds(clock);
    return await assemble(options, { identity, hostName, log, control, stores, startedAt, closing });
  } catch (error) {
    await closing
      .disposeAsync()
      .catch((left) =>
        log.error('server.start.left', 'A start that failed left something open', reasonOf(left)),
      );
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
  /** Undone from the last to the first, whatever fails on the way: by stop(), or when the start fails half-way. */
  readonly closing: AsyncDisposableStack;
}

async function assemble(options: RunningOptions, ground: Ground): Promise<RunningNode> {
  const { config, clock, joinValues } = options;
  const { identity, log, stores, hostName, closing } = ground;
  const address = addressOf(config);
  const shown = tlsOf(config, { key: identity.tlsKey, names: [hostName, address.host] });
  const tls = await openTls(shown, clock.wallMs());
  const describe = () => ownRecord(options, ground, tls?.pin);
  const base = openServices(options, { nodeId: identity.nodeId, log, stores });
  closing.defer(() => base.audit.stop());
  closing.defer(() => base.refusedLogins.stop());
  await addConfigUser(base, options);
  const checked = config.cluster.enabled
    ? await openOwnCluster(options, ground, { ...base, describe })
    : null;
  closing.defer(() => checked?.parts.stop());
  const parts = completeParts(options, base, { checked, describe, joinValues, address, stores });
  closing.defer(() => parts.packages.underWay.settled()); // a package that broke off revokes its ticket: in the registry
  await openDoors(options, ground, { parts, tls: tls?.context ?? null });
  await startServices(ground, base, parts, checked);
  log.info('server.ready', `Listening on ${address.url}`, {
    version: options.version,
    tls: config.server.tls,
    ...(tls && { pin: tls.pin }),
  });

  const stop = async (drainMs: number) => {
    parts.readiness.drain();
    log.info('server.draining', 'Stopping: sent away from load balancers, finishing what was begun');
    await checked?.parts.heartbeat.drain();
    await sleep(clock, drainMs);
    await closing.disposeAsync();
    log.info('server.stopped', 'Stopped');
  };
  return { nodeId: identity.nodeId, url: address.url, tlsPin: tls?.pin ?? null, stop };
}

/** What this server says of itself, signed, in its node record. */
function ownRecord(
  { config, version }: NodeOptions,
  { identity, hostName, stores, startedAt }: Ground,
  pin: string | undefined,
): NodeRecordBody {
  return {
    hostname: hostName,
    host: addressOf(config).host,
    port: config.server.port,
    version,
    started_at: startedAt,
    identity_key: publicKeyText(identity.signingKey),
    sealing_key: publicKeyText(identity.sealingKey),
    ...(pin && { tls_spki_sha256: pin }),
    database_id: stores.databaseId,
  };
}

type CompleteParts = ReturnType<typeof completeParts>;

/** Opened after all that they lead to, and so closed before it. */
async function openDoors(
  { config }: RunningOptions,
  { control, closing }: Ground,
  { parts, tls }: { readonly parts: CompleteParts; readonly tls: SecureContextOptions | null },
): Promise<void> {
  const network = await buildServer({ ...parts, door: 'network', tls, consoleFolder: CONSOLE_FOLDER });
  const local = await buildServer({ ...parts, door: 'control', tls: null, consoleFolder: null });
  closing.defer(() => leaveControlSocket(control));
  closing.defer(() => local.close());
  closing.defer(() => network.close());
  await listen(network, config.server);
  await listenOnControlSocket(local, control);
}

/** What goes on by itself, the cluster first: who is ready is a member, and knows the others. */
async function startServices(
  { closing }: Ground,
  { nonceSweep, accounts, audit }: Services,
  { packages, readiness, security }: CompleteParts,
  checked: OpenedCluster | null,
): Promise<void> {
  nonceSweep.start();
  closing.defer(() => nonceSweep.stop());
  accounts.start();
  closing.defer(() => accounts.stop());
  audit.start();
  if (checked) {
    await checked.parts.start();
    packages.lost.start();
    closing.defer(() => packages.lost.stop());
  }
  await readiness.ready();
  security.start();
  closing.defer(() => security.stop());
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
  const closing = new AsyncDisposableStack();
  const stores = await openStores({ ...options, log });
  closing.defer(() => stores.close());
  const describe = () => {
    throw new AtlasError('not_running', 'no server runs on this data folder', {
      hint: 'start one: atlas-fleet server --config FILE',
    });
  };
  const absent = { checked: null, describe, joinValues: describe };
  const base = openServices(options, { nodeId: 'offline', log, stores });
  closing.defer(() => base.audit.stop());
  const parts = completeParts(options, base, { ...absent, address: addressOf(options.config), stores });
  closing.defer(() => parts.packages.underWay.settled());
  const app = await buildServer({ ...parts, door: 'control', tls: null, consoleFolder: null });
  closing.defer(() => app.close());
  return { app, close: () => closing.disposeAsync() };
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
