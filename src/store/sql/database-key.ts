/** Keys derived from db_encryption_key (HKDF, RFC 5869, SHA-256): one for each use, told apart by `info`. */
import { hkdfSync } from 'node:crypto';
import { AtlasError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { DATABASE_KEY_MIN_BYTES } from './limits.ts';

/** Throws store_key_wrong for a key that is too short. */
export function deriveKey(key: Secret, info: string, bytes = 32): Uint8Array {
  if (key.reveal().byteLength >= DATABASE_KEY_MIN_BYTES)
    return new Uint8Array(hkdfSync('sha256', key.reveal(), new Uint8Array(), info, bytes));
  throw new AtlasError(
    'store_key_wrong',
    `the db_encryption_key has fewer than ${DATABASE_KEY_MIN_BYTES} bytes`,
    { hint: 'set db_encryption_key to the key this database was made with' },
  );
}
