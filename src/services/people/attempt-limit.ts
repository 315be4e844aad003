/**
 * Slows down who guesses, on all servers of one database together: an attempt counts as a failure from its start
 * until it has succeeded, so that a hundred at once are not one. The rule stands in attempt-rule.ts; the store knows
 * subjects by their SHA-256 alone.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { AttemptStore, Attempts } from '../../store/attempt-store.ts';
import { Places } from '../limits/places.ts';
import { RefusedLately } from '../limits/refused-lately.ts';
import { ATTEMPT_WINDOW_SECONDS, judgeAttempt, takeBack } from './attempt-rule.ts';

/** Failures of one subject that cost nothing. */
export const ATTEMPTS_FREE = 5;
/** How long who succeeded is spared the limits that he shares with others. Arbitrary. */
export const WELCOME_DAYS = 30;
/**
 * Attempts of one server under way: each holds connections of the database that reports and health need too. Arbitrary.
 */
const ATTEMPTS_AT_ONCE = 4;
export const ATTEMPTS_WAITING_MAX = 64;
const BUSY_RETRY_SECONDS = 5;
/** What the rule has long forgotten; so much longer that a clock which runs ahead sweeps nothing that counts. */
const SWEEP_AGE_MS = 86_400_000;

/** What attempts are counted for: a user from an address, an address, a user. */
export interface Subject {
  /** Its parts; no other subject has the same. */
  readonly name: readonly string[];
  readonly free: number;
  /** Whether a success forgives the failures before it, or takes back its own alone. */
  readonly forgiving: boolean;
}

export interface Trial {
  /** Whose attempt it is. */
  readonly own: Subject;
  /** Who else it counts for, unless `own` has succeeded within WELCOME_DAYS: a stranger shuts out nobody known. */
  readonly shared: readonly Subject[];
  /** Whose pardon() holds for it. */
  readonly pardon?: readonly string[];
}

export class AttemptLimit {
  readonly #store: AttemptStore;
  readonly #clock: Clock;
  readonly #places = new Places({ running: ATTEMPTS_AT_ONCE, waiting: ATTEMPTS_WAITING_MAX }, tooManyAtOnce);
  readonly #refused: RefusedLately;

  constructor(attempts: AttemptStore, clock: Clock) {
    this.#store = attempts;
    this.#clock = clock;
    this.#refused = new RefusedLately(clock);
  }

  /** Forgets what has not counted for a day; to be called now and then by one holder of the store. */
  async sweep(): Promise<void> {
    await this.#store.sweep(this.#clock.wallMs() - SWEEP_AGE_MS);
  }

