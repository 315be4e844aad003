/** The fold over the chain: what a step may do, and what it never can. */
import { describe, expect, it } from 'vitest';
import { advance, foundRoster, type Roster, type StepFault } from '../../src/membership/roster.ts';
import { judgeFork } from '../../src/membership/roster-fork.ts';
import { OPEN_TICKETS_MAX, TICKETS_KNOWN_MAX } from '../../src/protocol/limits.ts';
import { type Operation, type RosterStep, readStep } from '../../src/protocol/roster-step.ts';
import {
  activating,
  ENVELOPE,
  KEY_ID,
  Person,
  preparing,
  rosterOf,
  TIME,
  whole,
} from './roster-chain-maker.ts';

const NEW_KEY = '8899aabbccddeeff';
const TICKET = 'ffeeddccbbaa9988';
const TICKET_KEY = Buffer.alloc(32, 9).toString('base64');
const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => new Person(name)) as [
  Person,
  Person,
  Person,
];

const following = (roster: Roster, signer: Person, ...operations: Operation[]) =>
  whole(advance(roster, signer.step(roster, operations)));
const idOf = (number: number) => number.toString(16).padStart(16, '0');
const ticketsFrom = (first: number, count: number, expires = TIME + 10): Operation[] =>
  Array.from({ length: count }, (_, i) => ({ op: 'ticket', id: idOf(first + i), key: TICKET_KEY, expires }));
const names = ({ members }: Roster) => [...members.keys()];
const evictingBob = (newKey = NEW_KEY): Operation[] => [
  { op: 'admission', admission: 'ticket' },
  { op: 'evict', node_id: 'bob' },
  preparing(newKey, [alice, carol], true),
  activating(newKey),
  { op: 'retire_secret', key_id: KEY_ID },
];

function expectFault(
  roster: Roster,
  signer: Person,
  operations: Operation[],
  fault: StepFault,
  reason: RegExp,
) {
  const advanced = advance(roster, signer.step(roster, operations));
  expect(advanced).toMatchObject({ ok: false, fault, reason: expect.stringMatching(reason) });
}

describe('a roster', () => {
  it('is founded by one, who admits others, who admit others', () => {
    const two = rosterOf(alice, bob);
    const three = following(two, bob, { op: 'admit', member: carol.member });
    expect(names(three)).toEqual(['alice', 'bob', 'carol']);
    expect(three).toMatchObject({ epoch: 2, admission: 'secret', keyId: KEY_ID, pending: null });
  });

  it('is the same whoever folds it, from bytes', () => {
    const founded = alice.found();
    const roster = whole(foundRoster(founded));
    const step = alice.step(roster, [{ op: 'admit', member: bob.member }]);
    const read = [founded, step].map(({ bytes }) => readStep(bytes));
    const [first, second] = read.map((one) => (one.ok ? one.step : expect.fail(one.reason)));
    if (first === undefined || second === undefined) throw new Error('both were read');
    expect(advance(whole(foundRoster(first)), second)).toEqual(advance(roster, step));
  });

  it('is not founded by a step with more than its founding, nor by another key', () => {
    const roster = rosterOf(alice);
    expect(foundRoster(alice.step(roster, [{ op: 'note', text: 'x' }]))).toMatchObject({ ok: false });
    const stolen = { ...alice.found(), signer: 'bob' };
    expect(foundRoster(stolen)).toMatchObject({ ok: false, fault: 'bad_node_signature' });
  });
});

