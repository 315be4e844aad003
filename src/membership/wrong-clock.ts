/**
 * Authentic heartbeats of one member, each ahead of all seen, and outside the window: it lives, and its clock is wrong.
 * One alone may be a recording that was held back.
 */
import type { Refusal } from '../protocol/refusal.ts';

/** Of them one after the other before a member counts as rejected. */
const TIMES = 2;

export class WrongClock {
  #refusal: Refusal | null = null;
  /** Monotonic ms. */
  #atMs = 0;
  #times = 0;

  note(refusal: Refusal, nowMs: number): void {
    this.#refusal = refusal;
    this.#atMs = nowMs;
    this.#times += 1;
  }

  /** A heartbeat inside the window. */
  heal(): void {
    this.#refusal = null;
    this.#times = 0;
  }

  /** Why its records are refused, when the last one was at most so long ago. */
  refusalAt(nowMs: number, withinMs: number): Refusal | null {
    return this.#times >= TIMES && nowMs - this.#atMs < withinMs ? this.#refusal : null;
  }

  /** We could not see: what it sent meanwhile is not known. */
  prolong(nowMs: number): void {
    this.#atMs = nowMs;
  }
}
