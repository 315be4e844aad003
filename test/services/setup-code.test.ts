import { beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../src/services/people/accounts.ts';
import { Sessions } from '../../src/services/people/sessions.ts';
import { SetupCodes } from '../../src/services/people/setup-code.ts';
import { FakeAccountStore } from '../fakes/account-store.ts';
import { FakeAttemptStore } from '../fakes/attempt-store.ts';
import { ManualClock, START_MS } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';

const PASSWORD = 'correct horse battery';
const wrong = {
  code: 'setup_code_wrong',
  message: 'The setup code is wrong, used or older than 30 minutes.',
};
const closed = { code: 'user_exists', message: 'There is a user already, so setup is closed.' };

let clock: ManualClock;
let people: Accounts;
let setup: SetupCodes;

beforeEach(() => {
  clock = new ManualClock();
  const accounts = new FakeAccountStore();
  const attempts = new FakeAttemptStore();
  const log = new FakeLog();
  const sessions = new Sessions({ accounts, clock, log });
  people = new Accounts({ accounts, attempts, sessions, clock, log });
  setup = new SetupCodes({ accounts, attempts, people, clock });
});

describe('SetupCodes', () => {
  it('makes the first administrator of a code that a person can type', async () => {
    const { code, expiresAtMs } = await setup.create();
    expect(code).toMatch(/^[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{2}$/);
    expect(expiresAtMs).toBe(START_MS + 1_800_000);
    expect(await setup.redeem(` ${code.toLowerCase()} `, 'ada', PASSWORD)).toMatchObject({ username: 'ada' });
    await people.login('ada', PASSWORD, '192.0.2.1');
  });

  it('is closed once there is a user', async () => {
    const { code } = await setup.create();
    await setup.redeem(code, 'ada', PASSWORD);
    await expect(setup.redeem(code, 'eve', PASSWORD)).rejects.toMatchObject(closed);
    await expect(setup.create()).rejects.toMatchObject(closed);
  });

  it('makes one administrator of two redeemings at once', async () => {
    const { code } = await setup.create();
    const both = await Promise.allSettled([
      setup.redeem(code, 'ada', PASSWORD),
      setup.redeem(code, 'eve', PASSWORD),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await people.users()).toHaveLength(1);
  });

  it('refuses a code after 30 minutes, and one that a newer one replaced', async () => {
    const { code } = await setup.create();
    await clock.advance(1_800_000);
    await expect(setup.redeem(code, 'ada', PASSWORD)).rejects.toMatchObject(wrong);
    const { code: replaced } = await setup.create();
    await setup.create();
    await expect(setup.redeem(replaced, 'ada', PASSWORD)).rejects.toMatchObject(wrong);
  });

  it('does not spend the code on a weak password or a bad name', async () => {
    const { code } = await setup.create();
    await expect(setup.redeem(code, 'ada', 'short')).rejects.toMatchObject({
      code: 'password_weak',
      message: 'A password has at least 12 characters.',
    });
    await expect(setup.redeem(code, '', PASSWORD)).rejects.toMatchObject({ code: 'bad_request' });
    await setup.redeem(code, 'ada', PASSWORD);
  });

  it('makes everybody wait together after five wrong tries', async () => {
    const { code } = await setup.create();
    for (const guess of ['', '2222-22', '3333-33', '4444-44', 'O0I1-LL']) {
      await expect(setup.redeem(guess, 'eve', PASSWORD)).rejects.toMatchObject(wrong);
    }
    await expect(setup.redeem(code, 'ada', PASSWORD)).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'Too many failed attempts: after 5 within 15 minutes each has to wait.',
      retryAfterSeconds: 30,
    });
    await clock.advance(30_000);
    await setup.redeem(code, 'ada', PASSWORD);
  });
});
