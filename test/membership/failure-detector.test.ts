import { describe, expect, it } from 'vitest';
import { type Evidence, isActive, type NodeState, stateOf } from '../../src/membership/failure-detector.ts';

const PACE = { intervalMs: 10_000, timeoutMs: 30_000 };
const ALIVE: Evidence = {
  declared: 'up',
  namesUs: true,
  everNamedUs: true,
  silentMs: 0,
  silentInSightMs: 0,
  missing: false,
  wrongClock: false,
};

const TABLE: readonly (readonly [Partial<Evidence>, NodeState])[] = [
  [{}, 'healthy'],
  [{ silentMs: 19_999 }, 'healthy'],
  [{ silentMs: 20_000 }, 'late'],
  [{ silentMs: 29_999 }, 'late'],
  [{ silentMs: 30_000 }, 'offline'],
  [{ silentMs: Number.POSITIVE_INFINITY }, 'offline'],
  [{ silentMs: Number.NEGATIVE_INFINITY }, 'healthy'],
  [{ silentInSightMs: 19_999 }, 'healthy'],
  [{ silentInSightMs: 20_000 }, 'late'],
  [{ silentInSightMs: 9_000_000 }, 'late'],
  [{ missing: true }, 'healthy'],
  [{ missing: true, silentMs: 20_000 }, 'late'],
  [{ missing: true, silentMs: 30_000 }, 'unconfirmed'],
  [{ missing: true, silentMs: 9_000_000 }, 'unconfirmed'],
  [{ namesUs: false }, 'unconfirmed'],
  [{ namesUs: false, silentMs: 29_999 }, 'unconfirmed'],
  [{ namesUs: false, silentMs: 30_000 }, 'offline'],
  [{ declared: 'draining' }, 'draining'],
  [{ declared: 'draining', silentMs: 20_000 }, 'late'],
  [{ declared: 'draining', silentMs: 30_000 }, 'offline'],
  [{ declared: 'draining', namesUs: false }, 'unconfirmed'],
  [{ declared: 'left' }, 'left'],
  [{ declared: 'left', silentMs: 9_000_000 }, 'left'],
  [{ declared: 'left', missing: true, silentMs: 9_000_000 }, 'left'],
  [{ declared: 'left', namesUs: false }, 'left'],
  [{ declared: 'left', namesUs: false, everNamedUs: false }, 'unconfirmed'],
  [{ declared: 'left', namesUs: false, everNamedUs: false, silentMs: 30_000 }, 'offline'],
  [{ wrongClock: true }, 'rejected'],
  [{ wrongClock: true, silentMs: 30_000 }, 'rejected'],
  [{ wrongClock: true, declared: 'left' }, 'rejected'],
];

describe('stateOf', () => {
  it.each(TABLE)('%j is %s', (evidence, state) => {
    expect(stateOf({ ...ALIVE, ...evidence }, PACE)).toBe(state);
  });

  it('never calls a member offline whose row is missing', () => {
    for (const declared of ['up', 'draining', 'left'] as const) {
      for (const namesUs of [true, false]) {
        for (const silentMs of [0, 20_000, 30_000, 1e9]) {
          expect(stateOf({ ...ALIVE, declared, namesUs, silentMs, missing: true }, PACE)).not.toBe('offline');
        }
      }
    }
  });
});

describe('isActive', () => {
  it.each([
    ['healthy', true],
    ['late', true],
    ['unconfirmed', false],
    ['offline', false],
    ['draining', false],
    ['left', false],
    ['rejected', false],
    ['evicted', false],
  ] as const)('%s: %s', (state, active) => {
    expect(isActive(state)).toBe(active);
  });
});
