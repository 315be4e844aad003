/**
 * Takes a report in: opens it, judges its time, stores it, and only then says so (docs/protocol/reports.md).
 * What take() resolves to is durable. A sender learns only that a report was refused, never why.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import {
  MACHINES_MAX,
  REPORT_CLOCK_TOLERANCE_SECONDS,
  REPORT_MAX_AGE_DAYS,
  REPORT_MAX_BYTES,
} from '../../protocol/limits.ts';
import { type OpenedReport, openReport } from '../../protocol/sealed-report.ts';
import type { ReportStore } from '../../store/report-store.ts';
import { RateLimit } from '../limits/rate-limit.ts';
import { RateMeter } from '../limits/rate-meter.ts';

/** Reports on their way to the disk; more are sent away to come again. Arbitrary: some seconds of a slow disk. */
export const INTAKE_MAX_PENDING = 2048;
/**
 * Reports of one machine: a day of them at an interval of ten seconds, so that a Mac that comes back is rid of its
 * spool at once; and twenty times what it sends otherwise.
 */
export const MACHINE_REPORTS = { burst: 8640, perSecond: 2 } as const;
const BUSY_RETRY_SECONDS = 2;
const FULL_RETRY_SECONDS = 3600;
const NONCE_SWEEP_MS = 3_600_000;
const REPORT_MAX_AGE_MS = REPORT_MAX_AGE_DAYS * 86_400_000;
const TOLERANCE_MS = REPORT_CLOCK_TOLERANCE_SECONDS * 1000;
/** The one text for every kind of bad envelope, key, byte and content. */
const REFUSED_TEXT = 'The report was refused.';

export const INTAKE_OUTCOMES = ['stored', 'known', 'old', 'refused', 'plain', 'limited'] as const;
export type IntakeOutcome = (typeof INTAKE_OUTCOMES)[number];

export interface ReportIntakeOptions {
  readonly reports: ReportStore;
  readonly clock: Clock;
  readonly log: Log;
  /** 32 bytes, shared by all agents of version 1. */
  readonly encryptionKey: Secret;
  readonly acceptV1: boolean;
  readonly nodeId: string;
}

export class ReportIntake {
  readonly #options: ReportIntakeOptions;
  readonly #rareLog: RateLimitedLog;
  readonly #meters: Record<IntakeOutcome, RateMeter>;
  readonly #limit: RateLimit;
  readonly #listeners = new Set<(machineId: string) => void>();
  /** Machines that the store has: at most MACHINES_MAX, and some that raced in. */
  readonly #known = new Set<string>();
  #pending = 0;
  #sweep: Timer | undefined;

  constructor(options: ReportIntakeOptions) {
    this.#options = options;
    this.#rareLog = new RateLimitedLog(options.clock);
    this.#meters = ofEach(() => new RateMeter(options.clock));
    const words = { who: 'One machine', what: 'reports', hint: 'Keep this one, and send it again then.' };
    this.#limit = new RateLimit({ ...MACHINE_REPORTS, ...words }, options.clock);
  }

