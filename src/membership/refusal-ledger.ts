/**
 * Refused records, counted: by code, by the node they claim to be from and by the slot they lay in. Bounded, so
 * that ten thousand junk names cost no memory: the name that was longest not heard of gives way, junk before what
 * was authentic, and is counted on under one name for each code.
 */
import { escapeControls } from '../base/log.ts';
import { REFUSAL_CODES, type Refusal, type RefusalCode } from '../protocol/refusal.ts';

/** Counts kept, of which one for each code stays free for what does not fit. */
const ENTRIES_MAX = 256;
const NAMED_MAX = ENTRIES_MAX - REFUSAL_CODES.length;
/** Names kept for one code, so that a flood under one does not take those of the others. Arbitrary. */
const NAMED_OF_CODE_MAX = 64;
/** What anybody who can write to the registry can provoke in any number, under any name. */
const UNPROVEN: ReadonlySet<RefusalCode> = new Set(
  REFUSAL_CODES.slice(0, REFUSAL_CODES.indexOf('wrong_slot') + 1),
);
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
  /** The one noted last at the end. */
  readonly #named = new Map<string, RefusalCount>();
  readonly #others = new Map<RefusalCode, RefusalCount>();

  note(refusal: Refusal, claimed: { nodeId: string; slot: string }, wallMs: number): RefusalCount {
    const one: RefusalCount = {
      code: refusal.code,
      nodeId: shownId(claimed.nodeId),
      slot: claimed.slot,
      reason: refusal.reason,
      count: 1,
      firstAtMs: wallMs,
      lastAtMs: wallMs,
    };
    const key = JSON.stringify([one.code, one.nodeId, one.slot]);
    const before = this.#named.get(key);
    if (before === undefined && !this.#makeRoom(one.code)) return this.#countAmongOthers(one);
    const entry = before === undefined ? one : together(before, one);
    this.#named.delete(key);
    this.#named.set(key, entry);
    return entry;
  }

  /** More names were refused under this code than are kept. */
  isCrowded(code: RefusalCode): boolean {
    return this.#others.has(code);
  }

  /** False when there is none: all room is taken by what is worth more than this code. */
  #makeRoom(code: RefusalCode): boolean {
    const named = [...this.#named];
    const ofCode = named.filter(([, entry]) => entry.code === code);
    const hasShare = ofCode.length < NAMED_OF_CODE_MAX;
    if (hasShare && named.length < NAMED_MAX) return true;
    const junk = named.filter(([, entry]) => UNPROVEN.has(entry.code));
    const authentic = UNPROVEN.has(code) ? [] : named;
    const [oldest] = hasShare ? [...junk, ...authentic] : ofCode;
    if (oldest === undefined) return false;
    const [key, entry] = oldest;
    this.#named.delete(key);
    this.#countAmongOthers(entry);
    return true;
  }

  #countAmongOthers(one: RefusalCount): RefusalCount {
    const before = this.#others.get(one.code);
    const nameless = { ...one, nodeId: OTHERS, slot: OTHERS };
    const entry = before === undefined ? nameless : together(before, nameless);
    this.#others.set(one.code, entry);
    return entry;
  }

  /** Newest first. */
  get counts(): RefusalCount[] {
    return [...this.#named.values(), ...this.#others.values()].sort((a, b) => b.lastAtMs - a.lastAtMs);
  }
}

/** Two counts of one name, with the reason of the later. */
function together(a: RefusalCount, b: RefusalCount): RefusalCount {
  const later = a.lastAtMs > b.lastAtMs ? a : b;
  return { ...later, count: a.count + b.count, firstAtMs: Math.min(a.firstAtMs, b.firstAtMs) };
}

/** A claimed id as it may be shown: bounded, and no byte of it moves a cursor or turns the text around. */
export function shownId(claimed: string): string {
  return escapeControls(claimed.slice(0, CLAIMED_ID_MAX_LENGTH));
}
