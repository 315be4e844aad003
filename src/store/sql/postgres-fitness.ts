/** Whether a PostgreSQL database is one to keep anything in, judged before anything is written to it. */
import { type Kysely, sql } from 'kysely';
import { DEFAULT_MIGRATION_LOCK_TABLE, DEFAULT_MIGRATION_TABLE } from 'kysely/migration';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { PostgresAddress } from './postgres-errors.ts';
import { SCHEMA } from './postgres-settings.ts';
import type { Schema } from './schema.ts';

interface Findings {
  readonly encoding: string;
  readonly fsync: string;
  /** May every user of that server make tables beside ours? */
  readonly open: boolean | null;
}

/** Rejects with store_unfit, and warns of what a server can live with. */
export async function judgeDatabase(db: Kysely<Schema>, at: PostgresAddress, log: Log): Promise<void> {
  const { host, port, database } = at;
  const { rows } = await sql<Findings>`
    select current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
      (select has_schema_privilege('public', oid, 'create') from pg_namespace where nspname = ${SCHEMA}) as open`.execute(
    db,
  );
  const [found] = rows;
  if (found?.encoding !== 'UTF8') {
    const message = `the database "${database}" keeps texts as ${found?.encoding}, not as UTF8`;
    const hint = `make another: create database … encoding 'UTF8' template template0`;
    throw new AtlasError('store_unfit', message, { hint });
  }
  await refuseForeignTables(db, database);
  if (found.fsync === 'off')
    log.warn('store_not_durable', 'PostgreSQL runs with fsync off: a power cut may cost stored reports', {
      host,
      port,
    });
  if (found.open)
    log.warn('store_schema_open', 'Every user of PostgreSQL may make tables in the schema of ours', {
      database,
      schema: SCHEMA,
    });
}

/**
 * Tables that are there already are taken for ours by these two alone (all others are made, or the making fails):
 * whoever made them first would have his triggers run as us, and could pretend that a migration was done. A superuser
 * and the owner of the database can do that anyway.
 */
async function refuseForeignTables(db: Kysely<Schema>, database: string): Promise<void> {
  const { rows } = await sql<{ name: string; owner: string }>`
    select class.relname as name, owner.rolname as owner
    from pg_class as class
    join pg_namespace as namespace on namespace.oid = class.relnamespace
    join pg_roles as owner on owner.oid = class.relowner
    join pg_database as database on database.datname = current_database()
    where namespace.nspname = ${SCHEMA}
      and class.relname in (${DEFAULT_MIGRATION_TABLE}, ${DEFAULT_MIGRATION_LOCK_TABLE})
      and owner.rolname <> current_user and not owner.rolsuper and owner.oid <> database.datdba`.execute(db);
  const [foreign] = rows;
  if (foreign === undefined) return;
  throw new AtlasError(
    'store_unfit',
    `the table ${foreign.name} of the database "${database}" belongs to the user "${foreign.owner}", not to us`,
    { hint: 'see who made it; Atlas Fleet needs a database of its own, where nobody else may create tables' },
  );
}
