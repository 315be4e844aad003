/** After a compromise: is the password that somebody may have still the one that is used? */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { type Passwords, PasswordWatch } from '../../src/services/trust/password-watch.ts';
import { FakeLog } from '../fakes/log.ts';
import { FakePasswordMarks } from '../fakes/password-marks.ts';
import { activating, KEY_ID, Person, preparing, rosterOf } from '../membership/roster-chain-maker.ts';

const alice = new Person('alice');
const roster = rosterOf(alice);
const routine = alice.step(roster, [preparing('aaaaaaaaaaaaaaaa', [alice])]);
const compromise = alice.step(roster, [
  { op: 'admission', admission: 'ticket' },
  preparing('bbbbbbbbbbbbbbbb', [alice], true),
  activating('bbbbbbbbbbbbbbbb'),
  { op: 'retire_secret', key_id: KEY_ID },
]);

const OLD: Passwords = { redis: Secret.fromText('old of redis'), postgres: Secret.fromText('old of pg') };

function server(passwords: Passwords, marks = new FakePasswordMarks()) {
  const log = new FakeLog();
  return { marks, log, watch: new PasswordWatch({ marks, passwords, log }) };
}

const statesOf = (watch: PasswordWatch) =>
  Object.fromEntries(watch.lines().map(({ code, state }) => [code, state]));

describe('the passwords after a compromise', () => {
  it('are nobody’s concern before one, and in a routine', async () => {
    const { watch } = server(OLD);
    await watch.follow([], true);
    await watch.follow([routine], true);
    expect(watch.lines()).toEqual([]);
  });

  it('fail while they are the same, also after a restart, and pass one by one once they are changed', async () => {
    const { watch, marks } = server(OLD);
    await watch.follow([compromise], true);
    expect(statesOf(watch)).toEqual({ redis_password_changed: 'fail', postgres_password_changed: 'fail' });
    const again = server(OLD, marks).watch;
    await again.follow([compromise], false);
    expect(statesOf(again)).toEqual({ redis_password_changed: 'fail', postgres_password_changed: 'fail' });
    const half = server({ ...OLD, redis: Secret.fromText('new') }, marks).watch;
    await half.follow([compromise], false);
    expect(statesOf(half)).toEqual({ redis_password_changed: 'pass', postgres_password_changed: 'fail' });
  });

  it('are not judged by a server that was away when it happened', async () => {
    const { watch } = server({ ...OLD, postgres: null });
    await watch.follow([compromise], false);
    expect(statesOf(watch)).toEqual({ redis_password_changed: 'info' });
  });

  it('are a warning where what was noted cannot be read, and never taken for not noted', async () => {
    const marks = new FakePasswordMarks();
    await server(OLD, marks).watch.follow([compromise], true);
    marks.isDamaged = true;
    const { watch, log } = server({ ...OLD, postgres: null }, marks);
    await watch.follow([compromise], false);
    const seen = 'noted, but cannot be read';
    expect(watch.lines()).toMatchObject([{ code: 'redis_password_changed', state: 'warn', seen }]);
    expect(log.lines).toMatchObject([{ level: 'warn', event: 'passwords.unreadable' }]);
  });

  it('are noted over what cannot be read, by a server that runs when it happens', async () => {
    const marks = new FakePasswordMarks();
    marks.isDamaged = true;
    const { watch } = server(OLD, marks);
    await watch.follow([compromise], true);
    expect(statesOf(watch).redis_password_changed).toBe('fail');
    expect(marks.marks?.step).toBe(compromise.digest);
  });

  it('do not stand in what is noted of them', async () => {
    const { watch, marks } = server(OLD);
    await watch.follow([compromise], true);
    expect(JSON.stringify(marks.marks)).not.toContain('old of');
  });

  it('are judged on a full disk too, until the next start', async () => {
    const marks = new FakePasswordMarks();
    marks.isFull = true;
    const { watch } = server(OLD, marks);
    await watch.follow([compromise], true);
    expect(statesOf(watch).redis_password_changed).toBe('fail');
  });
});
