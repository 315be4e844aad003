/**
 * Sessions: 32 random bytes that only the browser keeps; the store knows their SHA-256. One ends when it was not used
 * for hours, after some days at all, and with the password by which it was opened.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { AccountStore, Session, User } from '../../store/account-store.ts';
import { hashOf } from './token-hash.ts';

const IDLE_MS = 12 * 3_600_000;
const LIFE_MS = 7 * 86_400_000;
/** For how long after a password its session may do what asks for a recent one. */
export const PASSWORD_RECENT_MS = 5 * 60_000;
/** How often the use of a session or token is written down at most. */
export const TOUCH_INTERVAL_MS = 60_000;
const COOKIE = /^[A-Za-z0-9_-]{43}$/;

/** A session as its holder sees it. */
export interface Login {
  readonly user: { readonly userId: number; readonly username: string };
  readonly csrfToken: string;
  /** Its holder gave the password a moment ago: whoever only found the browser open did not. */
  readonly hasRecentPassword: boolean;
  /** When it ends if it is not used, or at all: the sooner of both. */
  readonly expiresAtMs: number;
}

export interface NewLogin extends Login {
  /** For the cookie, this once. */
  readonly cookieValue: string;
}

export interface SessionsOptions {
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly log: Log;
}

export class Sessions {
  readonly #store: AccountStore;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor({ accounts, clock, log }: SessionsOptions) {
    this.#store = accounts;
    this.#clock = clock;
    this.#log = log;
  }

  /** For a user who has just proved who he is. */
  async open(user: User): Promise<NewLogin> {
    const cookieValue = randomBytes(32).toString('base64url');
    const nowMs = this.#clock.wallMs();
    const session: Session = {
      sessionHash: hashOf(cookieValue),
      userId: user.userId,
      csrfToken: randomBytes(32).toString('base64url'),
      createdAtMs: nowMs,
      passwordAtMs: nowMs,
      lastUsedAtMs: nowMs,
      expiresAtMs: nowMs + LIFE_MS,
    };
    await this.#store.addSession(session);
    this.#log.info('account.login', 'Logged in', { username: user.username });
    return { ...asLogin(session, user, nowMs), cookieValue };
  }

  /** Who holds this cookie. Rejects with session_ended, for an ended session as for one that never was. */
  async authenticate(cookieValue: string): Promise<Login> {
    const session = COOKIE.test(cookieValue) ? await this.#store.session(hashOf(cookieValue)) : undefined;
    const nowMs = this.#clock.wallMs();
    if (session === undefined || endOf(session) <= nowMs) throw sessionEnded();
    const user = await this.#store.userById(session.userId);
    if (user === undefined) throw sessionEnded();
    if (nowMs - session.lastUsedAtMs < TOUCH_INTERVAL_MS) return asLogin(session, user, nowMs);
    await this.#store.touchSession(session.sessionHash, nowMs);
    return asLogin({ ...session, lastUsedAtMs: nowMs }, user, nowMs);
  }

  /** Its holder has given his password again, just now. */
  confirm(cookieValue: string): Promise<void> {
    return this.#store.confirmSession(hashOf(cookieValue), this.#clock.wallMs());
  }

  async logout(cookieValue: string): Promise<void> {
    if (COOKIE.test(cookieValue)) await this.#store.endSession(hashOf(cookieValue));
  }

  /** Removes those that have ended. */
  async sweep(): Promise<void> {
    await this.#store.sweepSessions(this.#clock.wallMs());
  }
}

function endOf(session: Session): number {
  return Math.min(session.expiresAtMs, session.lastUsedAtMs + IDLE_MS);
}

function asLogin(session: Session, { userId, username }: User, nowMs: number): Login {
  return {
    user: { userId, username },
    csrfToken: session.csrfToken,
    hasRecentPassword: nowMs - session.passwordAtMs < PASSWORD_RECENT_MS,
    expiresAtMs: endOf(session),
  };
}

function sessionEnded(): AtlasError {
  return new AtlasError('session_ended', 'The session has ended.', { hint: 'Log in again.' });
}