  /** Forgets old nonces once an hour, until stop(). */
  start(): void {
    this.#sweep = this.#options.clock.after(NONCE_SWEEP_MS, () => {
      this.start();
      void this.#forgetNonces();
    });
  }

  stop(): void {
    this.#sweep?.cancel();
  }

  /**
   * `stored` is false when this very sealing was stored before, or when the report is older than what is kept.
   * Rejects with report_v1_off, report_plain, report_refused, body_too_large, rate_limited, intake_busy, fleet_full, or
   * the store's error.
   */
  async take(body: Uint8Array): Promise<{ stored: boolean }> {
    const opened = this.#open(body);
    const receivedAtMs = this.#options.clock.wallMs();
    const takenAtMs = this.#judgeTime(opened, receivedAtMs);
    if (takenAtMs === undefined) {
      this.#meters.old.add();
      return { stored: false };
    }
    this.#requireRate(opened.report.machine_id);
    if (this.#pending >= INTAKE_MAX_PENDING) {
      throw new AtlasError(
        'intake_busy',
        `No more than ${INTAKE_MAX_PENDING} reports wait for the disk at the same time.`,
        {
          retryAfterSeconds: BUSY_RETRY_SECONDS,
        },
      );
    }
    const stored = (await this.#append(opened, takenAtMs, receivedAtMs)) === 'stored';
    this.#meters[stored ? 'stored' : 'known'].add();
    if (stored) for (const listener of this.#listeners) listener(opened.report.machine_id);
    return { stored };
  }

  /** Calls after each stored report, until the returned function is called. The listener must not throw. */
  onStored(listener: (machineId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Stored in the last 60 s. */
  reportsPerMinute(): number {
    return this.#meters.stored.lastMinute();
  }

  counts(): Record<IntakeOutcome, { lastMinute: number; total: number }> {
    return ofEach((outcome) => {
      const meter = this.#meters[outcome];
      return { lastMinute: meter.lastMinute(), total: meter.total };
    });
  }

  #open(body: Uint8Array): OpenedReport {
    const { acceptV1, encryptionKey, log } = this.#options;
    if (body.byteLength > REPORT_MAX_BYTES) {
      throw new AtlasError('body_too_large', `A report has at most ${REPORT_MAX_BYTES} bytes.`);
    }
    if (!acceptV1) {
      throw new AtlasError('report_v1_off', 'This server does not accept reports under the shared key.', {
        hint: 'Install the current agent package, or set server.accept_v1 to true.',
      });
    }
    const opening = openReport(body, encryptionKey);
    if (opening.kind === 'opened') return opening.opened;
    if (opening.kind === 'plain') {
      this.#meters.plain.add();
      this.#rareLog.once('plain', (times) => {
        log.warn('report.plain', 'Report refused: it was sent in clear', { times });
      });
      throw new AtlasError('report_plain', 'This server accepts encrypted reports only.', {
        hint: 'Give the agent the encryption_key of this server.',
      });
    }
    this.#meters.refused.add();
    this.#rareLog.once('refused', (times) => {
      log.warn('report.refused', 'Report refused: it could not be opened', { times });
    });
    throw new AtlasError('report_refused', REFUSED_TEXT);
  }

  /** When the figures were taken as we believe it, Unix ms; undefined when that is longer ago than nonces are kept. */
  #judgeTime({ report }: OpenedReport, receivedAtMs: number): number | undefined {
    const claimedAtMs = claimedTime(report);
    const aheadMs = claimedAtMs - receivedAtMs;
    if (aheadMs >= -REPORT_MAX_AGE_MS && aheadMs <= TOLERANCE_MS) return claimedAtMs;
    const old = aheadMs < 0;
    const fields = { machine_id: report.machine_id, clock_offset_seconds: Math.round(aheadMs / 1000) };
    this.#rareLog.once(old ? 'old' : 'ahead', (times) => {
      const sentence = old
        ? 'Report acknowledged but not stored: it is older than what is kept'
        : 'Report stored under the time it came: the clock of its machine is ahead';
      this.#options.log.warn(old ? 'report.old' : 'report.ahead', sentence, { ...fields, times });
    });
    return old ? undefined : receivedAtMs;
  }

  #requireRate(machineId: string): void {
    try {
      this.#limit.take(machineId);
    } catch (error) {
      this.#meters.limited.add();
      this.#rareLog.once('limited', (times) => {
        const sentence = 'Report sent away to come again: its machine sends too many';
        this.#options.log.warn('report.limited', sentence, { machine_id: machineId, times });
      });
      throw error;
    }
  }

  /** Whoever holds the shared key can make machines up; they end at MACHINES_MAX, and those that report go on. */
  async #requireRoom(machineId: string): Promise<void> {
    if (this.#known.has(machineId)) return;
    const { reports, log } = this.#options;
    if ((await reports.machine(machineId)) !== undefined) return void this.#known.add(machineId);
    const total = await reports.countMachines();
    if (total < MACHINES_MAX) return;
    this.#rareLog.once('full', (times) =>
      log.error('report.fleet_full', `Report of a new machine not taken: the fleet has ${total}`, { times }),
    );
    throw new AtlasError('fleet_full', `This fleet has ${MACHINES_MAX} machines already.`, {
      hint: 'Machines that it has still report. Look for made-up ids in its list of machines.',
      retryAfterSeconds: FULL_RETRY_SECONDS,
    });
  }

  async #append({ report, nonce }: OpenedReport, takenAtMs: number, receivedAtMs: number) {
    const { reports, nodeId } = this.#options;
    this.#pending += 1;
    try {
      await this.#requireRoom(report.machine_id);
      const claimedAtMs = claimedTime(report);
      const accepted = { report, nonce, claimedAtMs, takenAtMs, receivedAtMs, viaNode: nodeId };
      const outcome = await reports.append(accepted);
      // Of a nonce that is known nothing is stored, so its machine may be made up all the same.
      if (outcome === 'stored') this.#known.add(report.machine_id);
      return outcome;
    } finally {
      this.#pending -= 1;
    }
  }

  /**
   * What judges a report when it comes again is the time it claims: from seven days after that it is too old to be
   * stored. So that time ends its nonce too, whenever it came, and the tolerance later for servers whose clocks differ.
   * The nonces of a machine whose clock is a year ahead are kept for that year.
   */
  async #forgetNonces(): Promise<void> {
    const { reports, clock, log } = this.#options;
    try {
      await reports.forgetNonces(clock.wallMs() - REPORT_MAX_AGE_MS - TOLERANCE_MS);
    } catch (error) {
      log.warn('report.sweep_failed', 'Old nonces could not be forgotten; the next try is in an hour', {
        err: error,
      });
    }
  }
}

function claimedTime({ metrics }: OpenedReport['report']): number {
  return Math.round(metrics.timestamp * 1000);
}

function ofEach<T>(make: (outcome: IntakeOutcome) => T): Record<IntakeOutcome, T> {
  return Object.fromEntries(INTAKE_OUTCOMES.map((outcome) => [outcome, make(outcome)])) as Record<
    IntakeOutcome,
    T
  >;
}
