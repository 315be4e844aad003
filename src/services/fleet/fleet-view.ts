/**
 * The fleet as pages and scripts ask for it: machines page by page, one machine, one chart. Every answer says
 * by which clock and by which rule it was judged. Shapes are those of src/http/shapes/machines.ts.
 */
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import {
  describeMachine,
  type MachineStatus,
  type MachineView,
  machineStatus,
  type StatusThresholds,
  statusThresholds,
} from '../../fleet/machine.ts';
import {
  buildSeries,
  isRate,
  pointsThatFit,
  rateMaxGapMs,
  type Series,
  type SeriesMetric,
  type SeriesRange,
} from '../../fleet/series.ts';
import { MACHINE_ID } from '../../protocol/report.ts';
import type { MachinePage, ReportStore, Sample } from '../../store/report-store.ts';
import { Turns } from '../limits/turns.ts';
import { readCursor, writeCursor } from '../page-cursor.ts';

export const MACHINES_PER_PAGE = 100;
export const MACHINES_PER_PAGE_MAX = 500;
export const SERIES_POINTS_MAX = 2000;
/** Samples read for one chart: two days at a report each 10 s, the time for which raw reports are kept. */
export const SERIES_MAX_SAMPLES = 20_000;
/** How old the counts over a fleet of more than one page may be. They cost a read of every machine. */
const COUNTS_MAX_AGE_MS = 2000;

export interface MachineListView {
  items: MachineView[];
  next_cursor: string | null;
  total: number;
  counts: Record<MachineStatus, number>;
  thresholds: { late_after_seconds: number; offline_after_seconds: number };
  checked_at: string;
}

export interface FleetViewOptions {
  readonly reports: ReportStore;
  readonly clock: Clock;
  /** Seconds between two reports of an agent. */
  readonly agentIntervalSeconds: number;
}

export class FleetView {
  readonly #reports: ReportStore;
  readonly #clock: Clock;
  readonly #thresholds: StatusThresholds;
  readonly #rateMaxGapMs: number;
  readonly #turns = new Turns();
  #everyone: { readonly atMs: number; readonly lastSeenMs: Promise<readonly number[]> } | undefined;

  constructor({ reports, clock, agentIntervalSeconds }: FleetViewOptions) {
    this.#reports = reports;
    this.#clock = clock;
    this.#thresholds = statusThresholds(agentIntervalSeconds);
    this.#rateMaxGapMs = rateMaxGapMs(agentIntervalSeconds);
  }

  /** Rejects with bad_cursor, view_busy, and with bad_request for a limit outside 1 to MACHINES_PER_PAGE_MAX. */
  async machines(page: { limit?: number; cursor?: string } = {}): Promise<MachineListView> {
    const { limit = MACHINES_PER_PAGE, cursor } = page;
    if (!Number.isInteger(limit) || limit < 1 || limit > MACHINES_PER_PAGE_MAX) {
      throw new AtlasError('bad_request', `limit is a whole number from 1 to ${MACHINES_PER_PAGE_MAX}.`);
    }
    const after = cursor === undefined ? {} : { after: readCursor(cursor, MACHINE_ID) };
    return this.#turns.take(() => this.#list({ ...after, limit }));
  }

  async #list(page: { after?: string; limit: number }): Promise<MachineListView> {
    const found = await this.#reports.machines(page);
    const lastSeenMs = await this.#lastSeenMs(found);
    const nowMs = this.#clock.wallMs();
    return {
      items: found.machines.map((row) => describeMachine(row, nowMs, this.#thresholds)),
      next_cursor: found.nextAfter === null ? null : writeCursor(found.nextAfter),
      total: found.total,
      counts: this.#count(lastSeenMs, nowMs),
      thresholds: {
        late_after_seconds: this.#thresholds.lateAfterMs / 1000,
        offline_after_seconds: this.#thresholds.offlineAfterMs / 1000,
      },
      checked_at: new Date(nowMs).toISOString(),
    };
  }

  /** Rejects with machine_unknown. */
  async machine(machineId: string): Promise<MachineView> {
    const row = await this.#reports.machine(machineId);
    if (row === undefined) {
      throw new AtlasError('machine_unknown', 'No machine with this id has reported.', {
        hint: 'The list of machines has the ids of those that did.',
      });
    }
    return describeMachine(row, this.#clock.wallMs(), this.#thresholds);
  }

  /**
   * At most `points` buckets; fewer when the reports come more slowly than that. A range with more than
   * SERIES_MAX_SAMPLES starts where the samples that were read start, so that none looks missing.
   * Rejects with machine_unknown, view_busy, bad_request.
   */
  async series(machineId: string, metric: SeriesMetric, range: SeriesRange): Promise<Series> {
    checkRange(range);
    await this.machine(machineId);
    return this.#turns.take(() => this.#chart(machineId, metric, range));
  }

  async #chart(machineId: string, metric: SeriesMetric, range: SeriesRange): Promise<Series> {
    const { fromMs, toMs } = range;
    const readFromMs = isRate(metric) ? fromMs - this.#rateMaxGapMs : fromMs;
    const samples = await this.#reports.samples(machineId, {
      fromMs: readFromMs,
      toMs,
      limit: SERIES_MAX_SAMPLES,
    });
    const held = { ...range, fromMs: heldFromMs(samples, fromMs) };
    const fitting = { ...held, points: pointsThatFit(samples, held) };
    return buildSeries(metric, samples, fitting, this.#rateMaxGapMs);
  }

  #count(lastSeenMs: readonly number[], nowMs: number): Record<MachineStatus, number> {
    const counts = { online: 0, late: 0, offline: 0 };
    for (const seenMs of lastSeenMs) counts[machineStatus(nowMs - seenMs, this.#thresholds)] += 1;
    return counts;
  }

  /** Of all machines: from the page itself when it is the whole fleet, else from a reading that is not too old. */
  async #lastSeenMs(page: MachinePage): Promise<readonly number[]> {
    if (page.machines.length === page.total) return page.machines.map((row) => row.lastSeenMs);
    const nowMs = this.#clock.monotonicMs();
    if (this.#everyone === undefined || nowMs - this.#everyone.atMs > COUNTS_MAX_AGE_MS) {
      const reading = { atMs: nowMs, lastSeenMs: this.#reports.lastSeen() };
      this.#everyone = reading;
      reading.lastSeenMs.catch(() => {
        if (this.#everyone === reading) this.#everyone = undefined;
      });
    }
    return this.#everyone.lastSeenMs;
  }
}

function checkRange({ fromMs, toMs, points }: SeriesRange): void {
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs) || fromMs >= toMs) {
    throw new AtlasError('bad_request', 'from is before to, both in whole milliseconds.');
  }
  if (!Number.isInteger(points) || points < 1 || points > SERIES_POINTS_MAX) {
    throw new AtlasError('bad_request', `points is a whole number from 1 to ${SERIES_POINTS_MAX}.`);
  }
}

function heldFromMs(samples: readonly Sample[], fromMs: number): number {
  const [oldest] = samples;
  return oldest === undefined || samples.length < SERIES_MAX_SAMPLES
    ? fromMs
    : Math.max(fromMs, oldest.takenAtMs);
}
