import { describe, expect, it } from 'vitest';
import { claimedTime, judgeTime, oldForAll } from '../../src/services/fleet/report-time.ts';
import { START_MS } from '../fakes/clock.ts';
import { makeReport } from '../fakes/report.ts';

const DAY_MS = 86_400_000;

describe('claimedTime', () => {
  it('is the time of the figures, in whole milliseconds', () => {
    expect(claimedTime(makeReport({ atMs: START_MS - 90_500 }))).toBe(START_MS - 90_500);
    expect(claimedTime(makeReport({ metrics: { timestamp: 1.0006 } }))).toBe(1001);
  });
});

describe('judgeTime', () => {
  it.each([
    [0, 'claimed'],
    [-7 * DAY_MS, 'claimed'],
    [-7 * DAY_MS - 1, 'old'],
    [-START_MS, 'old'],
    [300_000, 'claimed'],
    [300_001, 'ahead'],
    [365 * DAY_MS, 'ahead'],
  ])('calls a report that is %i ms ahead of us %s', (aheadMs, time) => {
    expect(judgeTime(START_MS + aheadMs, START_MS)).toBe(time);
  });
});

describe('oldForAll', () => {
  it.each([-300_000, 0, 300_000])('is what a server whose clock is off by %i ms calls old', (offMs) => {
    expect(judgeTime(oldForAll(START_MS) - 1, START_MS + offMs)).toBe('old');
  });
});
