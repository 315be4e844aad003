/** What was wrong with the chain in the backend: told for a while after it is over, and logged now and then. */
import type { Clock } from '../../base/clock.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { RosterTrouble } from '../../membership/roster-trouble.ts';

/** Milliseconds for which trouble that is over is still told: as long as refused records are. */
const TROUBLE_SHOWN_MS = 10 * 60_000;

export class RosterComplaints {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rare: RateLimitedLog;
  #last: { readonly trouble: RosterTrouble; readonly atMs: number } | null = null;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
    this.#rare = new RateLimitedLog(clock);
  }

  /** Null when there was nothing lately. */
  get latest(): RosterTrouble | null {
    if (this.#last === null) return null;
    const isOver = this.#clock.monotonicMs() - this.#last.atMs >= TROUBLE_SHOWN_MS;
    return isOver ? null : this.#last.trouble;
  }

  note(trouble: RosterTrouble): void {
    this.#last = { trouble, atMs: this.#clock.monotonicMs() };
    this.#rare.once(`roster ${trouble.kind}`, (times) =>
      this.#log.warn('cluster.roster.trouble', 'The roster in the registry is not what was proved', {
        ...trouble,
        times,
      }),
    );
  }

  settle(): void {
    this.#last = null;
  }
}
