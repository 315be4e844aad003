/** How often the chain in the backend is written over: two halves of a cluster, each sure of itself, end up quiet. */
import type { Clock } from '../../base/clock.ts';

/** At once, and milliseconds until there is one more. Arbitrary: a slip of the backend needs one. */
const PUT_BACKS = 12;
const REFILL_MS = 60_000;

export class PutBackBudget {
  readonly #clock: Clock;
  #left = PUT_BACKS;
  #countedAtMs: number;
  #refusedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAtMs = clock.monotonicMs();
  }

  /** Whether one more is allowed; it is then spent. */
  spend(): boolean {
    const nowMs = this.#clock.monotonicMs();
    const earned = Math.floor((nowMs - this.#countedAtMs) / REFILL_MS);
    this.#left = Math.min(PUT_BACKS, this.#left + earned);
    this.#countedAtMs += earned * REFILL_MS;
    if (this.#left === 0) {
      this.#refusedAtMs = nowMs;
      return false;
    }
    this.#left -= 1;
    return true;
  }

  /** One was refused a short while ago. */
  get isSpent(): boolean {
    return this.#clock.monotonicMs() - this.#refusedAtMs < 2 * REFILL_MS;
  }

  refill(): void {
    this.#left = PUT_BACKS;
    this.#refusedAtMs = Number.NEGATIVE_INFINITY;
  }
}
