/** Every change of the stores happens in here: all of it or nothing, and again when the database undid it. */
import type { Kysely, Transaction } from 'kysely';
import { lockedError, TransactionUndone } from './failures.ts';
import { TRANSACTION_TRIES } from './limits.ts';
import type { Schema } from './schema.ts';

/** `change` may run several times, each time on a database that shows nothing of the times before. */
export async function transact<Result>(
  db: Kysely<Schema>,
  change: (transaction: Transaction<Schema>) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.transaction().execute(change);
    } catch (error) {
      if (!(error instanceof TransactionUndone)) throw error;
      if (tries === TRANSACTION_TRIES) throw lockedError(error.cause);
    }
  }
}
