/**
 * Failed attempts in SQL, for any engine that kysely speaks to (the contract: store/attempt-store.ts). A subject
 * is looked up only, so it stands there as a lookup: who reads the database cannot even try all addresses.
 */
import type { Insertable, Selectable, Transaction } from 'kysely';
import type { AttemptStore, Attempts } from '../attempt-store.ts';
import { forgetInPortions } from './forget.ts';
import type { SqlConnections } from './report-store.ts';
import type { AttemptTable, Schema } from './schema.ts';
import { transact } from './transaction.ts';

/** The time of the last attempt in a row that holds a place and nothing else. */
const NEVER_MS = -1;

export class SqlAttemptStore implements AttemptStore {
  readonly #db: SqlConnections;

  constructor(db: SqlConnections) {
    this.#db = db;
  }

  async change(
    subjects: readonly string[],
    judge: (current: ReadonlyMap<string, Attempts>) => ReadonlyMap<string, Attempts | null>,
  ): Promise<void> {
    if (subjects.length === 0) return void judge(new Map());
    const ofRow = new Map(subjects.map((subject) => [this.#db.cells.lookup('attempts', subject), subject]));
    await transact(this.#db.writer, async (transaction) => {
      const rows = await hold(transaction, [...ofRow.keys()].sort());
      const known = rows.filter(isKnown);
      const judged = judge(new Map(known.map((row) => [ofRow.get(row.subject) ?? '', attemptsOf(row)])));
      const verdicts = rows.map((row) => ({ row, verdict: judged.get(ofRow.get(row.subject) ?? '') }));
      await write(
        transaction,
        verdicts.flatMap(({ row, verdict }) => (verdict ? rowOf(row.subject, verdict) : [])),
      );
      await remove(
        transaction,
        verdicts
          .filter(({ row, verdict }) => verdict === null || (verdict === undefined && !isKnown(row)))
          .map(({ row }) => row.subject),
      );
    });
  }

  sweep(beforeMs: number): Promise<number> {
    return forgetInPortions(this.#db.writer, (transaction, limit) =>
      transaction
        .deleteFrom('attempts')
        .where('subject', 'in', ({ selectFrom }) =>
          selectFrom('attempts')
            .select('subject')
            .where('last_ms', '<', beforeMs)
            .where('blocked_until_ms', '<', beforeMs)
            .limit(limit),
        )
        .executeTakeFirst(),
    );
  }
}

/** Locks and reads these rows. A subject without a row gets one that holds its place: others wait for it too. */
function hold(db: Transaction<Schema>, subjects: readonly string[]): Promise<Selectable<AttemptTable>[]> {
  const places = subjects.map((subject) => ({ subject, count: 0, last_ms: NEVER_MS, blocked_until_ms: 0 }));
  return db
    .insertInto('attempts')
    .values(places)
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet(({ ref }) => ({ subject: ref('excluded.subject') })),
    )
    .returningAll()
    .execute();
}

async function write(db: Transaction<Schema>, rows: readonly Insertable<AttemptTable>[]): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto('attempts')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet(({ ref }) => ({
        count: ref('excluded.count'),
        last_ms: ref('excluded.last_ms'),
        blocked_until_ms: ref('excluded.blocked_until_ms'),
      })),
    )
    .execute();
}

async function remove(db: Transaction<Schema>, subjects: readonly string[]): Promise<void> {
  if (subjects.length > 0) await db.deleteFrom('attempts').where('subject', 'in', subjects).execute();
}

function isKnown(row: Selectable<AttemptTable>): boolean {
  return row.last_ms !== NEVER_MS;
}

function attemptsOf(row: Selectable<AttemptTable>): Attempts {
  return { count: row.count, lastMs: row.last_ms, blockedUntilMs: row.blocked_until_ms };
}

function rowOf(subject: string, attempts: Attempts): Insertable<AttemptTable>[] {
  const { count, lastMs, blockedUntilMs } = attempts;
  return [{ subject, count, last_ms: lastMs, blocked_until_ms: blockedUntilMs }];
}
