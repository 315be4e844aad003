/**
 * Of all reports that were acknowledged, is none lost and none stored twice? Judged from the database itself,
 * opened beside the servers, against the book.
 */

import { openSqliteReader } from '../src/store/sql/sqlite.ts';
import type { PostgresServer } from '../test/backends/postgres.ts';
import type { LiveCluster } from '../test/scenario/live-cluster.ts';
import type { BookedReport } from './report-book.ts';

/** What the tables hold. */
export interface Stored {
  /** Hex, of every report that was ever stored. */
  readonly nonces: ReadonlySet<string>;
  readonly reports: number;
  /** Reports of one machine taken at one moment, beyond the first: no machine takes two in one millisecond. */
  readonly surplus: number;
}

export interface Audit {
  readonly lost: number;
  readonly doubled: number;
}

/** A nonce without its row is a loss as well: both are written together or not at all. */
export function audit(acknowledged: readonly BookedReport[], stored: Stored): Audit {
  const missing = acknowledged.filter(({ nonce }) => !stored.nonces.has(nonce)).length;
  const rowless = Math.max(0, stored.nonces.size - stored.reports);
  const nonceless = Math.max(0, stored.reports - stored.nonces.size);
  return { lost: missing + rowless, doubled: Math.max(stored.surplus, nonceless) };
}

const REPORTS = 'select count(*) as reports from reports';
const SURPLUS = `select coalesce(sum(times - 1), 0) as surplus from
  (select count(*) as times from reports group by machine_no, taken_at_ms) as moments`;

export async function readPostgres(server: PostgresServer, database: string): Promise<Stored> {
  const nonces = await server.query<{ nonce: string }>(
    "select encode(nonce, 'hex') as nonce from nonces",
    database,
  );
  const [reports] = await server.query<{ reports: string }>(REPORTS, database);
  const [surplus] = await server.query<{ surplus: string }>(SURPLUS, database);
  return {
    nonces: new Set(nonces.map(({ nonce }) => nonce)),
    reports: Number(reports?.reports),
    surplus: Number(surplus?.surplus),
  };
}

export function readSqlite(path: string, key: LiveCluster['databaseKey']): Stored {
  const file = openSqliteReader(path, key);
  try {
    const nonces = file.prepare('select lower(hex(nonce)) as nonce from nonces').all() as { nonce: string }[];
    const { reports } = file.prepare(REPORTS).get() as { reports: number };
    const { surplus } = file.prepare(SURPLUS).get() as { surplus: number };
    return { nonces: new Set(nonces.map(({ nonce }) => nonce)), reports, surplus };
  } finally {
    file.close();
  }
}
