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
import { identify } from './database-identity.ts';
import { unavailable } from './failures.ts';
import { COMMON_CONNECTIONS, INTAKE_CONNECTIONS, MIGRATION_LOOK_MS, MIGRATION_WAIT_MS } from './limits.ts';
import { migrate } from './migrations/migrate.ts';
import { postgresMigrations } from './migrations/postgres.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { createDatabase, type PostgresAddress } from './postgres-errors.ts';
import { judgeDatabase } from './postgres-fitness.ts';
import { PostgresPool } from './postgres-pool.ts';
import { type PostgresServer, SCHEMA } from './postgres-settings.ts';
import { PostgresWires } from './postgres-wires.ts';
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
  const wires = new PostgresWires();
  const { clock, log } = options;
  const pools = {
    intake: new PostgresPool(options, { connections: INTAKE_CONNECTIONS, wires, clock, log }),
    common: new PostgresPool(options, { connections: COMMON_CONNECTIONS, wires, clock, log }),
  };
  const close = async () => {
    await Promise.all([pools.intake.end(), pools.common.end()]);
  };
  const intake = new Kysely<Schema>({ dialect: postgresDialect(pools.intake) });
  const common = new Kysely<Schema>({ dialect: postgresDialect(pools.common) });
  try {
    await judgeDatabase(intake, options, log);
    const id = await prepare(intake, cells, options);
    const connections = {
      intake: { writer: intake, reader: common, cells },
      common: { writer: common, reader: common, cells },
    };
    return storesOn({ ...connections, id, close }, options);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves to the id of the database. */
async function prepare(db: Kysely<Schema>, cells: Cells, options: PostgresOptions): Promise<string> {
  const { applied, id } = await transact(db, async (transaction) => {
    await takeTurn(transaction, options.clock);
    const migrated = await migrate(transaction, postgresMigrations, SCHEMA);
    await checkKey(transaction, cells, options);
    return { applied: migrated, id: await identify(transaction) };
  });
  if (applied.length > 0) options.log.info('store_migrated', 'Brought the database up to date', { applied });
  return id;
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
async function checkKey(db: Transaction<Schema>, cells: Cells, at: PostgresAddress): Promise<void> {
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
    const message = `the database "${at.database}" does not open with this db_encryption_key`;
    const hint =
      'use the config.yaml it was made with: the key is the same on every server that shares the database; ' +
      `if it holds nothing yet, make it anew: drop database "${at.database}"; ${createDatabase(at)}`;
    throw new AtlasError('store_key_wrong', message, { hint, cause });
  }
}