describe('a step is refused', () => {
  const roster = rosterOf(alice, bob);

  it('of another cluster, or on another parent', () => {
    const step = alice.step(roster, [{ op: 'note', text: 'x' }]);
    expect(advance({ ...roster, clusterId: 'f'.repeat(32) }, step)).toMatchObject({ fault: 'wrong_cluster' });
    const next = following(roster, alice, { op: 'note', text: 'y' });
    expect(advance(next, step)).toMatchObject({ fault: 'wrong_parent' });
  });

  it('from who is no member, or who signs as another', () => {
    expectFault(roster, carol, [{ op: 'admit', member: carol.member }], 'not_member', /^carol is no member$/);
    const step = bob.step(roster, [{ op: 'note', text: 'x' }], 'alice');
    expect(advance(roster, step)).toMatchObject({ fault: 'bad_node_signature' });
  });

  it("when it would change a member's keys", () => {
    const twin = new Person('bob');
    expectFault(roster, alice, [{ op: 'admit', member: twin.member }], 'not_allowed', /^bob is a member$/);
    const renamed = { ...bob.member, node_id: 'robert' };
    expectFault(
      roster,
      alice,
      [{ op: 'admit', member: renamed }],
      'not_allowed',
      /^This key is that of bob$/,
    );
  });

  it('whole, when one of its operations is wrong', () => {
    const operations: Operation[] = [
      { op: 'admit', member: carol.member },
      { op: 'remove', node_id: 'nobody' },
    ];
    expectFault(roster, alice, operations, 'not_allowed', /^nobody is no member$/);
  });

  it('and the roster before any step stays as it was', () => {
    const pending = following(roster, alice, preparing(NEW_KEY, [alice, bob]));
    const before = structuredClone(pending);
    const admit: Operation = { op: 'admit', member: carol.member, secret: ENVELOPE };
    expectFault(pending, alice, [admit, { op: 'remove', node_id: 'nobody' }], 'not_allowed', /^nobody/);
    following(pending, alice, admit, activating(NEW_KEY), { op: 'retire_secret', key_id: KEY_ID });
    expect(pending).toEqual(before);
  });

  it('when nobody would be left', () => {
    expectFault(rosterOf(alice), alice, [{ op: 'leave' }], 'not_allowed', /^The last member cannot go$/);
  });

  it('in any operation that this version does not know', () => {
    const text = Buffer.from(alice.step(roster, [{ op: 'note', text: 'x' }]).bytes).toString();
    expect(readStep(Buffer.from(text.replace('"note"', '"note2"')))).toMatchObject({ ok: false });
    expect(readStep(Buffer.from(`${text} `))).toEqual({ ok: false, reason: 'Not in canonical form' });
  });
});

describe('who goes', () => {
  it('by leave or remove, may be admitted again with other keys', () => {
    const left = following(rosterOf(alice, bob), bob, { op: 'leave' });
    expect(names(left)).toEqual(['alice']);
    const removed = following(rosterOf(alice, bob), alice, { op: 'remove', node_id: 'bob' });
    expect(names(following(removed, alice, { op: 'admit', member: new Person('bob').member }))).toEqual([
      'alice',
      'bob',
    ]);
  });

  it('by evict, never with that key, and under that id by readmit alone', () => {
    const roster = following(rosterOf(alice, bob, carol), alice, ...evictingBob());
    expect(names(roster)).toEqual(['alice', 'carol']);
    const newBob = new Person('bob');
    const admit = ({ member }: Person): Operation => ({ op: 'admit', member, ticket: TICKET });
    const readmit = (nodeId: string): Operation => ({ op: 'readmit', node_id: nodeId });
    const ticket: Operation = { op: 'ticket', id: TICKET, key: TICKET_KEY, expires: TIME + 10 };
    const invited = following(roster, carol, ticket);
    expectFault(invited, carol, [admit(newBob)], 'not_allowed', /^bob was evicted$/);
    expectFault(invited, carol, [readmit('carol')], 'not_allowed', /^carol was not evicted$/);
    const lifted = following(invited, carol, readmit('bob'));
    expectFault(lifted, carol, [admit(bob)], 'not_allowed', /^This key was evicted$/);
    const back = following(lifted, carol, admit(newBob));
    expect(back.members.get('bob')).toEqual(newBob.member);
    expect(back.banned).toContain(bob.member.identity_key);
    const twice = following(back, carol, { op: 'note', text: 'x' });
    expectFault(
      twice,
      bob,
      [{ op: 'note', text: 'x' }],
      'bad_node_signature',
      /^Not signed by the key of bob$/,
    );
  });

  it('by evict while a secret admits, only together with a closed door and a new secret', () => {
    const roster = rosterOf(alice, bob, carol);
    expectFault(roster, alice, [{ op: 'evict', node_id: 'bob' }], 'not_allowed', /^While a secret admits/);
    expectFault(roster, alice, evictingBob().slice(0, 2), 'not_allowed', /^While a secret admits/);
    for (const missing of [0, 4]) {
      const rest = evictingBob().filter((_, i) => i !== missing);
      expectFault(roster, alice, rest, 'not_allowed', /^After a compromise one step/);
    }
    const after = following(roster, alice, ...evictingBob());
    expect(after).toMatchObject({ keyId: NEW_KEY, admission: 'ticket', pending: null });
    expect(after.retired).toContain(KEY_ID);
    expect([...after.sealed.keys()]).toEqual(['alice', 'carol']);
  });

  it('by evict where tickets admit, the secret may stay, unless it is being rotated', () => {
    const closed = following(rosterOf(alice, bob, carol), alice, { op: 'admission', admission: 'ticket' });
    const evict: Operation = { op: 'evict', node_id: 'bob' };
    expect(names(following(closed, alice, evict))).toEqual(['alice', 'carol']);
    const rotating = following(closed, alice, preparing(NEW_KEY, [alice, bob, carol]));
    expectFault(rotating, alice, [evict], 'not_allowed', /or is rotated, an eviction/);
  });
});

