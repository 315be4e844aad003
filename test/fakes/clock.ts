/**
 * A clock that moves only when told. advance() runs what falls due on the way, in the order of time, and lets
 * promises settle between, so that a timer may set the next one.
 */
import type { Clock, Timer } from '../../src/base/clock.ts';

export const START_MS = Date.UTC(2026, 10, 21, 12, 0, 0);

export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 1000;
  #timers: { dueMs: number; call: () => void }[] = [];

  constructor(wallMs: number = START_MS) {
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(ms: number, call: () => void): Timer {
    const timer = { dueMs: this.#monotonicMs + ms, call };
    this.#timers.push(timer);
    const cancel = () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
    return { cancel };
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Only the wall clock, as when somebody sets it. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      const due = next;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.#move(Math.max(due.dueMs, this.#monotonicMs));
      due.call();
      await settle();
    }
    this.#move(endMs);
    await settle();
  }

  #next(endMs: number) {
    return this.#timers.filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
  }

  #move(toMs: number): void {
    this.#wallMs += toMs - this.#monotonicMs;
    this.#monotonicMs = toMs;
  }
}

/** Lets every promise that waits for no input or output settle. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
