/** The stores of one server on one encrypted SQLite file, which other servers may have open at the same time. */
import { Kysely } from 'kysely';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import type { AccountStore } from '../account-store.ts';
import type { ReportStore } from '../report-store.ts';
import { SqlAccountStore } from './account-store.ts';
import { migrate } from './migrations/migrate.ts';
import { SqlReportStore } from './report-store.ts';
import type { Schema } from './schema.ts';
import { openSqliteFile, openSqliteReader } from './sqlite.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

export interface SqliteOptions {
  /** The file; its folder must exist. Where there is no file, one is made. */
  readonly path: string;
  /** db_encryption_key; the file's own key is derived from it. */
  readonly key: Secret;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Stores {
  readonly reports: ReportStore;
  readonly accounts: AccountStore;
  /** Settles every report that was taken, then closes the file. */
  close(): Promise<void>;
}

/** Rejects with store_key_wrong, store_newer, store_locked or store_unavailable, and then leaves nothing open. */
export async function openSqliteStores({ path, key, clock, log }: SqliteOptions): Promise<Stores> {
  const file = openSqliteFile(path, key);
  try {
    const writer = new Kysely<Schema>({ dialect: sqliteDialect(file, clock) });
    await migrate(writer, log);
    const readerFile = openSqliteReader(path, key);
    const reader = new Kysely<Schema>({ dialect: sqliteDialect(readerFile, clock) });
    const reports = new SqlReportStore({ writer, reader }, clock, log);
    const close = async () => {
      await reports.close();
      await writer.connection().execute(async () => file.close()); // behind every change that was asked for
      readerFile.close();
    };
    return { reports, accounts: new SqlAccountStore({ writer, reader }), close };
  } catch (error) {
    file.close();
    throw error;
  }
}
