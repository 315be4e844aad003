/**
 * kysely on our connection. Transactions take the write lock at their start, so they never fail half way for
 * another's sake, and wait for it in short steps with the event loop turning between them.
 */
import type { Statement } from 'better-sqlite3-multiple-ciphers';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { type Clock, nextTurn } from '../../base/clock.ts';
import { closedError, lockedError, refusal } from './failures.ts';
import { LOCK_TRY_MS, LOCK_WAIT_MS, STATEMENTS_KEPT } from './limits.ts';
import type { SqliteFile } from './sqlite.ts';
import { isBusy, storeError } from './sqlite-errors.ts';

export function sqliteDialect(file: SqliteFile, clock: Clock): Dialect {
  return {
    createAdapter: () => new TransactionalDdlAdapter(),
    createDriver: () => new SqliteDriver(file, clock),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** SQLite rolls tables back like rows; kysely does not count on it, so all migrations in one transaction need this. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** One connection; kysely hands it to one query or transaction at a time. */
class SqliteDriver implements Driver {
  readonly #file: SqliteFile;
  readonly #clock: Clock;
  readonly #connection: SqliteConnection;

  constructor(file: SqliteFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#connection = new SqliteConnection(file);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    const deadline = this.#clock.monotonicMs() + LOCK_WAIT_MS;
    while (!this.#tryBegin()) {
      if (this.#clock.monotonicMs() >= deadline) throw lockedError();
      await nextTurn();
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  /** After a full disk or an I/O error SQLite has rolled back already. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#file.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#file.close();
  }

  #tryBegin(): boolean {
    refuseClosed(this.#file);
    this.#file.pragma(`busy_timeout=${LOCK_TRY_MS}`);
    try {
      this.#file.exec('begin immediate');
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw storeError(error);
    } finally {
      this.#file.pragma(`busy_timeout=${LOCK_WAIT_MS}`);
    }
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #file: SqliteFile;
  /** The one used last is the last. */
  readonly #statements = new Map<string, Statement<unknown[], unknown>>();

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    refuseClosed(this.#file);
    try {
      const statement = this.#prepared<Row>(query.sql);
      if (statement.reader) return { rows: statement.all(...query.parameters) };
      return { rows: [], numAffectedRows: BigInt(statement.run(...query.parameters).changes) };
    } catch (error) {
      // better-sqlite3 throws a TypeError for a parameter that has no SQL type.
      throw error instanceof TypeError ? refusal(error) : storeError(error);
    }
  }

  /** Batches of one size have one text, so most are prepared already. The one used longest ago makes room. */
  #prepared<Row>(text: string): Statement<unknown[], Row> {
    const statement = this.#statements.get(text) ?? this.#file.prepare(text);
    this.#statements.delete(text);
    this.#statements.set(text, statement);
    const [oldest] = this.#statements.keys();
    if (oldest !== undefined && this.#statements.size > STATEMENTS_KEPT) this.#statements.delete(oldest);
    return statement as Statement<unknown[], Row>;
  }

  // biome-ignore lint/correctness/useYield: the contract of kysely asks for a generator
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('this store reads whole pages, it does not stream');
  }
}

function refuseClosed(file: SqliteFile): void {
  if (!file.open) throw closedError();
}
