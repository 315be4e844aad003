/**
 * Whose clock is wrong? When one server speaks outside the window, it is its own; when most do, it is ours. Only
 * authentic records count, and only once the same server has spoken so a second time, and later: the stale rows
 * of servers that stopped long ago accuse nobody. Records from the future prove it; late ones may be held back.
 */
import { isAhead, type Mark } from '../protocol/freshness.ts';
import type { RecordType } from '../protocol/keyring.ts';
import { MEMBERS_MAX, NODE_RECORD_RENEW_SECONDS } from '../protocol/limits.ts';

export type OwnClock = 'trusted' | 'behind' | 'ahead_or_held_back';

interface IllTimed {
  readonly nodeId: string;
  readonly type: RecordType;
  readonly mark: Mark;
  /** Otherwise it is too old. */
  readonly isFuture: boolean;
}

interface Doubt {
  readonly nodeId: string;
  readonly isFuture: boolean;
  readonly mark: Mark;
  readonly atMs: number;
  readonly times: number;
}

/** Records outside the window, one ahead of the other, that make a doubt. */
const DOUBT_TIMES = 2;
/** Of this many others at least, or two servers would each suspect themselves. */
const DOUBTFUL_MIN = 2;
/** Milliseconds for which a doubt lasts: a node record, the rarer of the two, comes twice in it. */
const DOUBT_MS = 2 * NODE_RECORD_RENEW_SECONDS * 1000;

export class ClockSuspicion {
  readonly #doubts = new Map<string, Doubt>();

  /** An authentic record, ahead of all seen, that lay outside the window. `nowMs` is monotonic. */
  note({ nodeId, type, mark, isFuture }: IllTimed, nowMs: number): void {
    this.#forgetOld(nowMs);
    const key = `${type} ${nodeId}`;
    const before = this.#doubts.get(key);
    if (before !== undefined && !isAhead(mark, before.mark)) return;
    if (before === undefined && this.#doubts.size >= 2 * MEMBERS_MAX) return;
    this.#doubts.set(key, { nodeId, isFuture, mark, atMs: nowMs, times: (before?.times ?? 0) + 1 });
  }

  /** It speaks inside the window. */
  clear(nodeId: string): void {
    this.#doubts.delete(`node ${nodeId}`);
    this.#doubts.delete(`heartbeat ${nodeId}`);
  }

  /** `fine`: how many others are healthy, so that their clocks agree with ours. */
  ownClock(fine: number, nowMs: number): OwnClock {
    this.#forgetOld(nowMs);
    const wrong = [...this.#doubts.values()].filter(({ times }) => times >= DOUBT_TIMES);
    if (!areMost(wrong, fine)) return 'trusted';
    const future = wrong.filter(({ isFuture }) => isFuture);
    return areMost(future, fine) ? 'behind' : 'ahead_or_held_back';
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { atMs }] of this.#doubts) if (nowMs - atMs > DOUBT_MS) this.#doubts.delete(key);
  }
}

function areMost(doubts: readonly Doubt[], fine: number): boolean {
  const doubtful = new Set(doubts.map(({ nodeId }) => nodeId)).size;
  return doubtful >= DOUBTFUL_MIN && doubtful > fine;
}
