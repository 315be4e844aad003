/**
 * Whether a record is new: its window against our clock, its place after what was seen before
 * (docs/protocol/records.md, "Fresh"). The two sides of the window are two numbers: an abs() would give every
 * record that came early the age limit as a second life.
 */
import { type Refusal, refuse } from './refusal.ts';

export interface Window {
  readonly nowSeconds: number;
  readonly maxAgeSeconds: number;
  readonly clockToleranceSeconds: number;
}

/** Undefined when the timestamp (Unix seconds) is inside the window; a bound that is not a number lets nothing in. */
export function checkWindow(timestamp: number, window: Window): Refusal | undefined {
  const age = window.nowSeconds - timestamp;
  if (!(-age <= window.clockToleranceSeconds)) {
    return refuse('timestamp_future', `Timestamp in future (${-age}s > ${window.clockToleranceSeconds}s)`);
  }
  if (!(age <= window.maxAgeSeconds)) {
    return refuse('timestamp_old', `Timestamp too old (${age}s > ${window.maxAgeSeconds}s)`);
  }
  return undefined;
}

/** The highest record of one node and type that was believed. */
export interface Mark {
  readonly incarnation: number;
  readonly sequence: number;
  readonly timestamp: number;
  /** SHA-256 of the record's bytes, hex. */
  readonly digest: string;
}

/** `old_news`: these very bytes again. No alarm, and no life. */
export type Novelty = 'fresh' | 'old_news' | Refusal;

/** Compares with what was seen; `seen` undefined means that nothing of this node and type ever was. */
export function judgeNovelty(record: Mark, seen: Mark | undefined): Novelty {
  if (seen === undefined) return 'fresh';
  if (record.incarnation === seen.incarnation && record.sequence === seen.sequence) {
    if (record.digest === seen.digest) return 'old_news';
    return refuse('clone', 'Two different records under one sequence number');
  }
  if (isAhead(record, seen)) return 'fresh';
  if (record.incarnation < seen.incarnation && record.timestamp > seen.timestamp) {
    return refuse('clone', 'An earlier incarnation is still speaking');
  }
  return refuse('replayed', 'Replayed: an older record than one already seen');
}

/** Incarnation first: a restarted node counts its sequence from the beginning. */
export function isAhead(
  a: Pick<Mark, 'incarnation' | 'sequence'>,
  b: Pick<Mark, 'incarnation' | 'sequence'>,
) {
  return a.incarnation > b.incarnation || (a.incarnation === b.incarnation && a.sequence > b.sequence);
}
