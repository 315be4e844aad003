/**
 * How often something happened in the last 60 seconds, and how often at all, in constant memory. Judged on the
 * monotonic clock, so that a clock that was set does not show a minute that never was.
 */
import type { Clock } from '../../base/clock.ts';

const SLOTS = 60;
const SLOT_MS = 1000;

export class RateMeter {
  readonly #clock: Clock;
  readonly #counts = new Array<number>(SLOTS).fill(0);
  /** The newest second that has a slot. */
  #second: number;
  #total = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#second = this.#now();
  }

  add(): void {
    this.#turn();
    const slot = this.#second % SLOTS;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.#total += 1;
  }

  /** Of the last 60 s, the running second included. */
  lastMinute(): number {
    this.#turn();
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Since the start of the process. */
  get total(): number {
    return this.#total;
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicMs() / SLOT_MS);
  }

  #turn(): void {
    const now = this.#now();
    for (let second = Math.max(this.#second + 1, now - SLOTS + 1); second <= now; second += 1) {
      this.#counts[second % SLOTS] = 0;
    }
    this.#second = now;
  }
}
