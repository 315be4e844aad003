/** What the stores look up stands in a column of its own on every engine; failed attempts are kept. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const lookupsAndAttempts: Migration = { up: addLookupsAndAttempts };

async function addLookupsAndAttempts(db: Kysely<unknown>): Promise<void> {
  await addLookup(db, 'machines', 'machine_id', 'machine_lookup');
  await addLookup(db, 'users', 'username', 'username_lookup');
  await addLookup(db, 'tokens', 'name', 'name_lookup');
  await db.schema
    .createTable('attempts')
    .addColumn('subject', 'text', (column) => column.notNull().primaryKey())
    .addColumn('count', 'integer', (column) => column.notNull())
    .addColumn('last_ms', 'integer', (column) => column.notNull())
    .addColumn('blocked_until_ms', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict, without rowid`)
    .execute();
}

/** The text itself: the file is encrypted as a whole. */
async function addLookup(db: Kysely<unknown>, table: string, column: string, lookup: string): Promise<void> {
  await db.schema
    .alterTable(table)
    .addColumn(lookup, 'text', (added) => added.notNull().defaultTo(''))
    .execute();
  await sql`update ${sql.table(table)} set ${sql.ref(lookup)} = ${sql.ref(column)}`.execute(db);
  await db.schema.createIndex(`${table}_by_lookup`).on(table).column(lookup).unique().execute();
}
