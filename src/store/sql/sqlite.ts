/**
 * The database file: SQLite under SQLCipher (protocol.md, section 7). Every page, the write-ahead log included,
 * is encrypted and authenticated; a commit is on the disk when it returns. Never makes a plaintext database,
 * and never opens one.
 */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { encodeHex } from '../../base/bytes.ts';
import { AtlasError, systemCode } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { deriveKey } from './database-key.ts';
import { CHECKPOINT_PAGES, LOCK_WAIT_MS, PAGE_BYTES, WAL_KEPT_BYTES } from './limits.ts';
import { storeError } from './sqlite-errors.ts';

export type SqliteFile = Database.Database;

const KEY_INFO = 'atlas-fleet/sqlite/1';
const RAW_KEY = /^[0-9a-f]{64}$/;
const OWNER_ONLY = 0o600;
const PLAINTEXT_HEADER = 'SQLite format 3';

/** Opens the file, or makes it where there is none. The connection is set up, the tables are not. */
export function openSqliteFile(path: string, key: Secret): SqliteFile {
  const rawKey = deriveRawKey(key);
  try {
    if (!isPresent(path)) createFile(path, rawKey);
    chmodSync(path, OWNER_ONLY);
    return connect(path, rawKey);
  } catch (error) {
    throw openingError(error, path);
  }
}

/** For reading beside the writing connection: it sees what was committed and waits for no writer. */
export function openSqliteReader(path: string, key: Secret): SqliteFile {
  try {
    const file = connect(path, deriveRawKey(key));
    file.pragma('query_only=ON');
    return file;
  } catch (error) {
    throw openingError(error, path);
  }
}

/** SQLCipher takes anything but exactly 64 hex digits for a passphrase, silently, and a missing key for plaintext. */
function deriveRawKey(key: Secret): string {
  const raw = encodeHex(deriveKey(key, KEY_INFO));
  if (!RAW_KEY.test(raw))
    throw new AtlasError('internal', 'the key of the database file has not 64 hex digits');
  return raw;
}

function isPresent(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.size !== 0) return found !== undefined;
  // SQLite would take an empty file for a new database, and a lost one would look like a fresh start.
  throw new AtlasError('store_unavailable', `the database ${path} is an empty file`, {
    hint: 'restore it from a backup, or remove it to start with a new database',
  });
}

/**
 * A new database is made complete under a name of its own and then linked to its place, which only one of
 * several processes can do: nobody ever opens half of one, and two salts never meet in one file.
 */
function createFile(path: string, rawKey: string): void {
  const draft = `${path}.${randomUUID()}.new`;
  closeSync(openSync(draft, 'wx', OWNER_ONLY));
  try {
    connect(draft, rawKey).close();
    sealDraft(draft);
    linkOnce(draft, path);
  } finally {
    unlinkSync(draft);
    for (const suffix of ['-wal', '-shm', '-journal']) rmSync(draft + suffix, { force: true });
  }
  syncFolder(dirname(path));
}

/** Before the file has its name: is it encrypted, and on the disk? */
function sealDraft(draft: string): void {
  const descriptor = openSync(draft, 'r+');
  try {
    const header = Buffer.alloc(PLAINTEXT_HEADER.length);
    if (readSync(descriptor, header) < header.length || header.toString('latin1') === PLAINTEXT_HEADER)
      throw new AtlasError('internal', 'the new database was not encrypted, so it was removed');
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function linkOnce(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error; // another process was first: its file is as good
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function connect(path: string, rawKey: string): SqliteFile {
  const file = new Database(path, { fileMustExist: true, timeout: LOCK_WAIT_MS });
  try {
    file.pragma("cipher='sqlcipher'"); // before the key, or it becomes another cipher's
    file.pragma(`key="x'${rawKey}'"`);
    file.pragma(`page_size=${PAGE_BYTES}`); // only a file without pages takes it
    file.pragma('journal_mode=WAL'); // the first real read: a wrong key ends here
    file.pragma('synchronous=FULL');
    if (process.platform === 'darwin') {
      file.pragma('fullfsync=ON'); // there, fsync alone leaves the data in the drive's cache
      file.pragma('checkpoint_fullfsync=ON');
    }
    file.pragma('foreign_keys=ON');
    file.pragma('temp_store=MEMORY'); // temporary files would not be encrypted
    file.pragma(`wal_autocheckpoint=${CHECKPOINT_PAGES}`);
    file.pragma(`journal_size_limit=${WAL_KEPT_BYTES}`);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

function openingError(error: unknown, path: string): unknown {
  if (error instanceof AtlasError) return error;
  if (error instanceof Database.SqliteError)
    return error.code === 'SQLITE_NOTADB' ? notOurs(error, path) : storeError(error);
  const code = systemCode(error);
  if (code === undefined) return error;
  return new AtlasError('store_unavailable', `the database ${path} cannot be opened (${code})`, {
    hint: `see that the folder ${dirname(path)} exists, and that this user may write there`,
    cause: error,
  });
}

function notOurs(cause: Error, path: string): AtlasError {
  if (isPlaintext(path))
    return new AtlasError('store_key_wrong', `the database ${path} is not encrypted`, {
      hint: 'Atlas Fleet never made this file: name another path, or move the file away',
      cause,
    });
  return new AtlasError('store_key_wrong', `the database ${path} does not open with this db_encryption_key`, {
    hint: 'use the key it was made with; if the key is right, the file is damaged: restore it from a backup',
    cause,
  });
}

/** Asks SQLite: reading the file ourselves would, on closing it, drop this process's locks on it (POSIX). */
function isPlaintext(path: string): boolean {
  const file = new Database(path, { readonly: true, fileMustExist: true });
  try {
    file.pragma('schema_version');
    return true;
  } catch {
    return false;
  } finally {
    file.close();
  }
}
