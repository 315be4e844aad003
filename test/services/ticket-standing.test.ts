/** What is said of a ticket, also of one that the roster forgot. */
import { expect, it } from 'vitest';
import { advance, foundRoster } from '../../src/membership/roster.ts';
import type { Operation, RosterStep } from '../../src/protocol/roster-step.ts';
import { ticketStanding } from '../../src/services/trust/ticket-standing.ts';
import { Person, TIME, whole } from '../membership/roster-chain-maker.ts';

const TICKET = '0011223344556677';
const KEY = Buffer.alloc(32, 3).toString('base64');
const FOUNDER = new Person('a');
const INVITE: Operation = { op: 'ticket', id: TICKET, key: KEY, expires: TIME + 100 };
const ADMIT: Operation = { op: 'admit', member: new Person('b').member, ticket: TICKET };
const REVOKE: Operation = { op: 'revoke_ticket', id: TICKET };

/** A step for each operation. */
function chain(...operations: readonly Operation[]) {
  const founding = FOUNDER.found();
  const steps: RosterStep[] = [founding];
  let roster = whole(foundRoster(founding));
  for (const operation of operations) {
    const step = FOUNDER.step(roster, [operation]);
    steps.push(step);
    roster = whole(advance(roster, step));
  }
  return { steps, tickets: roster.tickets };
}

it.each([
  ['open', [INVITE], 0],
  ['expired', [INVITE], 101],
  ['used', [INVITE, ADMIT], 0],
  ['revoked', [INVITE, REVOKE], 101],
] as const)('a ticket is %s', (state, operations, later) => {
  const { steps, tickets } = chain(...operations);
  const expected = { state, expires: TIME + 100 };
  expect(ticketStanding(TICKET, { steps, tickets, now: TIME + later })).toEqual(expected);
  // The roster forgets the oldest; whoever is asked about one that it forgot reads the chain.
  const forgotten = ticketStanding(TICKET, { steps, tickets: new Map(), now: TIME + 101 });
  expect(forgotten).toEqual(state === 'open' ? { ...expected, state: 'expired' } : expected);
});

it('a ticket that no step announced is none', () => {
  expect(ticketStanding('ffffffffffffffff', { ...chain(INVITE), now: TIME })).toBeNull();
});
