import { beforeEach, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { Accounts } from '../../src/services/people/accounts.ts';
import { PasswordHasher } from '../../src/services/people/password.ts';
import type { RefusedLogin } from '../../src/services/people/refused-logins.ts';
import { PASSWORD_RECENT_MS, Sessions } from '../../src/services/people/sessions.ts';
import { FakeAccountStore } from '../fakes/account-store.ts';
import { FakeAttemptStore } from '../fakes/attempt-store.ts';
import { ManualClock, START_MS } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';

const HOUR_MS = 3_600_000;
const PASSWORD = 'correct horse battery';
const ADDRESS = '192.0.2.1';
const wrong = { code: 'login_failed', message: 'The user name or the password is wrong.' };
const wrongPassword = { code: 'login_failed', message: 'The password is wrong.' };
const ended = { code: 'session_ended', message: 'The session has ended.' };

let clock: ManualClock;
let store: FakeAccountStore;
let log: FakeLog;
let accounts: Accounts;
let sessions: Sessions;
let refused: RefusedLogin[];

beforeEach(async () => {
  clock = new ManualClock();
  store = new FakeAccountStore();
  log = new FakeLog();
  refused = [];
  const onRefused = (one: RefusedLogin) => void refused.push(one);
  sessions = new Sessions({ accounts: store, clock, log });
  const stores = { accounts: store, attempts: new FakeAttemptStore() };
  accounts = new Accounts({ ...stores, sessions, clock, log, onRefused });
  await accounts.addUser('ada', PASSWORD);
});

describe('login', () => {
  it('opens a session whose cookie the store cannot know', async () => {
    const login = await accounts.login('ada', PASSWORD, ADDRESS);
    expect(login.cookieValue).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(login.csrfToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(login).toMatchObject({
      user: { userId: 1, username: 'ada' },
      expiresAtMs: START_MS + 12 * HOUR_MS,
    });
    expect(JSON.stringify(store.sessions)).not.toContain(login.cookieValue);
  });

  it('answers a wrong password and an unknown user alike', async () => {
    await expect(accounts.login('ada', 'wrong', ADDRESS)).rejects.toMatchObject(wrong);
    await expect(accounts.login('bob', PASSWORD, ADDRESS)).rejects.toMatchObject(wrong);
  });

  it('hashes as much for an unknown user as for a wrong password', async () => {
    const cpuOf = async (username: string) => {
      const before = process.cpuUsage();
      await accounts.login(username, 'wrong', ADDRESS).catch(() => {});
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    const known = await cpuOf('ada');
    expect(await cpuOf('bob')).toBeGreaterThan(known / 4);
  });

  it('tells the log and the audit the name of a user, but never one that nobody has: it may be a password', async () => {
    await accounts.login('ada', 'wrong', ADDRESS).catch(() => {});
    await accounts.login('my secret typed here', 'ada', ADDRESS).catch(() => {});
    expect(refused).toEqual([
      { username: 'ada', address: ADDRESS },
      { username: null, address: ADDRESS },
    ]);
    const failed = log.lines.filter(({ event }) => event === 'account.login_failed');
    expect(failed.map(({ fields }) => fields)).toEqual([
      { address: ADDRESS, username: 'ada' },
      { address: ADDRESS },
    ]);
  });

  it('makes guessing wait, even with the right password, and lets in after the wait', async () => {
    for (let time = 0; time < 5; time += 1) {
      await expect(accounts.login('ada', 'wrong', ADDRESS)).rejects.toMatchObject(wrong);
    }
    await expect(accounts.login('ada', PASSWORD, ADDRESS)).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'Too many failed attempts: after 5 within 15 minutes each has to wait.',
      retryAfterSeconds: 30,
    });
    await clock.advance(30_000);
    await accounts.login('ada', PASSWORD, ADDRESS);
  });

  it('keeps nobody out who comes from another address than the one that guesses', async () => {
    for (let time = 0; time < 5; time += 1) {
      await expect(accounts.login('ada', 'wrong', ADDRESS)).rejects.toMatchObject(wrong);
    }
    await accounts.login('ada', PASSWORD, '198.51.100.7');
  });

  it('keeps nobody out who has logged in from this address before, for others who guess from it', async () => {
    await accounts.login('ada', PASSWORD, ADDRESS);
    for (let time = 0; time < 5; time += 1) {
      await expect(accounts.login(`name ${time}`, 'wrong', ADDRESS)).rejects.toMatchObject(wrong);
    }
    await expect(accounts.login('name 5', 'wrong', ADDRESS)).rejects.toMatchObject({ code: 'rate_limited' });
    await accounts.login('ada', PASSWORD, ADDRESS);
  });

  it('makes a crowd of addresses wait that guess for one user, and not one that has logged in before', async () => {
    await accounts.login('ada', PASSWORD, '198.51.100.7');
    for (let time = 0; time < 100; time += 1) {
      await expect(accounts.login('ada', 'wrong', `192.0.2.${time}`)).rejects.toMatchObject(wrong);
    }
    await expect(accounts.login('ada', PASSWORD, '192.0.2.200')).rejects.toMatchObject({
      code: 'rate_limited',
    });
    await accounts.login('ada', PASSWORD, '198.51.100.7');
  });

  it('checks no more than five of a hundred guesses made at once', async () => {
    const guesses = Array.from({ length: 100 }, () => accounts.login('ada', 'wrong', ADDRESS));
    const codes = (await Promise.allSettled(guesses)).map(
      (guess) => guess.status === 'rejected' && (guess.reason as AtlasError).code,
    );
    expect(codes.filter((code) => code === 'login_failed')).toHaveLength(5);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(95);
  });

  it('does not hold a failure of the store against the user', async () => {
    store.failure = new AtlasError('store_unavailable', 'The database cannot be read.');
    for (let time = 0; time < 10; time += 1) {
      await expect(accounts.login('ada', PASSWORD, ADDRESS)).rejects.toBe(store.failure);
    }
    store.failure = undefined;
    await accounts.login('ada', PASSWORD, ADDRESS);
  });
});

describe('authenticate', () => {
  it('knows the holder of the cookie', async () => {
    const login = await accounts.login('ada', PASSWORD, ADDRESS);
    const { cookieValue, ...shown } = login;
    expect(await sessions.authenticate(cookieValue)).toEqual(shown);
  });

  it.each(['', 'x', 'A'.repeat(43), 'A'.repeat(10_000)])('refuses the cookie %.50s', async (cookie) => {
    await expect(sessions.authenticate(cookie)).rejects.toMatchObject(ended);
  });

  it('ends a session after 12 hours without use', async () => {
    const { cookieValue } = await accounts.login('ada', PASSWORD, ADDRESS);
    await clock.advance(12 * HOUR_MS);
    await expect(sessions.authenticate(cookieValue)).rejects.toMatchObject(ended);
  });

  it('ends a session after seven days, however much it is used', async () => {
    const { cookieValue } = await accounts.login('ada', PASSWORD, ADDRESS);
    for (let hours = 0; hours < 7 * 24 - 6; hours += 6) {
      await clock.advance(6 * HOUR_MS);
      await sessions.authenticate(cookieValue);
    }
    expect((await sessions.authenticate(cookieValue)).expiresAtMs).toBe(START_MS + 7 * 24 * HOUR_MS);
    await clock.advance(6 * HOUR_MS);
    await expect(sessions.authenticate(cookieValue)).rejects.toMatchObject(ended);
  });

  it('writes the use of a session down at most once a minute', async () => {
    const { cookieValue } = await accounts.login('ada', PASSWORD, ADDRESS);
    for (let second = 0; second < 120; second += 1) {
      await sessions.authenticate(cookieValue);
      await clock.advance(1000);
    }
    expect(store.touches).toBe(1);
  });

  it('ends with logout, for that session only', async () => {
    const first = await accounts.login('ada', PASSWORD, ADDRESS);
    const second = await accounts.login('ada', PASSWORD, ADDRESS);
    await sessions.logout(first.cookieValue);
    await expect(sessions.authenticate(first.cookieValue)).rejects.toMatchObject(ended);
    await sessions.authenticate(second.cookieValue);
  });

  it('sweeps ended sessions once an hour, until stop()', async () => {
    await accounts.login('ada', PASSWORD, ADDRESS);
    accounts.start();
    await clock.advance(7 * 24 * HOUR_MS + HOUR_MS);
    expect(store.sessions).toHaveLength(0);
    accounts.stop();
    expect(clock.waiting).toBe(0);
  });
});

describe('passwords', () => {
  it('changes a password, which ends every session of the user', async () => {
    const { cookieValue } = await accounts.login('ada', PASSWORD, ADDRESS);
    await accounts.changePassword('ada', PASSWORD, 'another long one', ADDRESS);
    await expect(sessions.authenticate(cookieValue)).rejects.toMatchObject(ended);
    await expect(accounts.login('ada', PASSWORD, ADDRESS)).rejects.toMatchObject(wrong);
    await accounts.login('ada', 'another long one', ADDRESS);
  });

  it('changes nothing without the current password, or for a weak one', async () => {
    await expect(accounts.changePassword('ada', 'wrong', 'another long one', ADDRESS)).rejects.toMatchObject(
      wrongPassword,
    );
    await expect(accounts.changePassword('ada', PASSWORD, 'short', ADDRESS)).rejects.toMatchObject({
      code: 'password_weak',
      message: 'A password has at least 12 characters.',
    });
    await accounts.login('ada', PASSWORD, ADDRESS);
  });

  it('sets a password for a user who lost it, and for nobody else', async () => {
    await accounts.setPassword('ada', 'set by the admin');
    await accounts.login('ada', 'set by the admin', ADDRESS);
    await expect(accounts.setPassword('bob', 'set by the admin')).rejects.toMatchObject({
      code: 'user_unknown',
      message: 'there is no user of that name',
    });
  });
});

describe('the password of a session', () => {
  it('is recent after the login, is not after a while, and is again when it was given again', async () => {
    const { cookieValue } = await accounts.login('ada', PASSWORD, ADDRESS);
    const isRecent = async () => (await sessions.authenticate(cookieValue)).hasRecentPassword;
    clock.advance(PASSWORD_RECENT_MS - 1);
    expect(await isRecent()).toBe(true);
    clock.advance(1);
    expect(await isRecent()).toBe(false);
    const login = await sessions.authenticate(cookieValue);
    const confirm = (password: string) => accounts.confirmSession({ login, cookieValue }, password, ADDRESS);
    await expect(confirm('wrong')).rejects.toMatchObject(wrongPassword);
    expect(await isRecent()).toBe(false);
    await confirm(PASSWORD);
    expect(await isRecent()).toBe(true);
  });

  it('is recent for the one session it was given in', async () => {
    const first = await accounts.login('ada', PASSWORD, ADDRESS);
    clock.advance(PASSWORD_RECENT_MS);
    const second = await accounts.login('ada', PASSWORD, ADDRESS);
    expect((await sessions.authenticate(second.cookieValue)).hasRecentPassword).toBe(true);
    expect((await sessions.authenticate(first.cookieValue)).hasRecentPassword).toBe(false);
  });
});

describe('users', () => {
  it('refuses a second user of one name', async () => {
    await expect(accounts.addUser('ada', PASSWORD)).rejects.toMatchObject({
      code: 'user_exists',
      message: 'there is a user of that name already',
    });
  });

  it.each(['', ' ada', 'a\nb', '-x', 'x'.repeat(129), 'a\u0308b', 'a\u202eb'])(
    'refuses the user name %j',
    async (name) => {
      await expect(accounts.addUser(name, PASSWORD)).rejects.toMatchObject({
        code: 'bad_request',
        message: 'A user name has 1 to 128 letters, digits or ._@+- and starts with one.',
      });
    },
  );

  it('adds the user of the configuration when there is none of that name', async () => {
    await accounts.ensureConfigUser('root', await new PasswordHasher().hash('from the config'));
    const login = await accounts.login('root', 'from the config', ADDRESS);
    expect(login.user.username).toBe('root');
  });

  it('leaves a user alone who is there already, with the password set since', async () => {
    await accounts.ensureConfigUser('ada', await new PasswordHasher().hash('from the config'));
    expect((await accounts.login('ada', PASSWORD, ADDRESS)).user.username).toBe('ada');
  });

  it('is content when another server added the same user meanwhile', async () => {
    store.userByName = async () => undefined;
    await accounts.ensureConfigUser('ada', await new PasswordHasher().hash('from the config'));
    expect(await store.users()).toHaveLength(1);
  });

  it('refuses a configured hash that is not argon2id', async () => {
    await expect(accounts.ensureConfigUser('root', 'hunter2hunter2')).rejects.toMatchObject({
      code: 'config_invalid',
      message: 'server.web_password is not an argon2id hash that we accept',
    });
  });
});
