/**
 * People: their names, their passwords, their logins. A login tells neither by its words nor by its time whether the
 * user exists. Which requests need which of these stands in the guards, not here.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { parsePasswordHash } from '../../base/password-hash.ts';
import { isUsername } from '../../base/username.ts';
import type { AccountStore, User } from '../../store/account-store.ts';
import type { AttemptStore } from '../../store/attempt-store.ts';
import { networkOf } from '../limits/network-of.ts';
import { ATTEMPTS_FREE, AttemptLimit, type Trial } from './attempt-limit.ts';
import { checkNewPassword, PasswordHasher } from './password.ts';
import type { RefusedLogin } from './refused-logins.ts';
import type { Login, NewLogin, Sessions } from './sessions.ts';

const SWEEP_MS = 3_600_000;

const WRONG_LOGIN = 'The user name or the password is wrong.';
/** Of who is logged in no name was asked. */
const WRONG_PASSWORD = 'The password is wrong.';

/** Failures for one user from all addresses together before everybody new has to wait. Arbitrary. */
const CROWD_FREE = 100;

export interface AccountsOptions {
  readonly accounts: AccountStore;
  readonly attempts: AttemptStore;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each wrong password. Must not throw. */
  readonly onRefused?: (refused: RefusedLogin) => void;
}

export class Accounts {
  readonly #store: AccountStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hasher = new PasswordHasher();
  readonly #limit: AttemptLimit;
  readonly #sessions: Sessions;
  readonly #onRefused: AccountsOptions['onRefused'];
  #sweep: Timer | undefined;

  constructor({ accounts, attempts, sessions, clock, log, onRefused }: AccountsOptions) {
    this.#store = accounts;
    this.#clock = clock;
    this.#log = log;
    this.#limit = new AttemptLimit(attempts, clock);
    this.#sessions = sessions;
    this.#onRefused = onRefused;
  }

  /** Removes ended sessions and old attempts once an hour, until stop(). */
  start(): void {
    this.#sweep = this.#clock.after(SWEEP_MS, () => {
      this.start();
      Promise.all([this.#sessions.sweep(), this.#limit.sweep()]).catch((error: unknown) => {
        this.#log.warn('account.sweep_failed', 'Ended sessions and old attempts could not be removed', {
          err: error,
        });
      });
    });
  }

  stop(): void {
    this.#sweep?.cancel();
  }

  /** `address`: who asks, as the guard established it. Rejects with login_failed and rate_limited. */
  async login(username: string, password: string, address: string): Promise<NewLogin> {
    return this.#sessions.open(await this.#confirmPassword(username, password, address, WRONG_LOGIN));
  }

  /** Makes its password a recent one. Rejects as login() does. */
  async confirmSession(
    { login, cookieValue }: { readonly login: Login; readonly cookieValue: string },
    password: string,
    address: string,
  ): Promise<void> {
    await this.#confirmPassword(login.user.username, password, address, WRONG_PASSWORD);
    await this.#sessions.confirm(cookieValue);
  }

  /** By the user: every session ends, this one too. Rejects as login() does, and with password_weak. */
  async changePassword(username: string, current: string, next: string, address: string): Promise<void> {
    checkNewPassword(next, username);
    await this.#confirmPassword(username, current, address, WRONG_PASSWORD);
    await this.setPassword(username, next);
  }

  /**
   * By an administrator. Ends the user's sessions, and forgives the failures of who forgot the old one. Rejects with
   * password_weak and user_unknown.
   */
  async setPassword(username: string, password: string): Promise<void> {
    checkNewPassword(password, username);
    await this.#store.setPassword(username, await this.#hasher.hash(password));
    await this.#limit.pardon(pardonOf(username));
    this.#log.info('account.password_changed', 'Password changed', { username });
  }

  /** Rejects with bad_request for a name that cannot be one, password_weak and user_exists. */
  async addUser(username: string, password: string): Promise<User> {
    checkUsername(username);
    checkNewPassword(password, username);
    const passwordHash = await this.#hasher.hash(password);
    const user = await this.#store.addUser({ username, passwordHash, createdAtMs: this.#clock.wallMs() });
    this.#log.info('account.user_added', 'User added', { username });
    return user;
  }

  users(): Promise<readonly User[]> {
    return this.#store.users();
  }

  /**
   * The user of config.yaml, added when the store has none of that name; a user that is there keeps the password
   * that was set since. `passwordHash`: argon2id as a PHC string, else config_invalid. Resolves to whether it was added.
   */
  async ensureConfigUser(username: string, passwordHash: string): Promise<boolean> {
    if (parsePasswordHash(passwordHash) === undefined) {
      throw new AtlasError('config_invalid', 'server.web_password is not an argon2id hash that we accept', {
        hint: 'remove it and create the user with: atlas-fleet user add',
      });
    }
    checkUsername(username);
    if ((await this.#store.userByName(username)) !== undefined) return false;
    try {
      await this.#store.addUser({ username, passwordHash, createdAtMs: this.#clock.wallMs() });
    } catch (error) {
      // Another server of the cluster, started from the same config, was faster.
      if (error instanceof AtlasError && error.code === 'user_exists') return false;
      throw error;
    }
    this.#log.info('account.user_added', 'User added from the configuration', { username });
    return true;
  }

  /** The user, when this is the password. Rejects as login() does, in the words of `refusal`. */
  async #confirmPassword(
    username: string,
    password: string,
    address: string,
    refusal: string,
  ): Promise<User> {
    let exists = false;
    const user = await this.#limit.attempt(trialOf(username, address), async () => {
      const found = await this.#store.userByName(username);
      exists = found !== undefined;
      return (await this.#hasher.verify(found?.passwordHash, password)) ? found : undefined;
    });
    if (user !== undefined) return user;
    // Only names that exist: people type their password into the wrong field.
    const fields = exists ? { address, username } : { address };
    this.#log.warn('account.login_failed', 'Login failed', fields);
    this.#onRefused?.({ username: exists ? username : null, address });
    throw new AtlasError('login_failed', refusal, {
      hint: 'A forgotten password is set anew on the server: atlas-fleet user passwd NAME.',
    });
  }
}

/**
 * By user and address together: a stranger who guesses keeps nobody out but himself. By address, whatever the user,
 * and by user, for guesses from many addresses.
 */
function trialOf(username: string, address: string): Trial {
  const from = networkOf(address);
  return {
    own: { name: ['login', username, from], free: ATTEMPTS_FREE, forgiving: true },
    shared: [
      { name: ['address', from], free: ATTEMPTS_FREE, forgiving: false },
      { name: ['user', username], free: CROWD_FREE, forgiving: false },
    ],
    pardon: pardonOf(username),
  };
}

function pardonOf(username: string): readonly string[] {
  return ['user', username];
}

export function checkUsername(username: string): void {
  if (isUsername(username)) return;
  throw new AtlasError(
    'bad_request',
    'A user name has 1 to 128 letters, digits or ._@+- and starts with one.',
  );
}
