import { beforeEach, describe, expect, it } from 'vitest';
import { ATTEMPT_SUBJECTS_MAX, AttemptLimit, addressSubject } from '../../src/services/attempt-limit.ts';
import { ManualClock } from '../fakes/clock.ts';

let clock: ManualClock;
let limit: AttemptLimit;

beforeEach(() => {
  clock = new ManualClock();
  limit = new AttemptLimit(clock);
});

function fail(subjects: string[], times: number): void {
  for (let time = 0; time < times; time += 1) limit.begin(subjects);
}

function waitOf(subjects: string[]): number | undefined {
  try {
    limit.begin(subjects);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'rate_limited', message: 'Too many failed attempts.' });
    return (error as { retryAfterSeconds: number }).retryAfterSeconds;
  }
}

describe('AttemptLimit', () => {
  it('makes the sixth attempt wait, and doubles the wait with each further failure', async () => {
    fail(['a'], 5);
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 7; round += 1) {
      const wait = waitOf(['a']);
      waits.push(wait);
      await clock.advance((wait ?? 0) * 1000);
      fail(['a'], 1);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
  });

  it('does not count an attempt that was refused', () => {
    fail(['a'], 5);
    for (let time = 0; time < 100; time += 1) expect(waitOf(['a'])).toBe(30);
  });

  it('limits whichever subject failed, whatever the other one', () => {
    for (let name = 0; name < 5; name += 1) limit.begin([`user ${name}`, 'address 192.0.2.1']);
    expect(waitOf(['user 9', 'address 192.0.2.1'])).toBe(30);
    expect(waitOf(['user 0', 'address 192.0.2.2'])).toBeUndefined();
  });

  it('forgets failures after 15 quiet minutes', async () => {
    fail(['a'], 4);
    await clock.advance(900_000);
    fail(['a'], 4);
    expect(waitOf(['a'])).toBeUndefined();
    expect(waitOf(['a'])).toBe(30);
  });

  it('clears the user who succeeded but not his address', () => {
    const subjects = ['user a', 'address 192.0.2.1'];
    fail(subjects, 4);
    limit.begin(subjects);
    limit.succeed(subjects, ['user a']);
    limit.begin(['user b', 'address 192.0.2.1']);
    expect(waitOf(['user c', 'address 192.0.2.1'])).toBe(30);
    expect(waitOf(['user a', 'address 192.0.2.2'])).toBeUndefined();
  });

  it('remembers no more subjects than it may, and forgets the quietest first', () => {
    fail(['first'], 5);
    fail(['second'], 5);
    for (let at = 0; at < ATTEMPT_SUBJECTS_MAX - 1; at += 1) limit.begin([`other ${at}`]);
    expect(waitOf(['second'])).toBe(30);
    expect(waitOf(['first'])).toBeUndefined();
  });
});

describe('addressSubject', () => {
  it.each([
    ['192.0.2.1', 'address 192.0.2.1'],
    ['::ffff:192.0.2.1', 'address 192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', 'address 2001:db8:1:2::/64'],
    ['2001:DB8:1:2::6', 'address 2001:db8:1:2::/64'],
    ['2001:db8::6', 'address 2001:db8:0:0::/64'],
    ['::1', 'address 0:0:0:0::/64'],
  ])('takes %s for %s', (address, subject) => {
    expect(addressSubject(address)).toBe(subject);
  });
});
