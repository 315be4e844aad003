/**
 * Everything a demo leaves on the disk, in one folder: configs with fresh secrets for each server and for the
 * agent, the shared registry, one database, the logs. Removed at the end, and not started over a live one.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { createConfig } from '../../config/config-file.ts';
import { controlPath } from '../../config/control-path.ts';
import { type FreshValues, freshConfig } from '../../config/fresh-config.ts';
import { generateSecretText } from '../../protocol/keyring.ts';

const FOLDER = '.atlas-demo';
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
/** Seconds, shorter than shipped, so that a person sees a server die and come back without waiting. */
export const DEMO_INTERVAL_SECONDS = 1;
export const DEMO_TIMEOUT_SECONDS = 5;
const REPORT_INTERVAL_SECONDS = 1;

export interface DemoMember {
  readonly name: string;
  readonly configPath: string;
  readonly dataDir: string;
  readonly logPath: string;
}

export interface DemoServer extends DemoMember {
  readonly port: number;
  readonly url: string;
}

export interface DemoFolder {
  readonly path: string;
  readonly registry: string;
  readonly servers: readonly DemoServer[];
  readonly agent: DemoMember;
  readonly apiKey: string;
  remove(): void;
}

/**
 * `hash`: the password of admin, as an argon2id PHC string. `registry`: the keys of another backend than the folder's
 * own. Throws folder_in_use when a demo runs there.
 */
export function makeDemoFolder(options: {
  ports: readonly number[];
  hash: string;
  registry: FreshValues | null;
}): DemoFolder {
  const path = resolve(FOLDER);
  claim(path);
  const registry = join(path, 'cluster');
  const backend = options.registry ?? { 'cluster.backend': 'file', 'cluster.state_path': registry };
  const secrets = makeSecrets();
  const servers = options.ports.map((port, i) =>
    makeServer({ path, backend, secrets, hash: options.hash }, port, i + 1),
  );
  const agent = makeMember(path, 'agent', {
    'server.data_dir': join(path, 'agent'),
    'server.encryption_key': secrets.encryptionKey,
    'agent.servers': servers.map((server) => server.url),
    'agent.api_key': secrets.apiKey,
    'agent.interval': REPORT_INTERVAL_SECONDS,
    'agent.spool_dir': join(path, 'agent', 'spool'),
  });
  const remove = () => {
    const folders = [path, ...servers.map(({ dataDir }) => dirname(controlPath(dataDir)))]; // of killed ones too
    for (const folder of folders)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  return { path, registry, servers, agent, apiKey: secrets.apiKey, remove };
}

/** `number`: from 1. */
export function serverName(number: number): string {
  return `server-${String(number).padStart(2, '0')}`;
}

type Secrets = ReturnType<typeof makeSecrets>;

function makeSecrets() {
  return {
    clusterId: randomBytes(16).toString('hex'),
    clusterSecret: generateSecretText(),
    apiKey: generateSecretText(),
    encryptionKey: generateSecretText(),
    dbEncryptionKey: generateSecretText(),
  };
}

interface Shared {
  readonly path: string;
  readonly backend: FreshValues;
  readonly secrets: Secrets;
  readonly hash: string;
}

function makeServer({ path, backend, secrets, hash }: Shared, port: number, number: number): DemoServer {
  const name = serverName(number);
  const member = makeMember(path, name, {
    'server.host': '127.0.0.1',
    'server.port': port,
    'server.tls': 'off',
    'server.data_dir': join(path, name),
    'server.api_key': secrets.apiKey,
    'server.web_username': 'admin',
    'server.web_password': hash,
    'server.encryption_key': secrets.encryptionKey,
    'server.db_encryption_key': secrets.dbEncryptionKey,
    'database.url': `sqlite:${join(path, 'fleet.db')}`,
    'cluster.enabled': true,
    ...backend,
    'cluster.cluster_id': secrets.clusterId,
    'cluster.cluster_secret': secrets.clusterSecret,
    'cluster.heartbeat_interval': DEMO_INTERVAL_SECONDS,
    'cluster.node_timeout': DEMO_TIMEOUT_SECONDS,
    'cluster.node_id': name,
  });
  return { ...member, port, url: `http://127.0.0.1:${port}` };
}

function makeMember(path: string, name: string, values: FreshValues): DemoMember {
  const dataDir = join(path, name);
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_FOLDER });
  const configPath = join(dataDir, 'config.yaml');
  createConfig(configPath, freshConfig(values));
  return { name, configPath, dataDir, logPath: join(dataDir, `${name}.log`) };
}

/** One demo a folder; a folder that is none of ours is never touched. Throws folder_in_use. */
export function requireNoDemo(path: string = resolve(FOLDER)): void {
  if (!existsSync(path)) return;
  const pid = readPid(markIn(path));
  if (pid === undefined)
    throw new AtlasError('folder_in_use', `${path} is there and was not made by a demo`, {
      hint: 'move it away first',
    });
  if (isAlive(pid))
    throw new AtlasError('folder_in_use', `a demo runs in ${dirname(path)} already (process ${pid})`, {
      hint: 'end it with Ctrl-C, or start this one in another folder with another --port',
    });
}

const markIn = (path: string) => join(path, 'demo.pid');

/** What a killed one left is removed. */
function claim(path: string): void {
  requireNoDemo(path);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { mode: PRIVATE_FOLDER });
  writeFileSync(markIn(path), String(process.pid), { mode: PRIVATE_FILE });
}

function readPid(mark: string): number | undefined {
  try {
    const pid = Number(readFileSync(mark, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
