/**
 * Where attempts that failed are counted, for all servers on one database together: who guesses gains nothing by
 * asking another server. Subjects (a name from an address, an address) are known here by their SHA-256 alone.
 */

/** Of one subject. Times are Unix milliseconds. */
export interface Attempts {
  readonly count: number;
  readonly lastMs: number;
  readonly blockedUntilMs: number;
}

export interface AttemptStore {
  /**
   * Reads these subjects (SHA-256, hex), lets `judge` decide, and writes what it returns, null being removal: one
   * transaction that others on the same subjects wait for. `judge` is pure and may throw; then nothing is written,
   * and the promise rejects with what it threw. Rejects with store_unavailable or store_locked.
   */
  change(
    subjects: readonly string[],
    judge: (current: ReadonlyMap<string, Attempts>) => ReadonlyMap<string, Attempts | null>,
  ): Promise<void>;
  /** Forgets subjects whose last attempt and block lie before. Returns how many. */
  sweep(beforeMs: number): Promise<number>;
}
