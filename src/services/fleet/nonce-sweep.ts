/**
 * Forgets the nonces of reports that would not be stored again (docs/protocol/reports.md). What judges a report when it
 * comes again is the time it claims; so that time ends its nonce too, whenever it came. The nonces of a machine whose
 * clock is a year ahead are kept for that year.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ReportStore } from '../../store/report-store.ts';
import { oldForAll } from './report-time.ts';

const SWEEP_MS = 3_600_000;

export interface NonceSweepParts {
  readonly reports: Pick<ReportStore, 'forgetNonces'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class NonceSweep {
  readonly #parts: NonceSweepParts;
  #timer: Timer | undefined;

  constructor(parts: NonceSweepParts) {
    this.#parts = parts;
  }

  /** Once an hour, until stop(). */
  start(): void {
    this.#timer = this.#parts.clock.after(SWEEP_MS, () => {
      this.start();
      void this.#sweep();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async #sweep(): Promise<void> {
    const { reports, clock, log } = this.#parts;
    try {
      await reports.forgetNonces(oldForAll(clock.wallMs()));
    } catch (error) {
      log.warn('report.sweep_failed', 'Old nonces could not be forgotten; the next try is in an hour', {
        err: error,
      });
    }
  }
}
