/**
 * What a report adds to the database, all told: its figures, its nonce, which is forgotten after a week, and its part of
 * the row of its machine, as the files are after a hundred reports of each of 500 Macs. The raw limit is what came over
 * the wire.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import { openSqliteStores } from '../../src/store/sql/sqlite-stores.ts';
import { PostgresServer } from '../../test/backends/postgres.ts';
import { PostgresDatabase } from '../../test/store/postgres-database.ts';
import { type Figure, type Goal, rowOf } from '../figure.ts';
import { fill } from '../load/fill.ts';
import { MACHINES, sealReports } from '../load/sealed-reports.ts';

const REPORTS = MACHINES * 100;

async function sqliteBytes(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-bench-'));
  const path = join(folder, 'fleet.db');
  const key = new Secret(randomBytes(32));
  try {
    const stores = await openSqliteStores({ path, key, clock: systemClock, log: silentLog });
    const before = statSync(path).size;
    await fill(stores.reports, REPORTS);
    await stores.close();
    return statSync(path).size - before;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All tables, and that of the figures alone, with their indices. */
async function postgresBytes(): Promise<{ all: number; figures: number }> {
  const server = await PostgresServer.start();
  try {
    const database = await PostgresDatabase.make(server);
    const stores = await database.open();
    const before = await sizesOf(database);
    await fill(stores.reports, REPORTS);
    const after = await sizesOf(database);
    await stores.close();
    return { all: after.all - before.all, figures: after.figures - before.figures };
  } finally {
    await server.stop();
  }
}

async function sizesOf(database: PostgresDatabase): Promise<{ all: number; figures: number }> {
  const [row] = await database.query<{ all: string; figures: string }>(
    `select sum(pg_total_relation_size(oid)) as all, pg_total_relation_size('reports') as figures
     from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  return { all: Number(row?.all), figures: Number(row?.figures) };
}

export const storedSize: Figure = {
  name: 'stored-size',
  async measure() {
    const [sent] = sealReports(1, Date.now(), new Secret(randomBytes(32)));
    const raw = sent?.byteLength ?? null;
    const row = (where: string, bytes: number, goal?: Goal) =>
      rowOf({
        figure: `a report at rest, ${where}`,
        unit: 'B',
        rounds: [{ value: bytes / REPORTS, raw }],
        ...(goal && { goal }),
      });
    const goal = { value: { atMost: 300 } };
    const postgres = await postgresBytes();
    return [
      row('SQLite', await sqliteBytes(), goal),
      row('PostgreSQL', postgres.all, goal),
      row('PostgreSQL, figures alone', postgres.figures),
    ];
  },
};
