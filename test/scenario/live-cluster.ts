/**
 * A live cluster: real server processes on this machine, from fresh configs below one temporary folder; on the file
 * backend and one SQLite, unless the plan names a Redis or a PostgreSQL. stop() ends every process by its id and
 * removes the folder; backends belong to who started them.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../src/base/secret.ts';
import { createConfig } from '../../src/config/config-file.ts';
import { type FreshValues, freshConfig } from '../../src/config/fresh-config.ts';
import { hashPassword } from '../../src/node.ts';
import { generateSecretText } from '../../src/protocol/keyring.ts';
import type { RedisServer } from '../backends/redis.ts';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { AtlasProcess } from './atlas-process.ts';
import { controlFetch } from './control-fetch.ts';
import { eventually } from './eventually.ts';
import { FleetClient } from './fleet-client.ts';
import { freePorts } from './loopback-ports.ts';

export const USER = 'admin';
/** Milliseconds for all to have verified each other. */
const SETTLE_MS = 90_000;

export interface LiveServer {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  readonly dataDir: string;
  readonly configPath: string;
  readonly process: AtlasProcess;
  /** Through its control socket: a test looks oftener than any caller of the network may ask. */
  readonly client: FleetClient;
}

export interface ClusterSecrets {
  readonly clusterId: string;
  readonly clusterSecret: string;
  readonly apiKey: string;
  readonly encryptionKey: string;
  readonly dbEncryptionKey: string;
  readonly password: string;
  /** Of it, as config.yaml has it. */
  readonly passwordHash: string;
}

export interface ClusterPlan {
  readonly servers?: number;
  readonly intervalSeconds?: number;
  readonly timeoutSeconds?: number;
  /** Instead of the file backend. */
  readonly redis?: Pick<RedisServer, 'port' | 'password'>;
  /** Instead of SQLite. */
  readonly databaseUrl?: string;
  /** For every server, over what they have otherwise. */
  readonly values?: FreshValues;
  /** For the first ones, each its own. */
  readonly each?: readonly ServerPlan[];
}

/** `env`: for the process, beside PATH. `values`: over those of the others. `launcher`: of a bundled program. */
export interface ServerPlan {
  readonly launcher?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly values?: FreshValues;
}

export class LiveCluster {
  readonly folder: string;
  readonly registry: string;
  readonly databasePath: string;
  readonly secrets: ClusterSecrets;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly servers: LiveServer[] = [];
  readonly #values: FreshValues;
  readonly #others: AtlasProcess[] = [];
  #token = '';

