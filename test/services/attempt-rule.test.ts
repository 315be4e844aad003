import { describe, expect, it } from 'vitest';
import { judgeAttempt, takeBack } from '../../src/services/people/attempt-rule.ts';
import type { Attempts } from '../../src/store/attempt-store.ts';

const NOW = 1_800_000_000_000;
const FREE = 5;
const YEAR = 365 * 86_400_000;

const row = (count: number, lastMs: number, blockedUntilMs = 0): Attempts => ({
  count,
  lastMs: NOW + lastMs,
  blockedUntilMs: blockedUntilMs === 0 ? 0 : NOW + blockedUntilMs,
});

describe('judgeAttempt', () => {
  it.each<[string, Attempts | undefined, Attempts]>([
    ['the first', undefined, row(1, 0)],
    ['the fourth', row(3, -1000), row(4, 0)],
    ['the last that costs nothing: the next one waits', row(4, -1000), row(5, 0, 30_000)],
    ['one after the first wait', row(5, -30_000, -1), row(6, 0, 60_000)],
    ['one just when a wait ends', row(6, -60_000, -0.5), row(7, 0, 120_000)],
    ['one after many: the longest wait is 15 minutes', row(40, -900_000, -1), row(41, 0, 900_000)],
    ['one 14:59 after the last', row(3, -899_999), row(4, 0)],
    ['one 15:00 after the last: forgotten', row(4, -900_000), row(1, 0)],
    ['one 15:00 after the wait: forgotten', row(9, -1_380_000, -900_000), row(1, 0)],
    ['one whose row a clock wrote that is a little ahead', row(2, 59_000), row(3, 0)],
    ['one whose row a clock wrote that is a year ahead: it counts', row(2, YEAR), row(3, 0)],
  ])('takes %s', (_, held, attempts) => {
    expect(judgeAttempt(held, FREE, NOW)).toEqual({ waitMs: 0, attempts });
  });

  it.each<[string, Attempts, number, Attempts]>([
    ['one during the wait, and changes nothing', row(5, -1000, 29_000), 29_000, row(5, -1000, 29_000)],
    ['one by a clock 10 s behind', row(5, 10_000, 40_000), 40_000, row(5, 10_000, 40_000)],
    [
      'one by a clock a year behind, for no longer than the wait',
      row(7, YEAR, YEAR + 120_000),
      120_000,
      row(7, 0, 120_000),
    ],
  ])('refuses %s', (_, held, waitMs, attempts) => {
    expect(judgeAttempt(held, FREE, NOW)).toEqual({ waitMs, attempts });
  });
});

describe('takeBack', () => {
  it.each<[string, Attempts | undefined, Attempts | null]>([
    ['nothing of nothing', undefined, null],
    ['the only failure', row(1, 0), null],
    ['one of some', row(3, 0), row(2, 0)],
    ['the one that made others wait, and the wait', row(5, 0, 30_000), row(4, 0)],
    ['one of many, and not the wait of the others', row(7, 0, 120_000), row(6, 0, 120_000)],
  ])('takes back %s', (_, held, left) => {
    expect(takeBack(held, FREE)).toEqual(left);
  });
});
