/**
 * What lies on the disks of the shared backends after reports came in: PostgreSQL's tables, logs and dumps, and what
 * Redis saves. Who takes them away learns nothing of the machines that report, and can open no door.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../backends/postgres.ts';
import { RedisServer } from '../backends/redis.ts';
import { runForeign } from './foreign-program.ts';
import { LiveCluster } from './live-cluster.ts';
import { filesBelow, foundIn, letMachinesReport, type ReportedMachine, tellingWords } from './telling.ts';

const STRINGS = (await runForeign('strings', '--version')) !== null;
const DATABASE = 'fleet';
const PLANTED = 'planted-in-clear-4711';

let postgres: PostgresServer;
let redis: RedisServer;
let cluster: LiveCluster;
let machines: readonly ReportedMachine[];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([
    PostgresServer.start({ durable: true }),
    RedisServer.start({ durable: true }),
  ]);
  const databaseUrl = await postgres.createDatabase(DATABASE);
  const values = { 'cluster.hostname': 'a-server.example.com' };
  cluster = await LiveCluster.start({ servers: 2, redis, databaseUrl, values });
  machines = await letMachinesReport(cluster);
});

afterAll(async () => {
  await cluster?.stop();
  await Promise.all([postgres?.stop(), redis?.stop()]);
});

const telling = () => tellingWords(cluster, machines);

async function tables(): Promise<string[]> {
  const rows = await postgres.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public'",
    DATABASE,
  );
  return rows.map(({ name }) => name);
}

/** Every row of every table, as text: what a dump holds. */
async function dump(): Promise<Buffer> {
  const dumps = await Promise.all(
    (await tables()).map((name) => postgres.query<object>(`select row.*::text from "${name}" row`, DATABASE)),
  );
  return Buffer.from(JSON.stringify(dumps));
}

describe('PostgreSQL', () => {
  it('holds reports of both machines', async () => {
    expect(await tables()).toEqual(expect.arrayContaining(['machines', 'reports', 'nonces', 'tokens']));
    const [row] = await postgres.query<{ count: string }>('select count(*) from machines', DATABASE);
    expect(Number(row?.count)).toBe(2);
  });

  it('shows nothing of them in its files: tables, indexes and write-ahead log, before and after a checkpoint', async () => {
    await postgres.query(`create table planted as select '${PLANTED}' as word`);
    for (const _ of ['before', 'after']) {
      const files = filesBelow(postgres.dataFolder);
      for (const [path, bytes] of files) expect(foundIn(bytes, telling()), path).toEqual([]);
      expect([...files.values()].some((bytes) => bytes.includes(PLANTED))).toBe(true);
      await postgres.query('checkpoint');
    }
  });

  it('shows nothing of them in a dump', async () => {
    const bytes = await dump();
    expect(bytes.byteLength).toBeGreaterThan(1000);
    expect(foundIn(bytes, telling())).toEqual([]);
  });

  it.skipIf(!STRINGS)('shows nothing to strings (binutils)', async () => {
    for (const path of filesBelow(join(postgres.dataFolder, 'pg_wal')).keys()) {
      const shown = (await runForeign('strings', '-n', '4', path))?.stdout.toLowerCase() ?? '';
      for (const [name, value] of Object.entries(telling()))
        expect(shown.includes(value.toLowerCase()), name).toBe(false);
    }
  });
});

describe('Redis', () => {
  it('saves nothing of a machine that reports, and no secret', async () => {
    await redis.cli('save');
    const files = filesBelow(redis.folder);
    expect([...files.keys()].filter((path) => /\.(rdb|aof)$/.test(path)).length).toBeGreaterThan(1);
    for (const [path, bytes] of files) expect(foundIn(bytes, telling()), path).toEqual([]);
  });
});

describe('the logs', () => {
  it('hold no secret and no password of a backend', () => {
    for (const { process } of cluster.servers)
      expect(foundIn(Buffer.from(process.log()), telling())).toEqual([]);
  });
});
