/** Removing what is old, in portions: between two of them the reports that wait get their turn. */
import type { DeleteResult, Kysely, Transaction } from 'kysely';
import { nextTurn } from '../../base/clock.ts';
import { FORGET_MAX_ROWS } from './limits.ts';
import type { Schema } from './schema.ts';
import { transact } from './transaction.ts';

/** `forget` removes at most `limit` rows. Returns how many there were in all. */
export async function forgetInPortions(
  db: Kysely<Schema>,
  forget: (transaction: Transaction<Schema>, limit: number) => Promise<DeleteResult>,
): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const portion = await transact(db, (transaction) => forget(transaction, FORGET_MAX_ROWS));
    forgotten += Number(portion.numDeletedRows);
    if (portion.numDeletedRows < FORGET_MAX_ROWS) return forgotten;
    await nextTurn();
  }
}
