/**
 * Brings a database to the tables of this version, in one transaction that holds the write lock from the first
 * look to the last table: of several processes that open one database, one migrates and the others find it done.
 * A database that a newer version has migrated is refused, never guessed at.
 */
import type { Kysely } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration';
import { AtlasError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { Schema } from '../schema.ts';
import { firstTables } from './0001-first-tables.ts';

/** Names are sorted as texts. Once released, an entry is never renamed, changed or removed. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-first-tables': firstTables,
};

export async function migrate(db: Kysely<Schema>, log: Log): Promise<void> {
  const applied = await db.transaction().execute(async (transaction) => {
    await refuseNewer(transaction);
    const provider = { getMigrations: async () => MIGRATIONS };
    const { error, results } = await new Migrator({ db: transaction, provider }).migrateToLatest();
    if (error !== undefined) throw error;
    return results?.map((result) => result.migrationName) ?? [];
  });
  if (applied.length > 0) log.info('store_migrated', 'Brought the database up to date', { applied });
}

async function refuseNewer(db: Kysely<Schema>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === DEFAULT_MIGRATION_TABLE)) return;
  const migrated = db.$extendTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>();
  const rows = await migrated.selectFrom(DEFAULT_MIGRATION_TABLE).select('name').execute();
  const unknown = rows.map((row) => row.name).find((name) => !(name in MIGRATIONS));
  if (unknown === undefined) return;
  throw new AtlasError('store_newer', `the database was written by a newer version (it has "${unknown}")`, {
    hint: 'start the newer version again, or restore the backup made before the upgrade',
  });
}
