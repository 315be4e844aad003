/**
 * The way in on the first day: `init` prints a code that is good once, for 30 minutes, and only while there is
 * no user; who types it into the console becomes the first administrator. It is short because a person types
 * it, so wrong tries are limited for everybody together.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { AccountStore, User } from '../../store/account-store.ts';
import type { AttemptStore } from '../../store/attempt-store.ts';
import { type Accounts, checkUsername } from './accounts.ts';
import { ATTEMPTS_FREE, AttemptLimit, type Trial } from './attempt-limit.ts';
import { checkNewPassword } from './password.ts';
import { hashOf } from './token-hash.ts';

/** Without 0, 1, I, L, O: nothing that is read for something else. 31^6 codes. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const CODE_LENGTH = 6;
const DASH_AFTER = 4;
const CODE = new RegExp(`^[${ALPHABET}]{${CODE_LENGTH}}$`);
export const SETUP_CODE_SECONDS = 1800;
const EVERYBODY: Trial = {
  own: { name: ['setup code'], free: ATTEMPTS_FREE, forgiving: true },
  shared: [],
};

export interface SetupCode {
  /** `XXXX-XX`. */
  readonly code: string;
  readonly expiresAtMs: number;
}

export interface SetupCodesOptions {
  readonly accounts: AccountStore;
  readonly attempts: AttemptStore;
  readonly people: Accounts;
  readonly clock: Clock;
}

export class SetupCodes {
  readonly #store: AccountStore;
  readonly #people: Accounts;
  readonly #clock: Clock;
  readonly #limit: AttemptLimit;

  constructor({ accounts, attempts, people, clock }: SetupCodesOptions) {
    this.#store = accounts;
    this.#people = people;
    this.#clock = clock;
    this.#limit = new AttemptLimit(attempts, clock);
  }

  /** A new code; the one before is void. Rejects with user_exists. */
  async create(): Promise<SetupCode> {
    await this.#requireNobody();
    const letters = Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    const expiresAtMs = this.#clock.wallMs() + SETUP_CODE_SECONDS * 1000;
    await this.#store.setSetupCode(hashOf(letters), expiresAtMs);
    return { code: `${letters.slice(0, DASH_AFTER)}-${letters.slice(DASH_AFTER)}`, expiresAtMs };
  }

  /**
   * The first administrator. The code is spent only when name and password are good. Rejects with user_exists,
   * rate_limited, bad_request, password_weak, setup_code_wrong.
   */
  async redeem(code: string, username: string, password: string): Promise<User> {
    await this.#requireNobody();
    checkUsername(username);
    checkNewPassword(password, username);
    if (!(await this.#limit.attempt(EVERYBODY, () => this.#take(code)))) {
      throw new AtlasError('setup_code_wrong', 'The setup code is wrong, used or older than 30 minutes.', {
        hint: 'Or make the first user on the server itself: atlas-fleet user add NAME.',
      });
    }
    return this.#people.addUser(username, password);
  }

  async #take(code: string): Promise<true | undefined> {
    const letters = code.toUpperCase().replace(/[\s-]/g, '');
    if (!CODE.test(letters)) return undefined;
    return (await this.#store.takeSetupCode(hashOf(letters), this.#clock.wallMs())) || undefined;
  }

  async #requireNobody(): Promise<void> {
    if ((await this.#store.users()).length === 0) return;
    throw new AtlasError('user_exists', 'There is a user already, so setup is closed.', {
      hint: 'Log in, or add a user with: atlas-fleet user add',
    });
  }
}