  /**
   * What `check` resolves to: undefined is a failure, a rejection is none (nothing was guessed). Rejects with
   * rate_limited before `check` is called, with the store's errors, and as `check` does.
   */
  async attempt<T>(trial: Trial, check: () => Promise<T | undefined>): Promise<T | undefined> {
    this.#requireNotRefused(trial);
    return this.#places.take(() => {
      this.#requireNotRefused(trial); // others of this subject may have used up what was free meanwhile
      return this.#try(trial, check);
    });
  }

  /** Failures until now count no more in trials that this pardon holds for. */
  async pardon(name: readonly string[]): Promise<void> {
    const key = pardonKey(name);
    const pardoned = { count: 0, lastMs: this.#clock.wallMs(), blockedUntilMs: 0 };
    await this.#store.change([key], () => new Map([[key, pardoned]]));
    this.#refused.forgetAll();
  }

  #requireNotRefused({ own }: Trial): void {
    const waitMs = this.#refused.waitMs(keyOf(own));
    if (waitMs > 0) throw tooMany(waitMs);
  }

  async #try<T>(trial: Trial, check: () => Promise<T | undefined>): Promise<T | undefined> {
    const counted = await this.#begin(trial);
    let found: T | undefined;
    try {
      found = await check();
    } catch (error) {
      await this.#end(counted, () => false).catch(() => {}); // the store is away: it stays counted
      throw error;
    }
    if (found !== undefined) await this.#end(counted, ({ forgiving }) => forgiving, welcomeKey(trial));
    return found;
  }

  /** Resolves to what is counted now. */
  async #begin(trial: Trial): Promise<readonly Subject[]> {
    const nowMs = this.#clock.wallMs();
    const welcome = welcomeKey(trial);
    const pardon = trial.pardon && pardonKey(trial.pardon);
    const all = [trial.own, ...trial.shared];
    let counted: readonly Subject[] = all;
    let waitMs = 0;
    await this.#store.change([...all.map(keyOf), welcome, ...(pardon ? [pardon] : [])], (held) => {
      const pardonedMs = pardonTime(pardon ? held.get(pardon) : undefined, nowMs);
      counted = isWelcome(held.get(welcome), nowMs) ? [trial.own] : all;
      const judged = counted.map((subject) => {
        const key = keyOf(subject);
        const row = held.get(key);
        const counts = row !== undefined && row.lastMs > pardonedMs;
        return { key, ...judgeAttempt(counts ? row : undefined, subject.free, nowMs) };
      });
      waitMs = Math.max(...judged.map((one) => one.waitMs));
      // Of a refused attempt only what stood in the future is written: brought back, so that its time runs.
      const news = judged.filter(
        (one) => waitMs === 0 || (one.waitMs > 0 && one.attempts !== held.get(one.key)),
      );
      return new Map(news.map(({ key, attempts }) => [key, attempts]));
    });
    if (waitMs === 0) return counted;
    this.#refused.note(keyOf(trial.own), waitMs);
    throw tooMany(waitMs);
  }

  /** `welcome`: for whom it is written down that he succeeded. */
  async #end(
    counted: readonly Subject[],
    isForgiven: (subject: Subject) => boolean,
    welcome?: string,
  ): Promise<void> {
    const nowMs = this.#clock.wallMs();
    await this.#store.change([...counted.map(keyOf), ...(welcome ? [welcome] : [])], (held) => {
      const rows = new Map<string, Attempts | null>();
      for (const subject of counted) {
        const key = keyOf(subject);
        rows.set(key, isForgiven(subject) ? null : takeBack(held.get(key), subject.free));
      }
      return welcome ? rows.set(welcome, welcomeFrom(nowMs)) : rows;
    });
    this.#refused.forgetAll(); // who shares a subject with this one may have nothing to wait for any more
  }
}

function tooMany(waitMs: number): AtlasError {
  const minutes = ATTEMPT_WINDOW_SECONDS / 60;
  return new AtlasError(
    'rate_limited',
    `Too many failed attempts: after ${ATTEMPTS_FREE} within ${minutes} minutes each has to wait.`,
    { hint: 'Wait, then try again.', retryAfterSeconds: Math.ceil(waitMs / 1000) },
  );
}

function tooManyAtOnce(): AtlasError {
  return new AtlasError(
    'rate_limited',
    `No more than ${ATTEMPTS_WAITING_MAX} attempts wait at the same time to be checked.`,
    { hint: 'Wait, then try again.', retryAfterSeconds: BUSY_RETRY_SECONDS },
  );
}

/** Where it is written down until when failures are forgiven. */
function pardonKey(name: readonly string[]): string {
  return keyOf({ name: ['pardon', ...name] });
}

/** One of a clock that is ahead would forgive what is yet to come. */
function pardonTime(row: Attempts | undefined, nowMs: number): number {
  return row !== undefined && row.lastMs <= nowMs ? row.lastMs : Number.NEGATIVE_INFINITY;
}

/** Where it is written down that this one succeeded. */
function welcomeKey({ own }: Trial): string {
  return keyOf({ name: ['welcome', ...own.name] });
}

/** A row without failures: `blockedUntilMs` keeps it from being swept until then, and blocks nobody. */
function welcomeFrom(nowMs: number): Attempts {
  return { count: 0, lastMs: nowMs, blockedUntilMs: nowMs + WELCOME_DAYS * 86_400_000 };
}

function isWelcome(row: Attempts | undefined, nowMs: number): boolean {
  return row !== undefined && nowMs < row.blockedUntilMs;
}

/** SHA-256 of the parts, hex. As JSON, so that no part can pretend to be two. */
function keyOf({ name }: Pick<Subject, 'name'>): string {
  return createHash('sha256').update(JSON.stringify(name)).digest('hex');
}
