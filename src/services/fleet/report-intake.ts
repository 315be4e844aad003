/**
 * Takes a report in: opens it, judges its time, stores it, and only then says so (docs/protocol/reports.md).
 * What take() resolves to is durable. A sender learns only that a report was refused, never why.
 */
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import { REPORT_MAX_BYTES } from '../../protocol/limits.ts';
import { type OpenedReport, openReport } from '../../protocol/sealed-report.ts';
import type { AcceptedReport, ReportStore } from '../../store/report-store.ts';
import { RateLimit } from '../limits/rate-limit.ts';
import { RateMeter } from '../limits/rate-meter.ts';
import { MachineRoom } from './machine-room.ts';
import { claimedTime, judgeTime } from './report-time.ts';

/** Reports on their way to the disk; more are sent away to come again. Arbitrary: some seconds of a slow disk. */
export const INTAKE_MAX_PENDING = 2048;
/**
 * Reports of one machine: a day of them at an interval of ten seconds, so that a Mac that comes back is rid of its
 * spool at once; and twenty times what it sends otherwise.
 */
export const MACHINE_REPORTS = { burst: 8640, perSecond: 2 } as const;
const BUSY_RETRY_SECONDS = 2;
/** The one text for every kind of bad envelope, key, byte and content. */
const REFUSED_TEXT = 'The report was refused.';

/** What is said of a report whose time is not the one that its machine claims. */
const ODD_TIMES = {
  old: ['report.old', 'Report acknowledged but not stored: it is older than what is kept'],
  ahead: ['report.ahead', 'Report stored under the time it came: the clock of its machine is ahead'],
} as const;

export const INTAKE_OUTCOMES = ['stored', 'known', 'old', 'refused', 'plain', 'limited'] as const;
export type IntakeOutcome = (typeof INTAKE_OUTCOMES)[number];

type ReportTimes = Pick<AcceptedReport, 'claimedAtMs' | 'takenAtMs' | 'receivedAtMs'>;

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
  readonly #room: MachineRoom;
  #pending = 0;

  constructor(options: ReportIntakeOptions) {
    this.#options = options;
    this.#rareLog = new RateLimitedLog(options.clock);
    this.#meters = ofEach(() => new RateMeter(options.clock));
    this.#room = new MachineRoom(options);
    const words = { who: 'One machine', what: 'reports', hint: 'Keep this one, and send it again then.' };
    this.#limit = new RateLimit({ ...MACHINE_REPORTS, ...words }, options.clock);
  }

  /**
   * `stored` is false when this very sealing was stored before, or when the report is older than what is kept.
   * Rejects with report_v1_off, report_plain, report_refused, body_too_large, rate_limited, intake_busy, fleet_full, or
   * the store's error.
   */
  async take(body: Uint8Array): Promise<{ stored: boolean }> {
    const opened = this.#open(body);
    const receivedAtMs = this.#options.clock.wallMs();
    const claimedAtMs = claimedTime(opened.report);
    const time = judgeTime(claimedAtMs, receivedAtMs);
    if (time !== 'claimed') this.#noteTime(time, opened, claimedAtMs - receivedAtMs);
    if (time === 'old') {
      this.#meters.old.add();
      return { stored: false };
    }
    this.#requireRate(opened.report.machine_id);
    this.#requirePlace();
    const when = { claimedAtMs, takenAtMs: time === 'ahead' ? receivedAtMs : claimedAtMs, receivedAtMs };
    const stored = (await this.#append(opened, when)) === 'stored';
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

  #noteTime(time: keyof typeof ODD_TIMES, { report }: OpenedReport, aheadMs: number): void {
    const [event, sentence] = ODD_TIMES[time];
    const fields = { machine_id: report.machine_id, clock_offset_seconds: Math.round(aheadMs / 1000) };
    this.#rareLog.once(time, (times) => this.#options.log.warn(event, sentence, { ...fields, times }));
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

  #requirePlace(): void {
    if (this.#pending < INTAKE_MAX_PENDING) return;
    const sentence = `No more than ${INTAKE_MAX_PENDING} reports wait for the disk at the same time.`;
    throw new AtlasError('intake_busy', sentence, { retryAfterSeconds: BUSY_RETRY_SECONDS });
  }

  async #append({ report, nonce }: OpenedReport, when: ReportTimes) {
    const { reports, nodeId } = this.#options;
    this.#pending += 1;
    try {
      await this.#room.require(report.machine_id);
      const outcome = await reports.append({ report, nonce, ...when, viaNode: nodeId });
      // Of a nonce that is known nothing is stored, so its machine may be made up all the same.
      if (outcome === 'stored') this.#room.entered(report.machine_id);
      return outcome;
    } finally {
      this.#pending -= 1;
    }
  }
}

function ofEach<T>(make: (outcome: IntakeOutcome) => T): Record<IntakeOutcome, T> {
  return Object.fromEntries(INTAKE_OUTCOMES.map((outcome) => [outcome, make(outcome)])) as Record<
    IntakeOutcome,
    T
  >;
}
