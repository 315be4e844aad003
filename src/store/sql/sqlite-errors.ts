/**
 * What SQLite says, as what we say. A refused value stays told apart from a failing database, because the
 * sender of the one must stop and the sender of the other must try again.
 */
import Database from 'better-sqlite3-multiple-ciphers';
import { lockedError, refusal, unavailable } from './failures.ts';

const FAILURES: Readonly<Record<string, { message: string; hint: string }>> = {
  SQLITE_FULL: { message: 'the disk of the database is full', hint: 'free some space on that disk' },
  SQLITE_IOERR: {
    message: 'the disk of the database cannot be read or written',
    hint: 'see the system log for errors of that disk',
  },
  SQLITE_CORRUPT: {
    message: 'a page of the database was changed or damaged',
    hint: 'stop the server and restore the database from a backup',
  },
  SQLITE_READONLY: {
    message: 'the database may not be written',
    hint: 'give the user that runs Atlas Fleet write access to the file and its folder',
  },
};
// Once a page failed its check, SQLCipher gives this for all that follow.
const FAILURES_AFTER_OPENING = { ...FAILURES, SQLITE_NOTADB: FAILURES.SQLITE_CORRUPT };

export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && primaryCode(error) === 'SQLITE_BUSY';
}

/** AtlasError for a failing database, RowRefused for a value it will not take, and anything else as it is. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const code = primaryCode(error);
  if (code === 'SQLITE_CONSTRAINT' || code === 'SQLITE_TOOBIG') return refusal(error);
  if (code === 'SQLITE_BUSY') return lockedError(error);
  const failure = FAILURES_AFTER_OPENING[code as keyof typeof FAILURES_AFTER_OPENING];
  return unavailable(
    failure?.message ?? `the database failed (${error.code})`,
    failure?.hint ?? 'see the cause in the log of this server',
    error,
  );
}

/** SQLITE_IOERR_WRITE is an SQLITE_IOERR. */
function primaryCode(error: { code: string }): string {
  return error.code.split('_').slice(0, 2).join('_');
}
