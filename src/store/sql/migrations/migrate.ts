/**
 * Brings a database to the tables of this version, in one transaction that holds the engine's lock from the first
 * look to the last table: of several processes that open one database, one migrates and the others find it done.
 * A database that a newer version has migrated is refused, never guessed at.
 *
 * Rules for successors: an entry is never renamed, changed or removed once released; and on PostgreSQL no statement
 * may take longer than STATEMENT_LIMIT_MS (limits.ts), so a change of many rows is made in portions.
 */
import type { Kysely, Transaction } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, type Migration, Migrator } from 'kysely/migration';
import { AtlasError } from '../../../base/errors.ts';
import type { Schema } from '../schema.ts';

/** By name; names are sorted as texts. */
export type Migrations = Readonly<Record<string, Migration>>;

/** In a transaction that holds the lock. `schema`: where the tables are, if the engine has such. Returns what was applied. */
export async function migrate(
  transaction: Transaction<Schema>,
  migrations: Migrations,
  schema?: string,
): Promise<readonly string[]> {
  await refuseNewer(transaction, migrations, schema);
  const provider = { getMigrations: async () => migrations };
  const place = schema === undefined ? {} : { migrationTableSchema: schema };
  const { error, results } = await new Migrator({ db: transaction, provider, ...place }).migrateToLatest();
  if (error !== undefined) throw error;
  return results?.map((result) => result.migrationName) ?? [];
}

async function refuseNewer(db: Kysely<Schema>, migrations: Migrations, schema?: string): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === DEFAULT_MIGRATION_TABLE && table.schema === schema)) return;
  const migrated = db.$extendTables<{ [DEFAULT_MIGRATION_TABLE]: { name: string } }>();
  const rows = await migrated.selectFrom(DEFAULT_MIGRATION_TABLE).select('name').execute();
  const unknown = rows.map((row) => row.name).find((name) => !(name in migrations));
  if (unknown === undefined) return;
  throw new AtlasError('store_newer', `the database was written by a newer version (it has "${unknown}")`, {
    hint: 'start the newer version again, or restore the backup made before the upgrade',
  });
}
