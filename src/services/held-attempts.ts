/** Attempts in the memory of one process: a stand-in until the stores of node.ts keep them. */
import type { Attempts, AttemptStore } from '../store/attempt-store.ts';

export class HeldAttempts implements AttemptStore {
  readonly #rows = new Map<string, Attempts>();

  async change(...[subjects, judge]: Parameters<AttemptStore['change']>): Promise<void> {
    const held = [...this.#rows].filter(([subject]) => subjects.includes(subject));
    for (const [subject, row] of judge(new Map(held))) {
      if (row === null) this.#rows.delete(subject);
      else this.#rows.set(subject, row);
    }
  }

  async sweep(beforeMs: number): Promise<number> {
    const old = [...this.#rows].filter(([, row]) => Math.max(row.lastMs, row.blockedUntilMs) < beforeMs);
    for (const [subject] of old) this.#rows.delete(subject);
    return old.length;
  }
}
