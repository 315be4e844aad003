/**
 * Which database this is: drawn by the first server that opens it, and read by all, so that servers which do not share
 * one can see that they do not. No secret; a copy made from a dump has it too.
 */
import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import { encodeHex } from '../../base/bytes.ts';
import type { Schema } from './schema.ts';

const SLOT = 1;
const ID_BYTES = 16;

/** In a transaction that holds the engine's lock. */
export async function identify(db: Transaction<Schema>): Promise<string> {
  await db
    .insertInto('database_identity')
    .values({ slot: SLOT, id: encodeHex(randomBytes(ID_BYTES)) })
    .onConflict((conflict) => conflict.column('slot').doNothing())
    .execute();
  const { id } = await db.selectFrom('database_identity').select('id').executeTakeFirstOrThrow();
  return id;
}
