/** The rotation of the cluster secret: which secrets count in which phase, and what the next step waits for. */
import { describe, expect, it } from 'vitest';
import type { Member } from '../../src/membership/member-table.ts';
import { advance, type Roster } from '../../src/membership/roster.ts';
import {
  nextRotationStep,
  progressOf,
  stillUnheard,
  type Witness,
  witnessesOf,
} from '../../src/membership/rotation.ts';
import { keysOf, leavingKey } from '../../src/membership/secret-phase.ts';
import type { Operation } from '../../src/protocol/roster-step.ts';
import { activating, ENVELOPE, KEY_ID, Person, preparing, rosterOf, whole } from './roster-chain-maker.ts';

const NEW_KEY = '8899aabbccddeeff';
const BOTH = [KEY_ID, NEW_KEY];
const WINDOW_MS = 15_000;
const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => new Person(name)) as [
  Person,
  Person,
  Person,
];

const following = (roster: Roster, ...operations: Operation[]) =>
  whole(advance(roster, alice.step(roster, operations)));
const idle = rosterOf(alice, bob, carol);
const prepared = following(idle, preparing(NEW_KEY, [alice, bob, carol]));
const active = following(prepared, activating(NEW_KEY));
const done = following(active, { op: 'retire_secret', key_id: KEY_ID });
const abandoned = following(active, { op: 'abandon_secret', key_id: NEW_KEY });
const undone = following(abandoned, { op: 'retire_secret', key_id: NEW_KEY });

/** As somebody speaks who holds this roster. */
const at = (nodeId: string, roster: Roster): Witness => ({
  nodeId,
  mayLive: true,
  ...keysOf(roster),
  epoch: roster.epoch,
});
const absent = (witness: Witness): Witness => ({ ...witness, mayLive: false });
const unheard = (nodeId: string): Witness => ({
  nodeId,
  mayLive: true,
  accepts: [],
  signs: null,
  epoch: null,
});
const next = (roster: Roster, others: readonly Witness[], heldForMs = WINDOW_MS) =>
  nextRotationStep(roster, others, { heldForMs, windowMs: WINDOW_MS });

describe('the keys of a phase', () => {
  it.each([
    ['no rotation', idle, KEY_ID, [KEY_ID], null],
    ['prepared', prepared, KEY_ID, BOTH, null],
    ['active', active, NEW_KEY, BOTH, KEY_ID],
    ['done', done, NEW_KEY, [NEW_KEY], null],
    ['abandoned', abandoned, KEY_ID, BOTH, NEW_KEY],
    ['undone', undone, KEY_ID, [KEY_ID], null],
  ] as const)(
    '%s: one signs, and what may be signed with is accepted',
    (_, roster, signs, accepts, leaving) => {
      expect(keysOf(roster)).toEqual({ signs, accepts });
      expect(leavingKey(roster)).toBe(leaving);
    },
  );
});

describe('the next step', () => {
  const step = (kind: string, phase: Roster, bobAt: Roster, carolAt: Roster) =>
    [kind, phase, bobAt, carolAt] as const;

  it.each([
    ['all accept the new one', ...step('activate', prepared, prepared, prepared)],
    ['all sign with the new one', ...step('retire', active, active, active)],
    ['all sign with the old one again', ...step('retire', abandoned, abandoned, abandoned)],
    ['one may be ahead', ...step('retire', active, done, active)],
  ])('is written when %s', (_, kind, phase, bobAt, carolAt) => {
    expect(next(phase, [at('bob', bobAt), at('carol', carolAt)])).toBe(kind);
  });

  it.each([
    ['does not accept the new one yet', prepared, idle],
    ['signs with the old one still', active, prepared],
    ['signs with the one that was abandoned', abandoned, active],
    ['signs with the old one, but may not know yet that it is to stay', abandoned, prepared],
  ])('waits for one who %s', (_, phase, carolAt) => {
    expect(next(phase, [at('bob', phase), at('carol', carolAt)])).toBe(null);
  });

  it('waits for one who was not heard, and for one of whom nothing was told', () => {
    expect(next(prepared, [at('bob', prepared), unheard('carol')])).toBe(null);
    expect(next(prepared, [at('bob', prepared)])).toBe(null);
    const three = [at('bob', prepared), at('carol', prepared)];
    const dave: Operation = { op: 'admit', member: new Person('dave').member, secret: ENVELOPE };
    expect(next(following(prepared, dave), three)).toBe(null);
  });

  it('does not wait for who is absent, nor for who is no member', () => {
    expect(next(prepared, [at('bob', prepared), absent(at('carol', idle))])).toBe('activate');
    expect(next(active, [at('bob', active), absent(unheard('carol'))])).toBe('retire');
    const stranger = at('mallory', idle);
    expect(next(prepared, [at('bob', prepared), at('carol', prepared), stranger])).toBe('activate');
  });

  it('retires nothing before the phase was held for the window; activating waits for nothing else', () => {
    const all = (roster: Roster) => [at('bob', roster), at('carol', roster)];
    expect(next(active, all(active), WINDOW_MS - 1)).toBe(null);
    expect(next(abandoned, all(abandoned), WINDOW_MS - 1)).toBe(null);
    expect(next(prepared, all(prepared), 0)).toBe('activate');
  });

  it('is none where no secret is being rotated in', () => {
    for (const roster of [idle, done, undone]) {
      const others = [at('bob', roster), at('carol', roster)];
      expect(next(roster, others)).toBe(null);
      expect(progressOf(roster, others)).toBe(null);
    }
  });
});

describe('who was not heard yet', () => {
  const silent: Member = {
    nodeId: 'bob',
    state: 'unconfirmed',
    record: null,
    heartbeat: null,
    mark: null,
    keyId: null,
    silentMs: null,
    clockOffsetSeconds: null,
    missing: true,
    refusal: null,
  };
  const mayLive = (unheard: ReadonlyMap<string, number>, nowMs: number, member = silent) =>
    witnessesOf([member], unheard, { nowMs, timeoutMs: WINDOW_MS }).map((witness) => witness.mayLive);

  it('is waited for until a timeout after it was first missed, however often it is asked for', () => {
    const first = stillUnheard(new Map(), [silent], 1000);
    const later = stillUnheard(first, [silent], 9000);
    expect(mayLive(new Map(), 1000)).toEqual([true]);
    expect(mayLive(later, 1000 + WINDOW_MS - 1)).toEqual([true]);
    expect(mayLive(later, 1000 + WINDOW_MS)).toEqual([false]);
    expect(mayLive(later, 1000 + WINDOW_MS, { ...silent, state: 'healthy', silentMs: 0 })).toEqual([true]);
  });

  it('is forgotten when it is taken out: who is admitted under its name then is waited for anew', () => {
    const before = stillUnheard(new Map(), [silent], 1000);
    const readmitted = stillUnheard(stillUnheard(before, [], 2000), [silent], 1000 + WINDOW_MS);
    expect(mayLive(readmitted, 1000 + WINDOW_MS)).toEqual([true]);
    expect(mayLive(readmitted, 1000 + 2 * WINDOW_MS)).toEqual([false]);
  });
});

describe('the progress', () => {
  it('says of each other member what it does, and for whom the next step waits', () => {
    expect(progressOf(active, [at('bob', prepared), absent(at('carol', idle))])).toEqual({
      phase: 'active',
      keyId: NEW_KEY,
      nodes: [
        { nodeId: 'bob', accepts: true, signs: false, isWaitedFor: true },
        { nodeId: 'carol', accepts: false, signs: false, isWaitedFor: false },
      ],
    });
  });
});
