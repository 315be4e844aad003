/**
 * The stores of one server on one PostgreSQL database, which other servers use at the same time. Names of people
 * and machines, and what opens a door, are sealed in it (sealed-cells.ts). While PostgreSQL is away every method
 * rejects within seconds; when it is back everything goes on by itself.
 */
import { Kysely, sql, type Transaction } from 'kysely';
import { type Clock, sleep } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import type { Cells } from './cells.ts';
import { unavailable } from './failures.ts';
import { MIGRATION_LOOK_MS, MIGRATION_WAIT_MS } from './limits.ts';
import { migrate } from './migrations/migrate.ts';
import { postgresMigrations } from './migrations/postgres.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { PostgresPool } from './postgres-pool.ts';
import type { PostgresServer } from './postgres-settings.ts';
import type { Schema } from './schema.ts';
import { SealedCells } from './sealed-cells.ts';
import { type Stores, storesOn } from './stores.ts';
import { transact } from './transaction.ts';

export interface PostgresOptions extends PostgresServer {
  /** db_encryption_key; the keys of the sealed cells are derived from it. */
  readonly key: Secret;
  readonly clock: Clock;
  readonly log: Log;
}

/** Names our lock among those of other programs on the database: the bytes of "atlas". */
const MIGRATION_LOCK = 0x61_74_6c_61_73;
const KEY_CHECK_SLOT = 1;
const KEY_CHECK_TEXT = 'atlas-fleet';

/** Rejects with store_key_wrong, store_newer, store_unfit, store_locked or store_unavailable, and leaves nothing open. */
export async function openPostgresStores(options: PostgresOptions): Promise<Stores> {
  const cells = new SealedCells(options.key);
  const pool = new PostgresPool(options, options);
  const db = new Kysely<Schema>({ dialect: postgresDialect(pool) });
  try {
    await judgeServer(db, options);
    await prepare(db, cells, options);
    return storesOn({ writer: db, reader: db, cells }, options, () => pool.end());
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function judgeServer(
  db: Kysely<Schema>,
  { host, port, database, log }: PostgresOptions,
): Promise<void> {
  const { rows } = await sql<{ encoding: string; fsync: string }>`
    select current_setting('server_encoding') as encoding, current_setting('fsync') as fsync`.execute(db);
  const [server] = rows;
  if (server?.encoding !== 'UTF8') {
    const message = `the database "${database}" keeps texts as ${server?.encoding}, not as UTF8`;
    const hint = `make another: create database … encoding 'UTF8' template template0`;
    throw new AtlasError('store_unfit', message, { hint });
  }
  if (server.fsync === 'off')
    log.warn('store_not_durable', 'PostgreSQL runs with fsync off: a power cut may cost stored reports', {
      host,
      port,
    });
}

async function prepare(
  db: Kysely<Schema>,
  cells: Cells,
  { clock, log, database }: PostgresOptions,
): Promise<void> {
  const applied = await transact(db, async (transaction) => {
    await takeTurn(transaction, clock);
    const migrated = await migrate(transaction, postgresMigrations);
    await checkKey(transaction, cells, database);
    return migrated;
  });
  if (applied.length > 0) log.info('store_migrated', 'Brought the database up to date', { applied });
}

/**
 * The lock ends with the transaction, and so with the process that holds it. It is asked for again and again: a
 * wait inside PostgreSQL would run into the time limits.
 */
async function takeTurn(db: Transaction<Schema>, clock: Clock): Promise<void> {
  const deadline = clock.monotonicMs() + MIGRATION_WAIT_MS;
  for (;;) {
    const { rows } = await sql<{ taken: boolean }>`
      select pg_try_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)}::bigint) as taken`.execute(db);
    if (rows[0]?.taken) return;
    if (clock.monotonicMs() >= deadline)
      throw unavailable('another server is still preparing the database', 'see the log of the other servers');
    await sleep(clock, MIGRATION_LOOK_MS);
  }
}

/** The first server leaves a sealed text; who cannot open it would write what nobody else can read. */
async function checkKey(db: Transaction<Schema>, cells: Cells, database: string): Promise<void> {
  const row = cells.row('key_check', `${KEY_CHECK_SLOT}`);
  await db
    .insertInto('key_check')
    .values({ slot: KEY_CHECK_SLOT, cell: row.seal('cell', KEY_CHECK_TEXT) })
    .onConflict((conflict) => conflict.column('slot').doNothing())
    .execute();
  const { cell } = await db.selectFrom('key_check').select('cell').executeTakeFirstOrThrow();
  try {
    row.open('cell', cell);
  } catch (cause) {
    const message = `the database "${database}" does not open with this db_encryption_key`;
    const hint = 'use the key it was made with: it is the same on every server that shares the database';
    throw new AtlasError('store_key_wrong', message, { hint, cause });
  }
}
