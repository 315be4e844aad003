/**
 * This node's copy of the roster's chain: believed in memory at once, and brought to the disk as soon as that takes
 * it. A disk that is full is this node's own trouble and no reason to go on believing a member that was evicted.
 */
import type { Clock } from '../../base/clock.ts';
import { AtlasError, reasonOf } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { type Chain, commonLength, extend } from '../../membership/roster-chain.ts';
import type { RosterDisk } from '../../store/roster-store.ts';

/**
 * Node timeouts for which a node sees a step in the backend, before it is never judged against another: who is evicted
 * later, or gets hold of an old member's key, writes no new past. By this node's own looks and not by the signer's
 * clock. Arbitrary: a backend that lost a write is found out and put right within two looks.
 */
export const SETTLING_TIMEOUTS = 4;

export interface RosterCopyParts {
  readonly disk: RosterDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
}

export class RosterCopy {
  readonly #parts: RosterCopyParts;
  readonly #rare: RateLimitedLog;
  #chain: Chain | null = null;
  /** The first so many of our steps are settled. */
  #settled = 0;
  /** By epoch: since when the backend is seen to hold a step (monotonic ms). None for what it was not seen to hold. */
  #seenSinceMs: number[] = [];
  /** So many of our steps are on the disk, and so many are settled there. */
  #saved = 0;
  #savedSettled = 0;
  /** The disk may hold more than our steps. */
  #hasTail = false;
  #isUnsaved = false;

  constructor(parts: RosterCopyParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  get chain(): Chain | null {
    return this.#chain;
  }

  /** The disk does not take what is believed: after a restart it would be asked of the registry again. */
  get isUnsaved(): boolean {
    return this.#isUnsaved;
  }

  /** Rejects with roster_invalid when the disk holds something else than a chain. */
  async load(): Promise<void> {
    const { steps, settled } = await this.#parts.disk.load();
    const { chain, fault } = extend(null, steps);
    if (fault !== null)
      throw new AtlasError(
        'roster_invalid',
        `the roster on this server's disk does not hold together: ${fault}`,
        {
          hint: 'restore the data folder from a backup, or remove its roster folder to take the one of the cluster',
        },
      );
    this.#chain = chain;
    this.#settled = settled;
    this.#savedSettled = settled;
    this.#saved = steps.length;
  }

  isSettled(epoch: number): boolean {
    return epoch < this.#settled;
  }

  /** The backend showed it at a look after it was written: others may have it too. */
  isSeen(epoch: number): boolean {
    return this.isSettled(epoch) || this.#seenSinceMs[epoch] !== undefined;
  }

  /** The backend shows all that is held: what it has shown for long enough is settled. Never rejects. */
  async noteSeen(): Promise<void> {
    const { clock, timeoutMs } = this.#parts;
    const nowMs = clock.monotonicMs();
    const length = this.#chain?.steps.length ?? 0;
    for (let epoch = this.#settled; epoch < length; epoch += 1) this.#seenSinceMs[epoch] ??= nowMs;
    const isDue = (epoch: number) =>
      nowMs - (this.#seenSinceMs[epoch] ?? nowMs) > SETTLING_TIMEOUTS * timeoutMs;
    while (this.#settled < length && isDue(this.#settled)) this.#settled += 1;
    await this.save();
  }

  /** `settled`: as if it had counted for long, because a person said so. Never rejects. */
  async take(chain: Chain, { settled = false } = {}): Promise<void> {
    const same = commonLength(this.#chain, chain);
    this.#settled = settled ? chain.steps.length : Math.min(this.#settled, same);
    this.#seenSinceMs = this.#seenSinceMs.slice(0, same);
    this.#hasTail ||= this.#saved > same;
    this.#saved = Math.min(this.#saved, same);
    this.#chain = chain;
    await this.save();
  }

  /** Brings to the disk what is not there yet. Never rejects. */
  async save(): Promise<void> {
    const steps = this.#chain?.steps ?? [];
    const isSaved = this.#saved === steps.length && this.#savedSettled === this.#settled;
    if (isSaved && !this.#hasTail) return;
    const { disk, log } = this.#parts;
    try {
      if (this.#hasTail) await disk.cut(this.#saved);
      if (this.#hasTail) this.#savedSettled = Math.min(this.#savedSettled, this.#saved);
      this.#hasTail = false;
      const unsaved = steps.slice(this.#saved).map(({ bytes }) => bytes);
      if (unsaved.length > 0) await disk.keep(this.#saved, unsaved);
      this.#saved = steps.length;
      if (this.#savedSettled !== this.#settled) await disk.settle(this.#settled);
      this.#savedSettled = this.#settled;
      this.#isUnsaved = false;
    } catch (error) {
      this.#isUnsaved = true;
      this.#rare.once('unsaved', (times) =>
        log.error('cluster.roster.unsaved', 'The roster cannot be written to this disk; trying again', {
          ...reasonOf(error),
          times,
        }),
      );
    }
  }
}
