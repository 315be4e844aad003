/**
 * The stand: three real servers, or as many as a plan says, with all that stands around them in production, on fresh
 * ports and temporary folders: Redis (or Sentinels over two of them), PostgreSQL with durability as in production,
 * HAProxy before them, and a fleet that reports all the time. Whoever opens it gives a reaper that ends it all.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { FreshValues } from '../src/config/fresh-config.ts';
import { HaproxyServer } from '../test/backends/haproxy.ts';
import { PostgresServer } from '../test/backends/postgres.ts';
import { RedisServer } from '../test/backends/redis.ts';
import { MASTER_NAME, Sentinels } from '../test/backends/sentinel.ts';
import { eventually } from '../test/scenario/eventually.ts';
import {
  type ClusterPlan,
  LiveCluster,
  type LiveServer,
  type ServerPlan,
} from '../test/scenario/live-cluster.ts';
import { Fleet } from './fleet.ts';
import type { Reaper } from './reaper.ts';
import { Relay } from './relay.ts';
import { readPostgres, readSqlite, type Stored } from './report-audit.ts';
import { StateWitness } from './state-witness.ts';

const SERVERS = 3;
/** Of the one behind the relay, or with a clock of its own. */
const THIRD = 2;
const DATABASE = 'fleet';
/** Milliseconds for one answer of a health check. */
const ANSWER_MS = 2000;

export interface StandPlan {
  /** `files`: a shared folder and SQLite, as on one machine. */
  readonly backends: 'redis' | 'sentinel' | 'files';
  /** Three where it does not say. */
  readonly servers?: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly agents: number;
  readonly agentProcesses?: number;
  /** For each server, its process. */
  readonly env?: Readonly<Record<string, string>>;
  /** For the third server only. */
  readonly thirdEnv?: Readonly<Record<string, string>>;
  /** With `files`: where the database rests. */
  readonly databaseFolder?: string;
}

/** Seconds between two reports of one agent. */
const REPORT_SECONDS = 2;

interface Backends {
  readonly redis?: RedisServer;
  readonly replica?: RedisServer;
  /** Between the third server and Redis. */
  readonly relay?: Relay;
  readonly postgres?: PostgresServer;
  /** Of SQLite, elsewhere than usual. */
  readonly databasePath?: string;
  readonly plan: ClusterPlan;
  readonly secrets: readonly string[];
}

export class Stand {
  readonly cluster: LiveCluster;
  readonly backends: Backends;
  readonly fleet: Fleet;
  readonly witness = new StateWitness();

  private constructor(cluster: LiveCluster, backends: Backends, fleet: Fleet) {
    this.cluster = cluster;
    this.backends = backends;
    this.fleet = fleet;
    for (const server of cluster.servers) this.witness.watch(server);
  }

  static async open(plan: StandPlan, reaper: Reaper): Promise<Stand> {
    const backends = await startBackends(plan, reaper);
    const cluster = await reaper.start(LiveCluster.start(clusterPlan(plan, backends)), (one) => one.stop());
    const haproxy = await reaper.start(HaproxyServer.start(cluster.servers), (one) => one.stop());
    const fleet = await Fleet.start(
      {
        agents: plan.agents,
        intervalSeconds: REPORT_SECONDS,
        processes: plan.agentProcesses ?? 0,
        port: Number(new URL(haproxy.url).port),
      },
      cluster,
      reaper,
    );
    const stand = new Stand(cluster, backends, fleet);
    return reaper.mind(stand, () => stand.witness.stop());
  }

  get servers(): readonly LiveServer[] {
    return this.cluster.servers;
  }

  /** The one behind the relay, or with a clock of its own. */
  get third(): LiveServer {
    const third = this.servers[THIRD];
    if (third === undefined) throw new Error('this stand has fewer servers');
    return third;
  }

  others(than: LiveServer): LiveServer[] {
    return this.servers.filter((server) => server !== than);
  }

  /** Everything that must stand in no log. */
  get secrets(): readonly string[] {
    const { clusterSecret, apiKey, encryptionKey, dbEncryptionKey, password } = this.cluster.secrets;
    const own = this.servers.flatMap(({ dataDir }) => privateKeys(join(dataDir, 'identity.json')));
    const known = [clusterSecret, apiKey, encryptionKey, dbEncryptionKey, password, this.cluster.token];
    const rotated = this.servers.map(clusterSecretOf);
    return [...known, ...rotated, ...own, ...this.backends.secrets].filter((secret) => secret !== '');
  }

