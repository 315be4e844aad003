/**
 * Where the chain of roster steps rests: in the shared backend, which is taken to be hostile, and on each node's own
 * disk, which is trusted. Bytes in, bytes out; what a step is worth is for the fold to say (membership/roster.ts).
 */
import type { SlotReading } from './member-store.ts';

/** A step is written only where there is none, so of two who write at once one is told that he was second. */
export interface RosterStore {
  /**
   * What lies at `from` and behind it, at most `limit` places, up to the first that is empty. At most
   * ROSTER_STEP_MAX_BYTES + 1 bytes of each. Rejects with member_store_unavailable.
   */
  read(from: number, limit: number): Promise<readonly SlotReading[]>;
  /** False when something lies there already. True only when it will be found there by whoever reads next. */
  append(epoch: number, bytes: Uint8Array): Promise<boolean>;
  /** Over what lies there: a step that lost against this one, or something that is no step. */
  replace(epoch: number, bytes: Uint8Array): Promise<void>;
  /**
   * Removes what lies at `from` and in the CUT_PLACES behind it. What is left lies behind a hole, and is nobody's step;
   * to follow it to its end would be to work for whoever put it there.
   */
  cut(from: number): Promise<void>;
}

/** Places. Arbitrary. */
export const CUT_PLACES = 128;

/** On this node's own disk. */
export interface HeldChain {
  readonly steps: readonly Uint8Array[];
  /** The first so many counted here for so long that they are not judged against others any more. */
  readonly settled: number;
}

/** This node's own copy, where nobody else writes. Rejects with the errors of the disk. */
export interface RosterDisk {
  load(): Promise<HeldChain>;
  /** From this epoch on. On the disk when the promise resolves, in place of what lay there; a crash leaves the first ones. */
  keep(from: number, steps: readonly Uint8Array[]): Promise<void>;
  /** The first so many. */
  settle(count: number): Promise<void>;
  /** Removes what lies at `from` and behind it, settled or not. */
  cut(from: number): Promise<void>;
}
