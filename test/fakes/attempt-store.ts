/** The contract of src/store/attempt-store.ts in memory; held to it by the same suite as the engines. */
import type { AttemptStore, Attempts } from '../../src/store/attempt-store.ts';

export class FakeAttemptStore implements AttemptStore {
  readonly rows = new Map<string, Attempts>();

  async change(
    subjects: readonly string[],
    judge: (current: ReadonlyMap<string, Attempts>) => ReadonlyMap<string, Attempts | null>,
  ): Promise<void> {
    const current = new Map(
      subjects.flatMap((subject) => {
        const row = this.rows.get(subject);
        return row === undefined ? [] : [[subject, row] as const];
      }),
    );
    for (const [subject, row] of judge(current)) {
      if (row === null) this.rows.delete(subject);
      else this.rows.set(subject, row);
    }
  }

  async sweep(beforeMs: number): Promise<number> {
    const old = [...this.rows].filter(
      ([, { lastMs, blockedUntilMs }]) => Math.max(lastMs, blockedUntilMs) < beforeMs,
    );
    for (const [subject] of old) this.rows.delete(subject);
    return old.length;
  }
}