describe('a ticket', () => {
  const closed = following(rosterOf(alice, bob), alice, { op: 'admission', admission: 'ticket' });
  const ticket: Operation = { op: 'ticket', id: TICKET, key: TICKET_KEY, expires: TIME + 10 };
  const admitting: Operation = { op: 'admit', member: carol.member, ticket: TICKET };

  it('admits one, and is used up by that same step', () => {
    expectFault(
      closed,
      alice,
      [{ op: 'admit', member: carol.member }],
      'not_allowed',
      /^Admission needs a ticket$/,
    );
    const used = following(following(closed, alice, ticket), bob, admitting);
    expect(names(used)).toEqual(['alice', 'bob', 'carol']);
    expect(used.tickets.get(TICKET)).toMatchObject({ state: 'used', usedBy: carol.member });
    const other: Operation = { op: 'admit', member: new Person('dave').member, ticket: TICKET };
    expectFault(used, alice, [other], 'not_allowed', /^The ticket is used$/);
  });

  it('that ran out, was revoked or never was admits nobody', () => {
    const late = following(closed, alice, { ...ticket, expires: TIME - 1 });
    expectFault(late, alice, [admitting], 'not_allowed', /^The ticket has run out$/);
    const revoked = following(following(closed, alice, ticket), bob, { op: 'revoke_ticket', id: TICKET });
    expectFault(revoked, alice, [admitting], 'not_allowed', /^The ticket is revoked$/);
    expectFault(closed, alice, [admitting], 'not_allowed', /^There is no such ticket$/);
  });

  it('is one of 64 at most that are open, without those that ran out by then', () => {
    const full = following(closed, alice, ...ticketsFrom(0, OPEN_TICKETS_MAX));
    expectFault(full, bob, [ticket], 'not_allowed', /^At most 64 tickets are open at a time$/);
    expectFault(full, bob, ticketsFrom(64, 512), 'not_allowed', /^At most 64/);
    const revoke: Operation = { op: 'revoke_ticket', id: idOf(5) };
    expectFault(following(full, bob, revoke, ticket), bob, ticketsFrom(64, 1), 'not_allowed', /^At most 64/);
    const expired = following(closed, alice, ...ticketsFrom(0, 100, TIME - 1));
    expect(following(expired, alice, ...ticketsFrom(100, OPEN_TICKETS_MAX)).tickets.size).toBe(164);
  });

  it('is forgotten once 256 are known: the oldest of those that admit nobody', () => {
    const known = following(closed, alice, ticket, ...ticketsFrom(0, TICKETS_KNOWN_MAX - 1, TIME - 1));
    expect(known.tickets.size).toBe(TICKETS_KNOWN_MAX);
    const after = following(known, bob, ...ticketsFrom(1000, 3, TIME - 1));
    expect(after.tickets.size).toBe(TICKETS_KNOWN_MAX);
    expect([...after.tickets.keys()].slice(0, 2)).toEqual([TICKET, idOf(3)]);
  });

  it('is revoked by a compromise, however many there are; one that was used is not', () => {
    const three = following(rosterOf(alice, bob), alice, ticket, admitting, ...ticketsFrom(0, 200, TIME - 1));
    const after = following(three, alice, ...evictingBob());
    const states = [...after.tickets.values()].map(({ state }) => state);
    expect(states).toEqual(['used', ...Array(200).fill('revoked')]);
    const routine = following(three, alice, preparing(NEW_KEY, [alice, bob, carol]));
    expect(routine.tickets).toEqual(three.tickets);
  });
});

