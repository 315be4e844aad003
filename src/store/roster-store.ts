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
  /** Removes what lies at `from` and behind it. */
  cut(from: number): Promise<void>;
}

/** A step on this node's own disk. */
export interface HeldStep {
  readonly bytes: Uint8Array;
  /** It counted here for so long that it is not judged against another any more. */
  readonly isSettled: boolean;
}

/** This node's own copy, where nobody else writes. Rejects with the errors of the disk. */
export interface RosterDisk {
  load(): Promise<readonly HeldStep[]>;
  /** On the disk when the promise resolves, in place of what lay there. */
  keep(epoch: number, step: HeldStep): Promise<void>;
  cut(from: number): Promise<void>;
}
