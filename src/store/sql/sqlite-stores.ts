/** The stores of one server on one encrypted SQLite file, which other servers may have open at the same time. */
import { Kysely } from 'kysely';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import { plainCells } from './cells.ts';
import { identify } from './database-identity.ts';
import { migrate } from './migrations/migrate.ts';
import { sqliteMigrations } from './migrations/sqlite.ts';
import type { Schema } from './schema.ts';
import { openSqliteFile, openSqliteReader } from './sqlite.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import { type Stores, storesOn } from './stores.ts';
import { transact } from './transaction.ts';

export interface SqliteOptions {
  /** The file; its folder must exist. Where there is no file, one is made. */
  readonly path: string;
  /** db_encryption_key; the file's own key is derived from it. */
  readonly key: Secret;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rejects with store_key_wrong, store_newer, store_locked or store_unavailable, and then leaves nothing open. */
export async function openSqliteStores({ path, key, clock, log }: SqliteOptions): Promise<Stores> {
  const file = openSqliteFile(path, key);
  try {
    const writer = new Kysely<Schema>({ dialect: sqliteDialect(file, clock) });
    const { applied, id } = await transact(writer, async (transaction) => ({
      applied: await migrate(transaction, sqliteMigrations),
      id: await identify(transaction),
    }));
    if (applied.length > 0) log.info('store_migrated', 'Brought the database up to date', { applied });
    const readerFile = openSqliteReader(path, key);
    const reader = new Kysely<Schema>({ dialect: sqliteDialect(readerFile, clock) });
    const connections = { writer, reader, cells: plainCells };
    const close = async () => {
      await writer.connection().execute(async () => file.close()); // behind every change that was asked for
      readerFile.close();
    };
    return storesOn({ intake: connections, common: connections, id, close }, { clock, log });
  } catch (error) {
    file.close();
    throw error;
  }
}
