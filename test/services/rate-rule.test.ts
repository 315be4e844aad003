import { describe, expect, it } from 'vitest';
import { CALLER_RATES } from '../../src/http/caller-rates.ts';
import { MACHINE_REPORTS } from '../../src/services/fleet/report-intake.ts';
import { paceText, take } from '../../src/services/limits/rate-rule.ts';
import { TICKET_TRIES } from '../../src/services/trust/joining.ts';

const NOW = 1_000_000;
/** Three at once, then one each half second. */
const RULE = { burst: 3, perSecond: 2 };

describe('take', () => {
  it.each<[string, number | undefined, number, number, number]>([
    // what, full again at, cost → wait, full again at
    ['the first of a full bucket', undefined, 1, 0, 500],
    ['all of a full bucket', undefined, 3, 0, 1500],
    ['the last one', 1000, 1, 0, 1500],
    ['one more, and waits for it', 1500, 1, 500, 1500],
    ['one a moment too early', 1001, 1, 1, 1001],
    ['two where one is left', 1000, 2, 500, 1000],
    ['one of a bucket that has been full for long', -3_600_000, 1, 0, 500],
  ])('takes %s', (_, fullAt, cost, waitMs, next) => {
    const held = fullAt === undefined ? undefined : NOW + fullAt;
    expect(take(held, RULE, NOW, cost)).toEqual({ waitMs, fullAtMs: NOW + next });
  });

  it('lets the rate through for ever, and not more', () => {
    let fullAtMs: number | undefined;
    let taken = 0;
    for (let ms = 0; ms < 100_000; ms += 100) {
      const one = take(fullAtMs, RULE, ms);
      fullAtMs = one.fullAtMs;
      if (one.waitMs === 0) taken += 1;
    }
    expect(taken).toBe(3 - 1 + 200);
  });
});

describe('paceText', () => {
  it.each([
    ['a person', CALLER_RATES.person, '100 a second'],
    ['a stranger', CALLER_RATES.open, '100 a second'],
    ['wrong keys', CALLER_RATES.wrong, '1 a second'],
    ['a machine', MACHINE_REPORTS, '2 a second'],
    ['a ticket', TICKET_TRIES, 'one a minute'],
    ['something rare', { burst: 1, perSecond: 0.001 }, 'one each 1000 seconds'],
  ])('says the pace of %s', (_, rule, words) => {
    expect(paceText(rule)).toBe(words);
  });
});
