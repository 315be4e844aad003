import { beforeEach, describe, expect, it } from 'vitest';
import type { AtlasError } from '../../src/base/errors.ts';
import { ATTEMPTS_FREE, AttemptLimit, type Subject, type Trial } from '../../src/services/attempt-limit.ts';
import { FakeAttemptStore } from '../fakes/attempt-store.ts';
import { ManualClock } from '../fakes/clock.ts';

const DAY_MS = 86_400_000;

let clock: ManualClock;
let store: FakeAttemptStore;
let limit: AttemptLimit;

beforeEach(() => {
  clock = new ManualClock();
  store = new FakeAttemptStore();
  limit = new AttemptLimit(store, clock);
});

const subject = (name: string, free = ATTEMPTS_FREE, forgiving = false): Subject => ({
  name: [name],
  free,
  forgiving,
});
const by = (own: string, ...shared: string[]): Trial => ({
  own: subject(own),
  shared: shared.map((name) => subject(name)),
});

const right = async () => 'in';
const wrong = async () => undefined;

/** `in`, `out`, or the seconds to wait. */
function ask(trial: Trial, check: () => Promise<string | undefined>, on = limit): Promise<string | number> {
  return on.attempt(trial, check).then(
    (found) => found ?? 'out',
    ({ code, retryAfterSeconds }: AtlasError) => {
      expect(code).toBe('rate_limited');
      return retryAfterSeconds ?? 0;
    },
  );
}

async function fail(trial: Trial, times: number, on = limit): Promise<void> {
  for (let time = 0; time < times; time += 1) expect(await ask(trial, wrong, on)).toBe('out');
}

describe('AttemptLimit', () => {
  it('makes the sixth attempt wait, and doubles the wait with each further failure', async () => {
    await fail(by('a'), 5);
    const waits: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const wait = await ask(by('a'), right);
      waits.push(Number(wait));
      await clock.advance(Number(wait) * 1000);
      await fail(by('a'), 1);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
  });

  it('does not check, or count, an attempt that was refused', async () => {
    await fail(by('a'), 5);
    for (let time = 0; time < 100; time += 1) expect(await ask(by('a'), right)).toBe(30);
  });

  it('says which limit it is, and what to do', async () => {
    await fail(by('a'), 5);
    await expect(limit.attempt(by('a'), right)).rejects.toMatchObject({
      message: 'Too many failed attempts: after 5 within 15 minutes each has to wait.',
      hint: 'Wait, then try again.',
      retryAfterSeconds: 30,
    });
  });

  it('counts on all servers together, and a restart forgets nothing', async () => {
    await fail(by('a'), 3);
    await fail(by('a'), 2, new AttemptLimit(store, clock));
    expect(await ask(by('a'), right)).toBe(30);
    expect(await ask(by('a'), right, new AttemptLimit(store, new ManualClock()))).toBe(30);
  });

  it('checks no more than five of a hundred at once', async () => {
    let under = 0;
    const slow = () => {
      under += 1;
      return new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
    };
    const all = await Promise.all(Array.from({ length: 100 }, () => ask(by('a'), slow)));
    expect([under, all.filter((one) => one === 'out').length]).toEqual([5, 5]);
  });

  it('limits whichever subject failed, whatever the other one', async () => {
    for (let name = 0; name < 5; name += 1) await fail(by(`user ${name}`, 'address'), 1);
    expect(await ask(by('user 9', 'address'), right)).toBe(30);
    expect(await ask(by('user 0', 'elsewhere'), right)).toBe('in');
  });

  it('forgives a subject its failures only where it was said to', async () => {
    const trial = { own: subject('user', 5, true), shared: [subject('address')] };
    await fail(trial, 4);
    expect(await ask(trial, right)).toBe('in');
    await fail(by('address'), 1);
    expect(await ask(by('address'), right)).toBe(30);
    expect(await ask(by('user'), right)).toBe('in');
  });

  it('holds no attempt against anybody whose check failed by itself', async () => {
    const broken = new Error('away');
    for (let time = 0; time < 10; time += 1) {
      await expect(limit.attempt(by('a'), () => Promise.reject(broken))).rejects.toBe(broken);
    }
    expect(store.rows.size).toBe(0);
  });

  it('keeps names apart that look alike when put together', async () => {
    await fail({ ...by(''), own: { ...subject(''), name: ['a', 'b c'] } }, 5);
    expect(await ask({ ...by(''), own: { ...subject(''), name: ['a b', 'c'] } }, right)).toBe('in');
  });
});

describe('strangers who share a subject', () => {
  const of = (address: string): Trial => ({
    own: { name: ['ada', address], free: ATTEMPTS_FREE, forgiving: true },
    shared: [subject('ada', 20)],
  });
  const guess = async (guessers: number) => {
    for (let at = 0; at < guessers; at += 1) await fail(of(`guesser ${at}`), 1);
  };

  it('make everybody new wait, and nobody who has succeeded before: after a restart too', async () => {
    expect(await ask(of('home'), right)).toBe('in');
    await guess(20);
    expect(await ask(of('new'), right)).toBe(30);
    expect(await ask(of('home'), right)).toBe('in');
    expect(await ask(of('home'), right, new AttemptLimit(store, clock))).toBe('in');
  });

  it('are joined by the known one after 30 days', async () => {
    expect(await ask(of('home'), right)).toBe('in');
    await clock.advance(30 * DAY_MS);
    await guess(20);
    expect(await ask(of('home'), right)).toBe(30);
  });
});

describe('a clock that is set', () => {
  it('back by a year locks nobody out for longer than the wait', async () => {
    await fail(by('a'), 5);
    clock.setWall(clock.wallMs() - 365 * DAY_MS);
    expect(await ask(by('a'), right)).toBe(30);
    await clock.advance(30_000);
    expect(await ask(by('a'), right)).toBe('in');
  });

  it('ahead by some seconds on one server opens nothing on another', async () => {
    const ahead = new ManualClock(clock.wallMs() + 20_000);
    await fail(by('a'), 5, new AttemptLimit(store, ahead));
    expect(await ask(by('a'), right)).toBe(50);
  });
});

describe('sweep', () => {
  it('forgets what has not counted for a day, and keeps who is welcome', async () => {
    await fail(by('a'), 1);
    expect(await ask(by('b'), right)).toBe('in');
    await clock.advance(DAY_MS);
    await limit.sweep();
    expect(store.rows.size).toBe(2);
    await clock.advance(1);
    await limit.sweep();
    expect(store.rows.size).toBe(1);
    await clock.advance(30 * DAY_MS);
    await limit.sweep();
    expect(store.rows.size).toBe(0);
  });
});
