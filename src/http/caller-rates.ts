/**
 * How often one caller may ask (docs/limits.md). Who is known is limited as himself, so that no stranger behind the
 * same address uses his share up; who is not, by the network he comes from. Agents are limited by the machine in
 * their reports, and what comes through the control socket not at all.
 */
import type { Clock } from '../base/clock.ts';
import { AtlasError, type ErrorCode } from '../base/errors.ts';
import { networkOf } from '../services/limits/network-of.ts';
import { RateLimit } from '../services/limits/rate-limit.ts';
import type { RateRule } from '../services/limits/rate-rule.ts';
import { type Caller, ownerOf } from './caller.ts';

export interface CallerRateRules {
  /** Requests of one session or token. */
  readonly person: RateRule;
  /** Requests of one network to what is open to anybody. */
  readonly open: RateRule;
  /** Keys, tokens and sessions of one network that are not good. */
  readonly wrong: RateRule;
  /** KiB of long reports of one network that did not open; one report at least. */
  readonly longReports: RateRule;
}

/** All arbitrary: a page polls about ten requests a second at 20,000 machines, and loads about thirty files. */
export const CALLER_RATES: CallerRateRules = {
  person: { burst: 1000, perSecond: 100 },
  open: { burst: 1000, perSecond: 100 },
  wrong: { burst: 60, perSecond: 1 },
  longReports: { burst: 4096, perSecond: 64 },
};

/** Of a request that reads a list or a chart, in requests. */
export const READING_COST = 4;
/** Of a login: each costs two transactions and a hash that is slow on purpose. */
export const LOGIN_COST = 20;
/** Of what a joiner asks: some signatures, and once in its life the whole way to the registry. */
export const JOIN_COST = 20;
/** Of a package: a second of a core, and a hundred megabytes to hand over. */
export const BUILDING_COST = 100;
/** Of health: to refuse it costs as much as to answer, and a balancer would take the server for dead. */
export const FREE = 0;

/** Who has fewer wrong ones left than this is a suspect. Arbitrary. */
const SUSPECT_LEFT = 10;
/**
 * Bytes of a report that is looked at whatever else its network sent, so that an agent with an old key, or somebody who
 * has the one key of all, shuts out no other behind the same address. Agents' are shorter, and it costs as little to
 * refuse one of these as to take its request.
 */
export const SHORT_REPORT_BYTES = 32 * 1024;
const KIB = 1024;
const WRONG: ReadonlySet<ErrorCode> = new Set(['api_key_wrong', 'token_unknown', 'session_ended']);

export class CallerRates {
  readonly #person: RateLimit;
  readonly #open: RateLimit;
  readonly #wrong: RateLimit;
  readonly #longReports: RateLimit;
  readonly #suspectLeft: number;

  constructor({ person, open, wrong, longReports }: CallerRateRules, clock: Clock) {
    const hint = 'Wait, then ask less often.';
    this.#suspectLeft = Math.min(SUSPECT_LEFT, wrong.burst);
    this.#person = new RateLimit({ ...person, who: 'One session or token', what: 'requests', hint }, clock);
    this.#open = new RateLimit(
      { ...open, who: 'One address', what: 'requests without a login', hint },
      clock,
    );
    this.#wrong = new RateLimit(
      {
        ...wrong,
        who: 'One address',
        what: 'wrong keys, tokens and ended sessions',
        hint: 'Correct them: a right one is let in at any time.',
      },
      clock,
    );
    this.#longReports = new RateLimit(
      {
        ...longReports,
        who: 'One address',
        what: 'KiB of long reports that cannot be opened',
        hint: `One of at most ${SHORT_REPORT_BYTES / KIB} KiB is let in at any time.`,
      },
      clock,
    );
  }

  /** For who may pass. Throws rate_limited. */
  admitted(caller: Caller, address: string, cost: number): void {
    if (cost === FREE || caller.kind === 'agent' || caller.kind === 'local') return;
    if (caller.kind === 'nobody') this.#open.take(networkOf(address), cost);
    else this.#person.take(ownerOf(caller), cost);
  }

  /** Whether this network has shown nearly as many wrong ones as it may; it stays so for some quiet seconds. */
  isSuspect(network: string): boolean {
    return this.#wrong.waitMs(network, this.#suspectLeft) > 0;
  }

  tooManyWrong(network: string): AtlasError {
    return this.#wrong.refusal(this.#wrong.waitMs(network, this.#suspectLeft));
  }

  /** For who may not, after it was looked at: a right key behind the same address is never kept out by wrong ones. */
  refused(error: unknown, address: string): void {
    if (!(error instanceof AtlasError)) return;
    if (WRONG.has(error.code)) this.#wrong.take(networkOf(address));
    else if (error.kind === 'unauthenticated' || error.kind === 'forbidden')
      this.#open.take(networkOf(address));
  }

  /** For a report of this length that is not read yet, as if it were none. Throws rate_limited. */
  reportComes(address: string, bytes: number): void {
    if (bytes > SHORT_REPORT_BYTES) this.#longReports.take(networkOf(address), kib(bytes));
  }

  /** For one that came, and opened. */
  reportOpened(address: string, bytes: number): void {
    if (bytes > SHORT_REPORT_BYTES) this.#longReports.giveBack(networkOf(address), kib(bytes));
  }
}

function kib(bytes: number): number {
  return Math.ceil(bytes / KIB);
}
