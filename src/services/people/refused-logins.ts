/**
 * Failed logins as entries of the audit log, and so few of them that nobody who guesses can fill the database: some at
 * once, then one now and again that says how many there were. (An address alone is slowed down before, see
 * attempt-limit.ts; this holds against many.) Guesses at names that exist are counted apart, so that a flood of made-up
 * names hides none of them. A made-up name is not written down: people type their password into the wrong field.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { type RateRule, take } from '../limits/rate-rule.ts';
import { ANONYMOUS_ACTOR, type Audit } from './audit.ts';

export interface RefusedLogin {
  /** Null when there is no such user. */
  readonly username: string | null;
  readonly address: string;
}

/**
 * Entries of one server, for names that exist and for all others: in 400 days of attack from everywhere about 230,000,
 * which is some 60 MB. Arbitrary.
 */
export const REFUSED_ENTRIES: RateRule = { burst: 60, perSecond: 1 / 300 };
/** Addresses and users told apart while they are gathered. Arbitrary. */
const GATHERED_MAX = 1000;
/** Names in one entry. Arbitrary. */
const NAMED_MAX = 10;

type Note = Pick<Audit, 'note'>;

export class RefusedLogins {
  readonly #known: Gathering;
  readonly #unknown: Gathering;

  constructor(audit: Note, clock: Clock) {
    this.#known = new Gathering(audit, clock);
    this.#unknown = new Gathering(audit, clock);
  }

  note(refused: RefusedLogin): void {
    (refused.username === null ? this.#unknown : this.#known).add(refused);
  }

  /** Notes what was gathered. */
  stop(): void {
    this.#known.flush();
    this.#unknown.flush();
  }
}

class Gathering {
  readonly #audit: Note;
  readonly #clock: Clock;
  readonly #addresses = new Set<string>();
  readonly #usernames = new Set<string>();
  #count = 0;
  #fullAtMs: number | undefined;
  #timer: Timer | undefined;

  constructor(audit: Note, clock: Clock) {
    this.#audit = audit;
    this.#clock = clock;
  }

  add(refused: RefusedLogin): void {
    const waitMs = this.#takeEntry();
    if (waitMs === 0) {
      this.#note(refused.username ?? '', refused.address, {});
      return;
    }
    this.#count += 1;
    remember(this.#addresses, refused.address);
    if (refused.username !== null) remember(this.#usernames, refused.username);
    this.#timer ??= this.#clock.after(waitMs, () => {
      this.#takeEntry();
      this.flush();
    });
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#count === 0) return;
    const [address = null] = this.#addresses.size === 1 ? this.#addresses : [];
    const named = [...this.#usernames].slice(0, NAMED_MAX).join(', ');
    this.#note(named, address, { times: this.#count, addresses: this.#addresses.size });
    this.#count = 0;
    this.#addresses.clear();
    this.#usernames.clear();
  }

  /** Milliseconds until there is an entry to be had; 0: this one was taken. */
  #takeEntry(): number {
    const { waitMs, fullAtMs } = take(this.#fullAtMs, REFUSED_ENTRIES, this.#clock.monotonicMs());
    this.#fullAtMs = fullAtMs;
    return waitMs;
  }

  #note(subject: string, address: string | null, detail: Readonly<Record<string, number>>): void {
    const act = { actor: ANONYMOUS_ACTOR, action: 'login.refused', outcome: 'refused' } as const;
    this.#audit.note({ ...act, subject, address, detail });
  }
}

function remember(set: Set<string>, text: string): void {
  if (set.size < GATHERED_MAX) set.add(text);
}
