/**
 * Who did what, written down. A trust act is recorded before it happens, and does not happen when that fails: while the
 * database is away nobody is added or handed a secret. Evictions alone do not wait for it (insist). A login is noted
 * beside its answer, which does not wait for the note. So the log may tell of an act that a server did not live to do.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../base/clock.ts';
import { AtlasError, type ErrorCode } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { AuditAction } from '../../store/audit-action.ts';
import type {
  AuditActor,
  AuditDetail,
  AuditLog,
  AuditOutcome,
  NewAuditEntry,
} from '../../store/audit-log.ts';
import { type AuditQuery, auditPage } from './audit-view.ts';

const SWEEP_MS = 3_600_000;
/** Characters of a name, a subject and each text of a detail; the rest is cut off. Arbitrary. */
export const AUDIT_TEXT_MAX_LENGTH = 256;
/** Particulars of one entry; what follows is left out. Arbitrary. */
export const AUDIT_DETAILS_MAX = 16;

/** What a server does by itself. */
export const SYSTEM_ACTOR: AuditActor = { kind: 'system', name: '' };
/** Who was not known. */
export const ANONYMOUS_ACTOR: AuditActor = { kind: 'anonymous', name: '' };

export interface AuditAct {
  readonly actor: AuditActor;
  readonly action: AuditAction;
  /** To whom or what. */
  readonly subject?: string;
  /** No secret: whoever may administer reads it. */
  readonly detail?: AuditDetail;
  /** `done` unless said otherwise. */
  readonly outcome?: AuditOutcome;
  /** Of the caller, as the guard established it. */
  readonly address?: string | null;
}

/** On whose behalf, and from where. */
export type AskedBy = Required<Pick<AuditAct, 'actor' | 'address'>>;

/** What a service needs that does trust acts. */
export interface AuditTrail {
  /**
   * To be awaited before the act. Durable when it resolves; rejects with store_unavailable or store_locked, and then
   * the act must not happen.
   */
  record(act: AuditAct): Promise<void>;
}

export interface AuditOptions {
  readonly audit: AuditLog;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class Audit implements AuditTrail {
  readonly #store: AuditLog;
  readonly #nodeId: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rareLog: RateLimitedLog;
  readonly #noting = new Set<Promise<void>>();
  #sweep: Timer | undefined;

  constructor({ audit, nodeId, clock, log }: AuditOptions) {
    this.#store = audit;
    this.#nodeId = nodeId;
    this.#clock = clock;
    this.#log = log;
    this.#rareLog = new RateLimitedLog(clock);
  }

  /** Forgets what is older than must be kept once an hour, until stop(). */
  start(): void {
    this.#sweep = this.#clock.after(SWEEP_MS, () => {
      this.start();
      this.#store.forgetOld(this.#clock.wallMs()).catch((error: unknown) => {
        this.#log.warn('audit.sweep_failed', 'Old entries of the audit log could not be removed', {
          err: error,
        });
      });
    });
  }

  /** Resolves when what was noted is written, or cannot be. */
  async stop(): Promise<void> {
    this.#sweep?.cancel();
    await Promise.all(this.#noting);
  }

  record(act: AuditAct): Promise<void> {
    return this.#store.append(this.#entryOf(act));
  }

  /** For what has happened already, and for what must not wait: never rejects, and says so in the log when it fails. */
  note(act: AuditAct): void {
    const noting: Promise<void> = this.record(act)
      .catch((error: unknown) => {
        this.#rareLog.once(act.action, (times) => {
          this.#log.error('audit.not_written', 'An entry of the audit log could not be written', {
            action: act.action,
            times,
            err: error,
          });
        });
      })
      .finally(() => this.#noting.delete(noting));
    this.#noting.add(noting);
  }

  /** Rejects with bad_cursor, and with the store's errors. */
  page(query: AuditQuery): ReturnType<typeof auditPage> {
    return auditPage(this.#store, query);
  }

  /** Records the act, then does it. When it is refused or fails, a second entry says so. Rejects as both do. */
  async perform<Result>(act: AuditAct, work: () => Promise<Result>): Promise<Result> {
    await this.record(act);
    return this.#attempt(act, work);
  }

  /**
   * As perform(), for what takes power away: whoever is evicted may be the one that keeps the database from being
   * written, and must not hold up his own eviction so. When the act cannot be recorded it is done all the same, said in
   * the log, and noted afterwards if it can be; the signed step of the roster is the record of it that nobody can rewrite.
   */
  async insist<Result>(act: AuditAct, work: () => Promise<Result>): Promise<Result> {
    const isRecorded = await this.#recordIfPossible(act);
    const result = await this.#attempt(act, work);
    if (!isRecorded) this.note(act);
    return result;
  }

  async #recordIfPossible(act: AuditAct): Promise<boolean> {
    try {
      await this.record(act);
      return true;
    } catch (error) {
      if (!isStoreAway(error)) throw error;
      const { action, subject } = act;
      this.#log.error('audit.went_on', 'An eviction goes on, although it cannot be written down first', {
        action,
        subject,
        err: error,
      });
      return false;
    }
  }

  async #attempt<Result>(act: AuditAct, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const { outcome, code } = whyNot(error);
      this.note({ ...act, outcome, detail: { ...act.detail, code } });
      throw error;
    }
  }

  #entryOf({ actor, action, subject = '', detail = {}, outcome = 'done', address = null }: AuditAct) {
    const entry: NewAuditEntry = {
      entryId: randomUUID(),
      atMs: this.#clock.wallMs(),
      actor: { kind: actor.kind, name: bounded(actor.name) },
      action,
      subject: bounded(subject),
      detail: boundedDetail(detail),
      outcome,
      nodeId: this.#nodeId,
      address,
    };
    return entry;
  }
}

function isStoreAway(error: unknown): boolean {
  return error instanceof AtlasError && (error.code === 'store_unavailable' || error.code === 'store_locked');
}

/** Refused: by a rule, whose code says which. Failed: whatever we did not foresee, or depend on. */
function whyNot(error: unknown): { outcome: AuditOutcome; code: ErrorCode } {
  if (!(error instanceof AtlasError)) return { outcome: 'failed', code: 'internal' };
  const isOurs = error.kind === 'internal' || error.kind === 'unavailable' || error.kind === 'config';
  return { outcome: isOurs ? 'failed' : 'refused', code: error.code };
}

function boundedDetail(detail: AuditDetail): AuditDetail {
  const pairs = Object.entries(detail).slice(0, AUDIT_DETAILS_MAX);
  return Object.fromEntries(
    pairs.map(([name, value]) => [bounded(name), typeof value === 'string' ? bounded(value) : value]),
  );
}

function bounded(text: string): string {
  return text.slice(0, AUDIT_TEXT_MAX_LENGTH);
}