describe('a rotation', () => {
  const roster = rosterOf(alice, bob);
  const prepared = following(roster, alice, preparing(NEW_KEY, [alice, bob]));

  it('is prepared for all, activated, and retires the old secret; any member takes the next step', () => {
    const active = following(prepared, bob, activating(NEW_KEY));
    const done = following(active, alice, { op: 'retire_secret', key_id: KEY_ID });
    expect(done).toMatchObject({ keyId: NEW_KEY, pending: null });
    expect(done.retired).toContain(KEY_ID);
    expectFault(
      done,
      alice,
      [preparing(KEY_ID, [alice, bob])],
      'not_allowed',
      /^This secret was used before$/,
    );
  });

  it('leaves nobody out, skips no phase and does not begin twice', () => {
    expectFault(
      roster,
      alice,
      [preparing(NEW_KEY, [alice])],
      'not_allowed',
      /^The secret is not sealed for bob$/,
    );
    expectFault(roster, alice, [activating(NEW_KEY)], 'not_allowed', /not being rotated in$/);
    expectFault(
      prepared,
      alice,
      [{ op: 'retire_secret', key_id: KEY_ID }],
      'not_allowed',
      /^While the new secret is prepared, that one is not retired$/,
    );
    expectFault(
      prepared,
      alice,
      [preparing('aaaaaaaaaaaaaaaa', [alice, bob])],
      'not_allowed',
      /^Another secret/,
    );
  });

  it('seals the pending secret for who is admitted meanwhile', () => {
    expectFault(
      prepared,
      alice,
      [{ op: 'admit', member: carol.member }],
      'not_allowed',
      /^A secret is sealed/,
    );
    const three = following(prepared, alice, { op: 'admit', member: carol.member, secret: ENVELOPE });
    expect([...(three.pending?.sealed.keys() ?? [])]).toEqual(['alice', 'bob', 'carol']);
  });

  it('that is abandoned ends with the old secret, from either phase', () => {
    for (const from of [prepared, following(prepared, alice, activating(NEW_KEY))]) {
      const abandoned = following(from, bob, { op: 'abandon_secret', key_id: NEW_KEY });
      expect(abandoned).toMatchObject({
        keyId: KEY_ID,
        pending: { phase: 'abandoned', epoch: from.epoch + 1 },
      });
      expectFault(abandoned, bob, [activating(NEW_KEY)], 'not_allowed', /^That secret is abandoned$/);
      const old: Operation = { op: 'retire_secret', key_id: KEY_ID };
      expectFault(abandoned, bob, [old], 'not_allowed', /that one is not retired$/);
      const done = following(abandoned, alice, { op: 'retire_secret', key_id: NEW_KEY });
      expect(done).toMatchObject({ keyId: KEY_ID, pending: null });
      expectFault(done, alice, [preparing(NEW_KEY, [alice, bob])], 'not_allowed', /^This secret was used/);
    }
  });

  it('seals for members alone', () => {
    const all = [preparing(NEW_KEY, [alice, bob, carol])];
    expectFault(roster, alice, all, 'not_allowed', /^The secret is sealed for carol, who is no member$/);
  });

  it('is discarded by an eviction, and its secret never comes back', () => {
    const three = following(prepared, alice, { op: 'admit', member: carol.member, secret: ENVELOPE });
    expectFault(three, alice, evictingBob(), 'not_allowed', /^This secret was used/);
    const next = following(three, alice, ...evictingBob('aaaaaaaaaaaaaaaa'));
    expect(next).toMatchObject({ keyId: 'aaaaaaaaaaaaaaaa', pending: null });
    expect([...next.retired].sort()).toEqual([KEY_ID, NEW_KEY].sort());
  });
});

