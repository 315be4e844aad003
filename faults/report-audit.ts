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

/** In one statement, because reports arrive meanwhile: all three are of one moment. */
const stored = (nonces: string) => `select
  (select ${nonces} from nonces) as nonces,
  (select count(*) from reports) as reports,
  (select coalesce(sum(times - 1), 0)
    from (select count(*) as times from reports group by machine_no, taken_at_ms) as moments) as surplus`;

interface Row {
  /** Separated by commas; null for none. */
  readonly nonces: string | null;
  /** A text where the number is large for its engine. */
  readonly reports: number | string;
  readonly surplus: number | string;
}

export async function readPostgres(server: PostgresServer, database: string): Promise<Stored> {
  const [row] = await server.query<Row>(stored("string_agg(encode(nonce, 'hex'), ',')"), database);
  return storedIn(row);
}

export function readSqlite(path: string, key: LiveCluster['databaseKey']): Stored {
  const file = openSqliteReader(path, key);
  try {
    return storedIn(file.prepare(stored("group_concat(lower(hex(nonce)), ',')")).get() as Row);
  } finally {
    file.close();
  }
}

function storedIn(row: Row | undefined): Stored {
  const nonces = new Set(row?.nonces?.split(',') ?? []);
  return { nonces, reports: Number(row?.reports), surplus: Number(row?.surplus) };
}