  async stored(): Promise<Stored> {
    const { postgres } = this.backends;
    if (postgres) return readPostgres(postgres, DATABASE);
    const { databasePath, databaseKey } = this.cluster;
    return readSqlite(this.backends.databasePath ?? databasePath, databaseKey);
  }

  /** Milliseconds until everybody calls everybody healthy, and takes reports, and has its registry; NaN: never. */
  async wellAgain(withinMs: number): Promise<number> {
    const fromMs = performance.now();
    return eventually('all is well', withinMs, () => this.#isWell(fromMs)).then(
      () => performance.now() - fromMs,
      () => Number.NaN,
    );
  }

  async #isWell(sinceMs: number): Promise<boolean> {
    const names = this.servers.map(({ name }) => name);
    const seen = names.every((observer) => {
      const nodes = this.witness.view(observer, sinceMs);
      return names.every((name) => nodes?.some((node) => node.node_id === name && node.state === 'healthy'));
    });
    if (!seen) return false;
    const ready = await Promise.all(this.servers.map(isReady));
    return ready.every(Boolean);
  }
}

async function isReady({ url }: LiveServer): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) });
  return answer.ok && ((await answer.json()) as { degraded: boolean }).degraded === false;
}

function clusterPlan(plan: StandPlan, backends: Backends): ClusterPlan {
  const { intervalSeconds, timeoutSeconds, servers = SERVERS } = plan;
  return {
    ...backends.plan,
    servers,
    intervalSeconds,
    timeoutSeconds,
    values: { 'log.format': 'json', ...backends.plan.values },
    each: Array.from({ length: servers }, (_, index) => serverPlan(index, plan, backends)),
  };
}

async function startBackends(plan: StandPlan, reaper: Reaper): Promise<Backends> {
  if (plan.backends === 'files') return filesIn(plan.databaseFolder);
  const stop = (server: { stop(): Promise<void> }) => server.stop();
  const postgres = await reaper.start(PostgresServer.start({ durable: true }), stop);
  const password = randomBytes(18).toString('hex');
  const databasePassword = randomBytes(18).toString('hex');
  const address = new URL(await postgres.createDatabase(DATABASE));
  address.password = databasePassword; // it trusts everybody; what is given must not show up in a log all the same
  const redis = await reaper.start(RedisServer.start({ password }), stop);
  const databaseUrl = address.href;
  const secrets = [password, databasePassword];
  if (plan.backends === 'redis') {
    const relay = await reaper.start(Relay.open(redis.port), (one) => one.close());
    return { redis, relay, postgres, plan: { databaseUrl, redis }, secrets };
  }
  const replica = await reaper.start(RedisServer.start({ password, replicaOf: redis }), stop);
  const sentinels = await reaper.start(Sentinels.watch(redis, { password }), stop);
  const values: FreshValues = {
    'cluster.backend': 'redis',
    'cluster.redis_password': password,
    'cluster.redis_sentinels': sentinels.ports.map((port) => `127.0.0.1:${port}`),
    'cluster.redis_sentinel_master': MASTER_NAME,
  };
  return { redis, replica, postgres, plan: { databaseUrl, values }, secrets };
}

function filesIn(folder: string | undefined): Backends {
  if (folder === undefined) return { plan: {}, secrets: [] };
  const databasePath = join(folder, 'fleet.db');
  return { databasePath, plan: { databaseUrl: `sqlite:${databasePath}` }, secrets: [] };
}

function serverPlan(index: number, plan: StandPlan, { relay }: Backends): ServerPlan {
  const isThird = index === THIRD;
  const env = { ...plan.env, ...(isThird && plan.thirdEnv) };
  return { env, ...(isThird && relay && { values: { 'cluster.redis_port': relay.port } }) };
}

/** With which a restart would begin. */
export function clusterSecretOf({ configPath }: LiveServer): string {
  return parse(readFileSync(configPath, 'utf8')).cluster.cluster_secret;
}

/** The middle line of each PEM or JWK text: nothing else contains it. */
function privateKeys(path: string): string[] {
  if (!existsSync(path)) return [];
  const fields = Object.values(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>);
  return fields
    .filter((value) => typeof value === 'string' && value.includes('PRIVATE KEY'))
    .flatMap((value) => String(value).split('\n').slice(1, 2));
}
