/**
 * The first tables. STRICT makes SQLite refuse a value of another type; WITHOUT ROWID clusters a table by its
 * primary key and saves the second tree.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const firstTables: Migration = { up: createTables };

async function createTables(db: Kysely<unknown>): Promise<void> {
  await createReports(db);
  await createAccounts(db);
  await db.schema
    .createTable('probe')
    .addColumn('slot', 'integer', (column) => column.primaryKey())
    .addColumn('written_at_ms', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
}

async function createReports(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('machines')
    .addColumn('machine_no', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('machine_id', 'text', (column) => column.notNull().unique())
    .addColumn('info', 'text', (column) => column.notNull())
    .addColumn('latest', 'text', (column) => column.notNull())
    .addColumn('latest_taken_at_ms', 'integer', (column) => column.notNull())
    .addColumn('first_seen_ms', 'integer', (column) => column.notNull())
    .addColumn('last_seen_ms', 'integer', (column) => column.notNull())
    .addColumn('via_node', 'text', (column) => column.notNull())
    .addColumn('reports', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('reports')
    .addColumn('machine_no', 'integer', (column) => column.notNull().references('machines.machine_no'))
    .addColumn('taken_at_ms', 'integer', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('received_ms', 'integer', (column) => column.notNull())
    .addColumn('uptime_seconds', 'real')
    .addColumn('cpu_percent', 'real', (column) => column.notNull())
    .addColumn('load_1', 'real')
    .addColumn('load_5', 'real')
    .addColumn('load_15', 'real')
    .addColumn('memory_total', 'integer', (column) => column.notNull())
    .addColumn('memory_available', 'integer', (column) => column.notNull())
    .addColumn('memory_used', 'integer', (column) => column.notNull())
    .addColumn('memory_percent', 'real', (column) => column.notNull())
    .addColumn('disk_total', 'integer', (column) => column.notNull())
    .addColumn('disk_used', 'integer', (column) => column.notNull())
    .addColumn('disk_free', 'integer', (column) => column.notNull())
    .addColumn('disk_percent', 'real', (column) => column.notNull())
    .addColumn('network_bytes_sent', 'integer', (column) => column.notNull())
    .addColumn('network_bytes_received', 'integer', (column) => column.notNull())
    .addColumn('network_packets_sent', 'integer', (column) => column.notNull())
    .addColumn('network_packets_received', 'integer', (column) => column.notNull())
    .addColumn('processes', 'integer', (column) => column.notNull())
    .addColumn('battery_percent', 'real')
    .addColumn('battery_plugged', 'integer')
    .addColumn('battery_time_left', 'real')
    .addPrimaryKeyConstraint('reports_by_time', ['machine_no', 'taken_at_ms', 'number'])
    .modifyEnd(sql`strict, without rowid`)
    .execute();
  await db.schema
    .createTable('nonces')
    .addColumn('nonce', 'blob', (column) => column.notNull().primaryKey())
    .addColumn('received_ms', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict, without rowid`)
    .execute();
  await db.schema.createIndex('nonces_by_time').on('nonces').column('received_ms').execute();
}

async function createAccounts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('user_id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('username', 'text', (column) => column.notNull().unique())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('sessions')
    .addColumn('session_hash', 'text', (column) => column.notNull().primaryKey())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.user_id'))
    .addColumn('csrf_token', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'integer', (column) => column.notNull())
    .addColumn('last_used_at_ms', 'integer', (column) => column.notNull())
    .addColumn('expires_at_ms', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict, without rowid`)
    .execute();
  await db.schema
    .createTable('tokens')
    .addColumn('token_id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'integer', (column) => column.notNull())
    .addColumn('expires_at_ms', 'integer')
    .addColumn('last_used_at_ms', 'integer')
    .addColumn('last_used_from', 'text')
    .modifyEnd(sql`strict, without rowid`)
    .execute();
  await db.schema
    .createTable('setup_code')
    .addColumn('slot', 'integer', (column) => column.primaryKey())
    .addColumn('code_hash', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'integer', (column) => column.notNull())
    .modifyEnd(sql`strict`)
    .execute();
}
