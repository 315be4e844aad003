/** Who came by which package: what the roster tells, and no more. */
import { describe, expect, it } from 'vitest';
import { advance, foundRoster, type Roster } from '../../../src/membership/roster.ts';
import type { Operation, RosterStep } from '../../../src/protocol/roster-step.ts';
import {
  type Admission,
  admissionsOf,
  ticketStanding,
  whoJoined,
} from '../../../src/services/packages/who-joined.ts';
import { Person, TIME } from '../../membership/roster-chain-maker.ts';

const BUILT = 1_780_000_000;
const NODE = {
  kind: 'cluster-node',
  credentials: 'embedded',
  nodeName: null,
  ticketId: null,
  builtAtMs: BUILT * 1000 + 700,
} as const;

const came = (nodeId: string, after: number, ticketId: string | null = null): Admission => ({
  nodeId,
  time: BUILT + after,
  ticketId,
});
const ADMISSIONS = [
  came('early', -1),
  came('same-second', 0),
  came('named', 5),
  came('by-ticket', 6, 'aa'),
  came('late', 60),
  came('named', 70),
];

describe('of a package without a name and a ticket', () => {
  it.each([
    ['come all who were admitted by the secret in a later second', null, ['named', 'late']],
    ['come none whom the next such package explains', (BUILT + 59) * 1000 + 900, ['named']],
    ['comes who came in the second in which the next was begun', (BUILT + 60) * 1000, ['named', 'late']],
    ['comes nobody when the next was begun in the same second', BUILT * 1000 + 900, []],
  ])('%s', (_, nextAtMs, expected) => {
    const guessed = expected.map((nodeId) => ({ nodeId, by: 'time' }));
    expect(whoJoined(NODE, ADMISSIONS, nextAtMs)).toEqual(guessed);
  });
});

describe('of a package', () => {
  it.each([
    [
      'with a ticket comes whom the ticket admitted',
      { ticketId: 'aa', credentials: 'ticket' },
      [{ nodeId: 'by-ticket', by: 'ticket' }],
    ],
    ['with another ticket comes nobody', { ticketId: 'bb', credentials: 'ticket' }, []],
    [
      'with a ticket and a name the ticket decides',
      { ticketId: 'aa', nodeName: 'named' },
      [{ nodeId: 'by-ticket', by: 'ticket' }],
    ],
    ['with a name comes who has that name, once', { nodeName: 'named' }, [{ nodeId: 'named', by: 'name' }]],
    ['with a name comes nobody who was there before', { nodeName: 'early' }, []],
    ['with a name comes nobody who came in its second', { nodeName: 'same-second' }, []],
    ['for an agent comes no server', { kind: 'agent' }, []],
    ['for a server of its own comes nobody', { kind: 'standalone', credentials: 'none' }, []],
  ] as const)('%s', (_, changes, expected) => {
    expect(whoJoined({ ...NODE, ...changes }, ADMISSIONS, null)).toEqual(expected);
  });
});

const TICKET = '0011223344556677';
const KEY = Buffer.alloc(32, 3).toString('base64');
const invite: Operation = { op: 'ticket', id: TICKET, key: KEY, expires: TIME + 100 };

/** A chain of one step for each list of operations, by its founder. */
function chain(founder: Person, ...steps: readonly (readonly Operation[])[]) {
  const made: RosterStep[] = [founder.found()];
  const grow = (next: ReturnType<typeof advance>): Roster => {
    if (!next.ok) throw new Error(next.reason);
    return next.roster;
  };
  let roster = grow(foundRoster(made[0] as RosterStep));
  for (const operations of steps) {
    const step = founder.step(roster, operations);
    made.push(step);
    roster = grow(advance(roster, step));
  }
  return { steps: made, tickets: roster.tickets };
}

describe('a ticket', () => {
  const founder = new Person('a');
  const joiner = new Person('b');
  const admit: Operation = { op: 'admit', member: joiner.member, ticket: TICKET };
  const revoke: Operation = { op: 'revoke_ticket', id: TICKET };

  it.each([
    ['open', [[invite]], 0],
    ['expired', [[invite]], 101],
    ['used', [[invite], [admit]], 0],
    ['revoked', [[invite], [revoke]], 101],
  ] as const)('is %s', (state, operations, later) => {
    const { steps, tickets } = chain(founder, ...operations);
    const now = TIME + later;
    const expected = { state, expires: TIME + 100 };
    expect(ticketStanding(TICKET, { steps, tickets, now })).toEqual(expected);
    // The roster forgets the oldest; whoever is asked about one that it forgot reads the chain.
    const forgotten = ticketStanding(TICKET, { steps, tickets: new Map(), now: TIME + 101 });
    expect(forgotten).toEqual(state === 'open' ? { ...expected, state: 'expired' } : expected);
  });

  it('that no step announced is none', () => {
    expect(ticketStanding('ffffffffffffffff', { ...chain(founder, [invite]), now: TIME })).toBeNull();
  });

  it('says in the chain whom it admitted, and the founder came by none', () => {
    const { steps } = chain(founder, [invite], [admit]);
    expect(admissionsOf(steps)).toEqual([{ nodeId: 'b', time: TIME, ticketId: TICKET }]);
  });
});
