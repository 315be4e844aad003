import { beforeEach, describe, expect, it } from 'vitest';
import type { AtlasError } from '../../src/base/errors.ts';
import { RATE_CALLERS_MAX, RateLimit } from '../../src/services/limits/rate-limit.ts';
import { ManualClock } from '../fakes/clock.ts';

let clock: ManualClock;
let limit: RateLimit;

beforeEach(() => {
  clock = new ManualClock();
  const words = { who: 'One lamp', what: 'switches', hint: 'Sit in the dark for a while.' };
  limit = new RateLimit({ ...words, burst: 4, perSecond: 0.1 }, clock);
});

/** Seconds to wait, or undefined. */
function ask(caller: string, cost?: number): number | undefined {
  try {
    limit.take(caller, cost);
    return undefined;
  } catch (error) {
    return (error as AtlasError).retryAfterSeconds;
  }
}

describe('RateLimit', () => {
  it('names itself, its number and the next step', () => {
    limit.take('a', 4);
    expect(() => limit.take('a')).toThrow(
      expect.objectContaining({
        code: 'rate_limited',
        message: 'One lamp may send 4 switches at once, then one each 10 seconds.',
        hint: 'Sit in the dark for a while.',
        retryAfterSeconds: 10,
      }),
    );
  });

  it('is true to its word: who waits as long as told is let through', async () => {
    expect(ask('a', 4)).toBeUndefined();
    for (let time = 0; time < 5; time += 1) {
      await clock.advance((ask('a') ?? 0) * 1000);
      expect(ask('a')).toBeUndefined();
    }
  });

  it('takes nothing for what it refused, and nothing from others', () => {
    expect(ask('a', 4)).toBeUndefined();
    for (let time = 0; time < 100; time += 1) expect(ask('a')).toBe(10);
    expect(ask('b', 4)).toBeUndefined();
  });

  it('asks no clock that somebody sets', () => {
    ask('a', 4);
    clock.setWall(clock.wallMs() + 3_600_000);
    expect(ask('a')).toBe(10);
  });

  it('remembers no more callers than it may, and forgets the quietest first', () => {
    ask('first', 4);
    ask('second', 4);
    for (let at = 0; at < RATE_CALLERS_MAX - 1; at += 1) ask(`other ${at}`);
    expect([ask('second'), ask('first')]).toEqual([10, undefined]);
  });
});
