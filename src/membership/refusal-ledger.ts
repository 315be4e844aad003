/**
 * Refused records, counted: by code, by the node they claim to be from and by the slot they lay in. Bounded, so
 * that ten thousand junk names cost no memory: what does not fit is counted under one name for each code, until
 * what was counted gets old and gives way.
 */
import { escapeControls } from '../base/log.ts';
import { REFUSAL_CODES, type Refusal, type RefusalCode } from '../protocol/refusal.ts';

/** Counts kept, of which one for each code stays free for what does not fit. */
const ENTRIES_MAX = 256;
const NAMED_MAX = ENTRIES_MAX - REFUSAL_CODES.length;
/** Milliseconds after its last refusal for which a count is kept, though another asks for its place. Arbitrary. */
const KEPT_MS = 24 * 3_600_000;
/** Characters kept of a claimed id. */
const CLAIMED_ID_MAX_LENGTH = 64;
const OTHERS = '(others)';

export interface RefusedRecord {
  readonly code: RefusalCode;
  /** As claimed, controls escaped: whoever wrote the record chose it. */
  readonly nodeId: string;
  readonly slot: string;
  /** Of the last one, in the seeds' words. */
  readonly reason: string;
}

export interface RefusalCount extends RefusedRecord {
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export class RefusalLedger {
  readonly #counts = new Map<string, RefusalCount>();

  note(refusal: Refusal, claimed: { nodeId: string; slot: string }, wallMs: number): RefusalCount {
    const nodeId = shownId(claimed.nodeId);
    const own = JSON.stringify([refusal.code, nodeId, claimed.slot]);
    const fits = this.#counts.has(own) || this.#hasRoom(wallMs);
    const key = fits ? own : refusal.code;
    const before = this.#counts.get(key);
    const entry: RefusalCount = {
      code: refusal.code,
      nodeId: fits ? nodeId : OTHERS,
      slot: fits ? claimed.slot : OTHERS,
      reason: refusal.reason,
      count: (before?.count ?? 0) + 1,
      firstAtMs: before?.firstAtMs ?? wallMs,
      lastAtMs: wallMs,
    };
    this.#counts.set(key, entry);
    return entry;
  }

  #hasRoom(wallMs: number): boolean {
    if (this.#counts.size < NAMED_MAX) return true;
    const old = [...this.#counts].filter(([, { lastAtMs }]) => wallMs - lastAtMs > KEPT_MS);
    for (const [key] of old) this.#counts.delete(key);
    return this.#counts.size < NAMED_MAX;
  }

  /** Newest first. */
  get counts(): RefusalCount[] {
    return [...this.#counts.values()].sort((a, b) => b.lastAtMs - a.lastAtMs);
  }
}

/** A claimed id as it may be shown: bounded, and no byte of it moves a cursor or turns the text around. */
export function shownId(claimed: string): string {
  return escapeControls(claimed.slice(0, CLAIMED_ID_MAX_LENGTH));
}
