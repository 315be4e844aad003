/**
 * Refused records, counted: by code, by the node they claim to be from and by the slot they lay in. Bounded, so
 * that ten thousand junk names cost no memory: what does not fit is counted under one name for each code.
 */
import type { Refusal, RefusalCode } from '../protocol/refusal.ts';

/** Counts kept. */
const ENTRIES_MAX = 256;
/** Characters kept of a claimed id. */
const CLAIMED_ID_MAX_LENGTH = 64;
const OTHERS = '(others)';

export interface RefusalCount {
  readonly code: RefusalCode;
  /** As claimed: whoever wrote the record chose it. */
  readonly nodeId: string;
  readonly slot: string;
  /** Of the last one, in the seeds' words. */
  readonly reason: string;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export class RefusalLedger {
  readonly #counts = new Map<string, RefusalCount>();

  note(refusal: Refusal, claimed: { nodeId: string; slot: string }, wallMs: number): RefusalCount {
    const nodeId = claimed.nodeId.slice(0, CLAIMED_ID_MAX_LENGTH);
    const own = JSON.stringify([refusal.code, nodeId, claimed.slot]);
    const fits = this.#counts.has(own) || this.#counts.size < ENTRIES_MAX;
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

  /** Newest first. */
  get counts(): RefusalCount[] {
    return [...this.#counts.values()].sort((a, b) => b.lastAtMs - a.lastAtMs);
  }
}