describe('of two steps with one parent', () => {
  const roster = rosterOf(alice, bob, carol);
  const note = (signer: Person, text = 'x') => signer.step(roster, [{ op: 'note', text }]);
  const removing = (signer: Person, nodeId: string) =>
    signer.step(roster, [{ op: 'remove', node_id: nodeId }]);

  it("the one that removes the other's signer wins, from either side", () => {
    expect(judgeFork([removing(alice, 'bob')], [note(bob)], roster)).toBe('ours');
    expect(judgeFork([note(bob)], [removing(alice, 'bob')], roster)).toBe('theirs');
  });

  it('neither wins when each removes the other', () => {
    expect(judgeFork([removing(alice, 'bob')], [removing(bob, 'alice')], roster)).toBe('frozen');
  });

  it('otherwise the lower digest wins, and all agree', () => {
    const [one, other] = [note(alice), note(bob)];
    const verdicts = [judgeFork([one], [other], roster), judgeFork([other], [one], roster)];
    expect(verdicts.toSorted()).toEqual(['ours', 'theirs']);
    expect(verdicts[0] === 'ours').toBe(one.digest < other.digest);
  });

  it('the one that retires the secret wins, whatever the other did to it', () => {
    const prepared = following(roster, alice, preparing(NEW_KEY, [alice, bob, carol]));
    const branch = (signer: Person, ...steps: Operation[][]) =>
      steps.reduce<{ on: Roster; made: RosterStep[] }>(
        ({ on, made }, operations) => {
          const step = signer.step(on, operations);
          return { on: whole(advance(on, step)), made: [...made, step] };
        },
        { on: prepared, made: [] },
      ).made;
    const retire = (keyId: string): Operation => ({ op: 'retire_secret', key_id: keyId });
    const forward = branch(alice, [activating(NEW_KEY)], [retire(KEY_ID)]);
    const back = branch(bob, [{ op: 'abandon_secret', key_id: NEW_KEY }], [retire(NEW_KEY)]);
    expect(judgeFork(forward, back, prepared)).toBe('ours');
    expect(judgeFork(back, forward, prepared)).toBe('theirs');
  });

  it('the one that evicts wins over one that changes the secret alone', () => {
    const compromise = (kept: readonly Person[], ...more: Operation[]): Operation[] => [
      { op: 'admission', admission: 'ticket' },
      ...more,
      preparing(NEW_KEY, kept, true),
      activating(NEW_KEY),
      { op: 'retire_secret', key_id: KEY_ID },
    ];
    const evicting = alice.step(roster, compromise([alice, bob], { op: 'evict', node_id: 'carol' }));
    for (let i = 0; i < 20; i += 1) {
      const keeping = bob.step(roster, [...compromise([alice, bob, carol]), { op: 'note', text: `${i}` }]);
      expect(judgeFork([evicting], [keeping], roster)).toBe('ours');
    }
  });

  it('who was evicted later writes itself no other past', () => {
    const first = note(alice);
    const then = whole(advance(roster, first));
    const evicted = alice.step(then, evictingBob());
    for (let i = 0; i < 20; i += 1)
      expect(judgeFork([first, evicted], [note(bob, `${i}`)], roster)).toBe('ours');
  });
});
