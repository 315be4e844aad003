/**
 * Cells under AES-256-GCM (protocol.md, section 7; docs/decisions/0005). What was changed, or moved to another
 * table, column or row, does not open. An old value put back in its own place does: nothing here knows what is newest.
 *
 * A cell: format (1 byte), key id (8), nonce (12), ciphertext, tag (16). Each row has a key of its own, so that
 * even cells that are written with every report stay far below what one key may seal under random nonces (2^32).
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { decodeUtf8, equalBytes } from '../../base/bytes.ts';
import type { Secret } from '../../base/secret.ts';
import { type Cell, type Cells, DIGEST_BYTES, type LookupTable, type RowCells } from './cells.ts';
import { deriveKey } from './database-key.ts';
import { unavailable } from './failures.ts';

const INFO = 'atlas-fleet/cells/1';
const FORMAT = 1;
const CIPHER = 'aes-256-gcm';
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Arbitrary. */
const NONCES_DRAWN = 1_024;
const NONCE_AT = 1 + KEY_ID_BYTES;
const CIPHERTEXT_AT = NONCE_AT + NONCE_BYTES;

export class SealedCells implements Cells {
  readonly #key: Secret;
  readonly #derived = new Map<string, Uint8Array>();
  /** Format and key id: what every cell begins with. */
  readonly #head: Uint8Array;
  readonly #nonces = new Nonces();

  /** `key`: db_encryption_key. Throws store_key_wrong when it is too short. */
  constructor(key: Secret) {
    this.#key = key;
    this.#head = Buffer.concat([Buffer.of(FORMAT), deriveKey(key, `${INFO}/key-id`, KEY_ID_BYTES)]);
  }

  row(table: string, row: string): RowCells {
    const key = createHmac('sha256', this.#derive(`seal/${table}`))
      .update(row)
      .digest();
    const placeOf = (column: string) => ({ key, context: Buffer.from(JSON.stringify([table, column, row])) });
    return {
      seal: (column, text) => this.#seal(placeOf(column), text),
      digest: (column, text) => this.#digest(table, placeOf(column), text),
      open: (column, cell) => {
        const text = this.#open(placeOf(column), cell);
        if (text === undefined) throw doesNotOpen(table, column);
        return text;
      },
    };
  }

  lookup(table: LookupTable, text: string): string {
    return createHmac('sha256', this.#derive(`lookup/${table}`))
      .update(text)
      .digest('hex');
  }

  #seal({ key, context }: Place, text: string): Cell {
    const nonce = this.#nonces.next();
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#bound(context));
    return Buffer.concat([
      this.#head,
      nonce,
      cipher.update(text, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
  }

  /** Keyed: a bare digest of an inventory would confirm a guess of it. */
  #digest(table: string, { context }: Place, text: string): Uint8Array {
    const mac = createHmac('sha256', this.#derive(`digest/${table}`));
    return mac.update(context).update(text).digest().subarray(0, DIGEST_BYTES);
  }

  #open({ key, context }: Place, cell: Cell): string | undefined {
    if (typeof cell === 'string' || cell.byteLength < CIPHERTEXT_AT + TAG_BYTES) return undefined;
    if (!equalBytes(cell.subarray(0, NONCE_AT), this.#head)) return undefined;
    const nonce = cell.subarray(NONCE_AT, CIPHERTEXT_AT);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#bound(context)).setAuthTag(cell.subarray(-TAG_BYTES));
    const opened = decipher.update(cell.subarray(CIPHERTEXT_AT, -TAG_BYTES));
    try {
      return decodeUtf8(Buffer.concat([opened, decipher.final()]));
    } catch {
      return undefined;
    }
  }

  #bound(context: Uint8Array): Uint8Array {
    return Buffer.concat([this.#head, context]);
  }

  /** Kept: there are a few for each table. */
  #derive(purpose: string): Uint8Array {
    const known = this.#derived.get(purpose);
    if (known !== undefined) return known;
    const key = deriveKey(this.#key, `${INFO}/${purpose}`);
    this.#derived.set(purpose, key);
    return key;
  }
}

/** Random, and drawn many at a time: asking the system for each costs more than the sealing. */
class Nonces {
  #drawn = randomBytes(NONCE_BYTES * NONCES_DRAWN);
  #used = 0;

  next(): Uint8Array {
    if (this.#used === this.#drawn.byteLength) {
      this.#drawn = randomBytes(this.#drawn.byteLength);
      this.#used = 0;
    }
    this.#used += NONCE_BYTES;
    return this.#drawn.subarray(this.#used - NONCE_BYTES, this.#used);
  }
}

interface Place {
  readonly key: Uint8Array;
  /** Bound to the cell by its tag (AAD), together with format and key id. */
  readonly context: Uint8Array;
}

function doesNotOpen(table: string, column: string): Error {
  return unavailable(
    `a cell of ${table}.${column} does not open: it was changed, or comes from another row`,
    'stop the servers and restore the database from a backup; somebody may have written to it',
  );
}
