import { beforeEach, describe, expect, it } from 'vitest';
import type { AtlasError } from '../../src/base/errors.ts';
import {
  ATTEMPTS_FREE,
  AttemptLimit,
  type Subject,
  type Trial,
} from '../../src/services/people/attempt-limit.ts';
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

describe('attempts that cannot be taken', () => {
  const countChanges = () => {
    const seen = { changes: 0 };
    const change = store.change.bind(store);
    store.change = (...given) => {
      seen.changes += 1;
      return change(...given);
    };
    return seen;
  };

  it('cost the store nothing once it has said so, until it may say otherwise', async () => {
    await fail(by('a'), 5);
    expect(await ask(by('a'), right)).toBe(30);
    const seen = countChanges();
    for (let time = 0; time < 100; time += 1) expect(await ask(by('a'), right)).toBe(30);
    await clock.advance(29_000);
    expect(await ask(by('a'), right)).toBe(1);
    expect(seen.changes).toBe(0);
    await clock.advance(1000);
    expect(await ask(by('a'), right)).toBe('in');
  });

  it('are put to the store again within 30 seconds: another server may have taken a failure back', async () => {
    await fail(by('a'), 5);
    for (const seconds of [30, 60]) {
      await clock.advance(seconds * 1000);
      await fail(by('a'), 1);
    }
    expect(await ask(by('a'), right)).toBe(120);
    store.rows.clear();
    await clock.advance(29_000);
    expect(await ask(by('a'), right)).toBe(91);
    await clock.advance(1000);
    expect(await ask(by('a'), right)).toBe('in');
  });

  it('are taken as soon as one under way has succeeded on this server', async () => {
    const both = (own: string) => by(own, 'address');
    let succeed = (_: string) => {};
    const slow = limit.attempt(both('slow'), () => new Promise<string>((resolve) => (succeed = resolve)));
    await fail(both('a'), 4);
    expect(await ask(both('b'), right)).toBe(30);
    succeed('in');
    await slow;
    expect(await ask(both('b'), right)).toBe('in');
  });

  it('are sent away when 64 wait for the four that are tried at a time', async () => {
    let most = 0;
    let under = 0;
    const releases: (() => void)[] = [];
    const held = async () => {
      under += 1;
      most = Math.max(most, under);
      await new Promise<void>((resolve) => releases.push(resolve));
      under -= 1;
      return 'in';
    };
    const all = Array.from({ length: 68 }, (_, at) => limit.attempt(by(`user ${at}`), held));
    await expect(limit.attempt(by('one more'), right)).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'No more than 64 attempts wait at the same time to be checked.',
      retryAfterSeconds: 5,
    });
    const letGo = setInterval(() => releases.shift()?.(), 0);
    await Promise.all(all).finally(() => clearInterval(letGo));
    expect(most).toBe(4);
    expect(await ask(by('one more'), right)).toBe('in');
  });
});

describe('a pardon', () => {
  const trial: Trial = { ...by('ada from home', 'home', 'ada'), pardon: ['ada'] };

  it('lets in who has to wait, whichever subject failed, and counts anew from there', async () => {
    await fail(trial, 5);
    expect(await ask(trial, right)).toBe(30);
    await clock.advance(1);
    await limit.pardon(['ada']);
    await clock.advance(1);
    await fail(trial, 5);
    expect(await ask(trial, right)).toBe(30);
  });

  it('holds for nobody else', async () => {
    await fail(trial, 5);
    await limit.pardon(['ada']);
    expect(await ask(by('bob from home', 'home'), right)).toBe(30);
  });

  it('of a clock that is ahead forgives nothing that is yet to come', async () => {
    await new AttemptLimit(store, new ManualClock(clock.wallMs() + DAY_MS)).pardon(['ada']);
    await clock.advance(1);
    await fail(trial, 5);
    expect(await ask(trial, right)).toBe(30);
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
