import { describe, expect, it } from 'vitest';
import { checkWindow, isAhead, judgeNovelty, type Mark } from '../../src/protocol/freshness.ts';

const NOW = 1_795_262_400;

describe('checkWindow', () => {
  const window = { nowSeconds: NOW, maxAgeSeconds: 300, clockToleranceSeconds: 5 };

  it.each([0, 1, 299, 300, -1, -5])('an age of %i s is inside', (age) => {
    expect(checkWindow(NOW - age, window)).toBeUndefined();
  });

  it.each([
    [301, 'timestamp_old', 'Timestamp too old (301s > 300s)'],
    [86_400, 'timestamp_old', 'Timestamp too old (86400s > 300s)'],
    [NOW, 'timestamp_old', `Timestamp too old (${NOW}s > 300s)`],
    [-6, 'timestamp_future', 'Timestamp in future (6s > 5s)'],
    [-300, 'timestamp_future', 'Timestamp in future (300s > 5s)'],
  ])('an age of %i s is %s', (age, code, reason) => {
    expect(checkWindow(NOW - age, window)).toEqual({ code, reason });
  });

  it('a tolerance of 0 lets nothing come early', () => {
    const strict = { ...window, clockToleranceSeconds: 0 };
    expect(checkWindow(NOW, strict)).toBeUndefined();
    expect(checkWindow(NOW + 1, strict)?.reason).toBe('Timestamp in future (1s > 0s)');
  });

  it.each([
    ['tolerance', { clockToleranceSeconds: Number.NaN }, 'timestamp_future'],
    ['age', { maxAgeSeconds: Number.NaN }, 'timestamp_old'],
    ['clock', { nowSeconds: Number.NaN }, 'timestamp_future'],
  ])('a %s that is no number lets nothing in', (_, change, code) => {
    expect(checkWindow(NOW, { ...window, ...change })?.code).toBe(code);
  });
});

const mark = (incarnation: number, sequence: number, timestamp = NOW, digest = 'aa'): Mark => ({
  incarnation,
  sequence,
  timestamp,
  digest,
});
const REPLAYED = { code: 'replayed', reason: 'Replayed: an older record than one already seen' };
const TWICE = { code: 'clone', reason: 'Two different records under one sequence number' };
const EARLIER = { code: 'clone', reason: 'An earlier incarnation is still speaking' };

describe('judgeNovelty', () => {
  it.each([
    ['nothing was ever seen', mark(2, 2), undefined, 'fresh'],
    ['the next sequence', mark(2, 3), mark(2, 2), 'fresh'],
    ['a sequence far ahead', mark(2, 900), mark(2, 2), 'fresh'],
    ['the next sequence with an earlier time', mark(2, 3, NOW - 9), mark(2, 2), 'fresh'],
    ['a new incarnation that counts from the beginning', mark(3, 1), mark(2, 900), 'fresh'],
    ['the same bytes', mark(2, 2), mark(2, 2), 'old_news'],
    ['the same place with other bytes', mark(2, 2, NOW, 'bb'), mark(2, 2), TWICE],
    ['an earlier sequence', mark(2, 1), mark(2, 2), REPLAYED],
    ['an earlier sequence with a later time', mark(2, 1, NOW + 9), mark(2, 2), REPLAYED],
    ['an earlier incarnation', mark(1, 900, NOW - 9), mark(2, 1), REPLAYED],
    ['an earlier incarnation of the same second', mark(1, 900), mark(2, 1), REPLAYED],
    ['an earlier incarnation with a later time', mark(1, 900, NOW + 1), mark(2, 1), EARLIER],
  ] as const)('%s', (_, record, seen, novelty) => {
    expect(judgeNovelty(record, seen)).toEqual(novelty);
  });
});

describe('isAhead', () => {
  it('orders by incarnation, then by sequence, and nothing is ahead of itself', () => {
    const ordered = [mark(1, 1), mark(1, 2), mark(2, 1), mark(2, 5)];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) expect(isAhead(a, b)).toBe(i > j);
    }
  });
});
