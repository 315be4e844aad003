/**
 * Who was told to wait, in bounded memory of this one server, so that asking again at once costs no transaction. What
 * the store says is asked again after at most LOOK_AGAIN_SECONDS: another server may have let him off meanwhile.
 */
import type { Clock } from '../../base/clock.ts';

/** Arbitrary. */
export const LOOK_AGAIN_SECONDS = 30;
/** Arbitrary: about 2 MB. Who was told first is forgotten first. */
const REFUSED_MAX = 10_000;

interface Refused {
  /** Monotonic milliseconds. */
  readonly untilMs: number;
  readonly lookAgainMs: number;
}

export class RefusedLately {
  readonly #clock: Clock;
  readonly #refused = new Map<string, Refused>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(key: string, waitMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#refused.delete(key);
    this.#refused.set(key, {
      untilMs: nowMs + waitMs,
      lookAgainMs: nowMs + Math.min(waitMs, LOOK_AGAIN_SECONDS * 1000),
    });
    const [first] = this.#refused.keys();
    if (this.#refused.size > REFUSED_MAX && first !== undefined) this.#refused.delete(first);
  }

  /** Milliseconds; 0: the store has to be asked. */
  waitMs(key: string): number {
    const refused = this.#refused.get(key);
    if (refused === undefined) return 0;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < refused.lookAgainMs) return refused.untilMs - nowMs;
    this.#refused.delete(key);
    return 0;
  }

  /** After a change that may have let somebody off. */
  forgetAll(): void {
    this.#refused.clear();
  }
}
