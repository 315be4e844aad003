/**
 * Should a load balancer send traffic here? Only the database decides, whether this server is starting or draining,
 * and whether it was evicted: what is reported to a server that nobody trusts any more is in the wrong hands. A registry that is away is "degraded" and still ready: otherwise every server would leave the
 * balancer at the same moment and nobody would take reports.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { within } from '../base/time-limit.ts';
import type { ReportStore } from '../store/report-store.ts';

/** Milliseconds between two probes of the database, and how long one may take. */
const PROBE_INTERVAL_MS = 5000;
const PROBE_DEADLINE_MS = 2000;
/** Milliseconds to the next probe after one that failed: nobody takes reports until it succeeds. */
const PROBE_AGAIN_MS = 1000;

export interface ReadinessView {
  status: 'ready' | 'starting' | 'draining' | 'unhealthy';
  degraded: boolean;
  /** Of `unhealthy` alone. */
  reason?: 'database_not_writable' | 'evicted';
}

/** Why the database cannot be written, and since when. */
export interface StoreOutage {
  readonly reason: string;
  /** Unix ms. */
  readonly sinceMs: number;
}

export class Readiness {
  readonly #reports: Pick<ReportStore, 'probe'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #isDegraded: () => boolean;
  readonly #isEvicted: () => boolean;
  #phase: 'starting' | 'running' | 'draining' = 'starting';
  #outage: StoreOutage | null = null;
  #timer: Timer | undefined;

  constructor(parts: {
    reports: Pick<ReportStore, 'probe'>;
    clock: Clock;
    log: Log;
    isDegraded: () => boolean;
    isEvicted: () => boolean;
  }) {
    this.#reports = parts.reports;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#isDegraded = parts.isDegraded;
    this.#isEvicted = parts.isEvicted;
  }

  view(): ReadinessView {
    const degraded = this.#isDegraded();
    if (this.#phase !== 'running') return { status: this.#phase, degraded };
    if (this.#isEvicted()) return { status: 'unhealthy', degraded, reason: 'evicted' };
    if (this.#outage !== null) return { status: 'unhealthy', degraded, reason: 'database_not_writable' };
    return { status: 'ready', degraded };
  }

  /** Null while the database takes what is written. */
  get outage(): StoreOutage | null {
    return this.#outage;
  }

  /** The server listens and everything it needs has answered once. */
  async ready(): Promise<void> {
    await this.#probe();
    this.#phase = 'running';
    this.#schedule();
  }

  drain(): void {
    this.#phase = 'draining';
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const waitMs = this.#outage === null ? PROBE_INTERVAL_MS : PROBE_AGAIN_MS;
    this.#timer = this.#clock.after(waitMs, () => {
      void this.#probe().then(() => {
        if (this.#timer !== undefined) this.#schedule();
      });
    });
  }

  async #probe(): Promise<void> {
    try {
      await within(this.#clock, PROBE_DEADLINE_MS, () => this.#reports.probe());
      if (this.#outage !== null) this.#log.info('store.writable', 'Database writable again');
      this.#outage = null;
    } catch (error) {
      this.#noteOutage(error instanceof Error ? error.message : String(error));
    }
  }

  #noteOutage(reason: string): void {
    if (this.#outage === null) {
      this.#log.error('store.not_writable', 'Database cannot be written; agents are sent to other servers', {
        reason,
      });
    }
    this.#outage = { reason, sinceMs: this.#outage?.sinceMs ?? this.#clock.wallMs() };
  }
}