  private constructor(folder: string, passwordHash: string, password: string, plan: ClusterPlan) {
    const { intervalSeconds = 1, timeoutSeconds = 5, values = {} } = plan;
    this.folder = folder;
    this.registry = join(folder, 'registry');
    this.databasePath = join(folder, 'fleet.db');
    this.intervalMs = intervalSeconds * 1000;
    this.timeoutMs = timeoutSeconds * 1000;
    this.secrets = {
      clusterId: randomBytes(16).toString('hex'),
      clusterSecret: generateSecretText(),
      apiKey: generateSecretText(),
      encryptionKey: generateSecretText(),
      dbEncryptionKey: generateSecretText(),
      password,
      passwordHash,
    };
    this.#values = {
      'server.host': '127.0.0.1',
      'server.tls': 'off',
      'server.api_key': this.secrets.apiKey,
      'server.web_username': USER,
      'server.web_password': passwordHash,
      'server.encryption_key': this.secrets.encryptionKey,
      'server.db_encryption_key': this.secrets.dbEncryptionKey,
      'database.url': plan.databaseUrl ?? `sqlite:${this.databasePath}`,
      'cluster.enabled': true,
      ...(plan.redis
        ? redisValues(plan.redis)
        : { 'cluster.backend': 'file', 'cluster.state_path': this.registry }),
      'cluster.cluster_id': this.secrets.clusterId,
      'cluster.cluster_secret': this.secrets.clusterSecret,
      'cluster.heartbeat_interval': intervalSeconds,
      'cluster.node_timeout': timeoutSeconds,
      ...values,
    };
  }

  /** Resolves when every server sees every server healthy. */
  static async start(plan: ClusterPlan = {}): Promise<LiveCluster> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'atlas-live-')));
    const password = randomBytes(15).toString('base64url');
    const cluster = new LiveCluster(folder, await hashPassword(password), password, plan);
    try {
      const count = plan.servers ?? 3;
      const firstPort = await freePorts(count);
      for (let i = 0; i < count; i += 1) cluster.#plan(firstPort + i, plan.each?.[i]);
      await cluster.#makeToken();
      await Promise.all(cluster.servers.map((server) => server.process.start()));
      await cluster.settled();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** One more server, not yet started. */
  async add(plan: ServerPlan = {}): Promise<LiveServer> {
    return this.#plan(await freePorts(1), plan);
  }

  /** The real agent, reporting every second to these addresses; not yet started. Each has a name of its own. */
  agent(urls: readonly string[], name = 'agent'): AtlasProcess {
    const dataDir = join(this.folder, name);
    const configPath = this.#writeConfig(dataDir, {
      'server.data_dir': dataDir,
      'server.encryption_key': this.secrets.encryptionKey,
      'agent.servers': urls,
      'agent.api_key': this.secrets.apiKey,
      'agent.interval': 1,
      'agent.spool_dir': join(dataDir, 'spool'),
    });
    const agent = new AtlasProcess({ command: 'agent', configPath, logPath: join(dataDir, 'log') });
    this.#others.push(agent);
    return agent;
  }

  get databaseKey(): Secret {
    return new Secret(Buffer.from(this.secrets.dbEncryptionKey, 'base64'));
  }

  get token(): string {
    return this.#token;
  }

  server(name: string): LiveServer {
    const found = this.servers.find((server) => server.name === name);
    if (found === undefined) throw new Error(`no server ${name}`);
    return found;
  }

  /** Every running server sees exactly the running servers, and all of them healthy. */
  async settled(): Promise<void> {
    const running = this.servers.filter((server) => server.process.isRunning);
    const names = running.map((server) => server.name);
    for (const { client, name } of running) {
      await eventually(`${name} sees ${names.join(', ')} healthy`, SETTLE_MS, async () => {
        const healthy = (await client.nodes()).filter((node) => node.state === 'healthy');
        return names.every((one) => healthy.some((node) => node.node_id === one));
      });
    }
  }

  async stop(): Promise<void> {
    const processes = [...this.#others, ...this.servers.map((server) => server.process)];
    await Promise.all(processes.map((process) => process.kill()));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #plan(port: number, { env, launcher, values = {} }: ServerPlan = {}): LiveServer {
    const name = `server-${String(this.servers.length + 1).padStart(2, '0')}`;
    const dataDir = join(this.folder, name);
    const configPath = this.#writeConfig(dataDir, {
      ...this.#values,
      'server.port': port,
      'server.data_dir': dataDir,
      'cluster.node_id': name,
      ...values,
    });
    const process = new AtlasProcess({
      command: 'server',
      configPath,
      logPath: join(dataDir, 'log'),
      ...(env && { env }),
      ...(launcher && { launcher }),
    });
    const overTls = { ...this.#values, ...values }['server.tls'] !== 'off';
    const url = `http${overTls ? 's' : ''}://127.0.0.1:${port}`;
    const client = new FleetClient(url, () => undefined, controlFetch(dataDir));
    const server = { name, port, url, dataDir, configPath, process, client };
    this.servers.push(server);
    return server;
  }

  /** Before the first server runs: the command works on the database itself, which all of them share. */
  async #makeToken(): Promise<void> {
    const [first] = this.servers;
    if (first === undefined) return;
    const args = ['token', 'create', 'scenario', '--scope', 'admin', '--config', first.configPath];
    const { code, stdout, stderr } = await atlasFleet(args);
    if (code !== 0) throw new Error(`no token: ${stderr}`);
    this.#token = stdout.trim();
  }

  #writeConfig(dataDir: string, values: FreshValues): string {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const configPath = join(dataDir, 'config.yaml');
    createConfig(configPath, freshConfig(values));
    return configPath;
  }
}

function redisValues({ port, password }: Pick<RedisServer, 'port' | 'password'>): FreshValues {
  return {
    'cluster.backend': 'redis',
    'cluster.redis_host': '127.0.0.1',
    'cluster.redis_port': port,
    ...(password !== undefined && { 'cluster.redis_password': password }),
  };
}
