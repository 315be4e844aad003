/** Two servers that take reports in: one with an empty database, one whose database holds a history. */
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openPostgresStores } from '../../src/store/sql/postgres-stores.ts';
import { openSqliteStores } from '../../src/store/sql/sqlite-stores.ts';
import type { Stores } from '../../src/store/sql/stores.ts';
import { PostgresServer } from '../../test/backends/postgres.ts';
import { LiveCluster } from '../../test/scenario/live-cluster.ts';
import { PostgresDatabase } from '../../test/store/postgres-database.ts';
import { fill } from './fill.ts';
import type { Load } from './load.ts';

export type Contender = Pick<Load, 'port' | 'path' | 'apiKey' | 'encryptionKey'>;

export interface Contenders {
  readonly engine: string;
  readonly fresh: Contender;
  readonly aged: Contender;
  stop(): Promise<void>;
}

export async function openSqliteContenders(history: number): Promise<Contenders> {
  const clusters: LiveCluster[] = [];
  const stop = () => stopAll(clusters);
  try {
    const fresh = await LiveCluster.start({ servers: 1 });
    clusters.push(fresh);
    const aged = await LiveCluster.start({ servers: 1 });
    clusters.push(aged);
    const { databasePath: path, databaseKey: key } = aged;
    await age(await openSqliteStores({ path, key, clock: systemClock, log: silentLog }), history);
    return { engine: 'SQLite', fresh: doorOf(fresh), aged: doorOf(aged), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function openPostgresContenders(history: number): Promise<Contenders> {
  const postgres = await PostgresServer.start({ durable: true });
  const clusters: LiveCluster[] = [];
  const stop = async () => {
    await stopAll(clusters);
    await postgres.stop();
  };
  const start = async (database: PostgresDatabase) => {
    const cluster = await LiveCluster.start({ servers: 1, databaseUrl: postgres.url(database.name) });
    clusters.push(cluster);
    return cluster;
  };
  try {
    const fresh = await start(await PostgresDatabase.make(postgres));
    const database = await PostgresDatabase.make(postgres);
    const aged = await start(database);
    await age(await openPostgresStores(database.options({ key: aged.databaseKey })), history);
    return { engine: 'PostgreSQL', fresh: doorOf(fresh), aged: doorOf(aged), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function age(stores: Stores, history: number): Promise<void> {
  await fill(stores.reports, history);
  await stores.close();
}

function doorOf({ servers: [server], secrets }: LiveCluster): Contender {
  const { apiKey, encryptionKey } = secrets;
  return { port: server?.port ?? 0, path: '/api/fleet/report', apiKey, encryptionKey };
}

async function stopAll(clusters: readonly LiveCluster[]): Promise<void> {
  for (const cluster of clusters) await cluster.stop();
}
