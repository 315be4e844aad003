/** What a database can answer instead of a result, whatever its engine. */
import { AtlasError } from '../../base/errors.ts';
import { STORE_RETRY_SECONDS } from './limits.ts';

/** The database refuses a value it was given, not the work as such: the same row will fail again, others will not. */
export class RowRefused extends Error {
  override readonly name = 'RowRefused';
}

/** The database undid a transaction for another's sake (a deadlock): the same work may succeed at once. */
export class TransactionUndone extends Error {
  override readonly name = 'TransactionUndone';
}

export function refusal(cause: Error): RowRefused {
  return new RowRefused('the database refuses a value', { cause });
}

export function unavailable(message: string, hint: string, cause?: unknown): AtlasError {
  return new AtlasError('store_unavailable', message, {
    hint,
    cause,
    retryAfterSeconds: STORE_RETRY_SECONDS,
  });
}

export function lockedError(cause?: unknown): AtlasError {
  return new AtlasError('store_locked', 'another process keeps the database locked', {
    hint: 'see which other programs have the database open',
    cause,
    retryAfterSeconds: STORE_RETRY_SECONDS,
  });
}

export function closedError(): AtlasError {
  return new AtlasError('store_unavailable', 'the database is closed: the server is stopping');
}
