/** Who came by which package: what the roster tells, and no more. */
import { describe, expect, it } from 'vitest';
import { foundRoster } from '../../../src/membership/roster.ts';
import { type Admission, admissionsOf, whoJoined } from '../../../src/services/packages/who-joined.ts';
import { Person, TIME, whole } from '../../membership/roster-chain-maker.ts';

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

it('the chain says who was admitted by which ticket, and the founder came by none', () => {
  const founder = new Person('a');
  const ticketId = '0011223344556677';
  const admit = { op: 'admit', member: new Person('b').member, ticket: ticketId } as const;
  const founding = founder.found();
  const steps = [founding, founder.step(whole(foundRoster(founding)), [admit])];
  expect(admissionsOf(steps)).toEqual([{ nodeId: 'b', time: TIME, ticketId }]);
});
