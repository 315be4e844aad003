/** Orders of a branch that lost, given again on top of the one that won. */
import { expect, it } from 'vitest';
import type { Operation } from '../../src/protocol/roster-step.ts';
import { issueAgain } from '../../src/services/trust/lost-steps.ts';
import { FakeLog } from '../fakes/log.ts';
import { activating, Person, preparing } from '../membership/roster-chain-maker.ts';
import { SmallCluster } from './small-cluster.ts';

const NEW_KEY = '8899aabbccddeeff';
const bob = new Person('bob');
const ticket = (id: string): Operation => ({
  op: 'ticket',
  id,
  key: Buffer.alloc(32, 9).toString('base64'),
  expires: 253_402_300_799,
});

/** What the roster is after these operations counted, and those were lost. */
async function rosterAfter(counted: Operation[], ...lost: Operation[][]) {
  const small = new SmallCluster({ intervalMs: 1000, timeoutMs: 3000 }, { roster: true });
  const { cluster } = await small.start('a');
  const { keeper, rotation } = cluster.trust ?? expect.fail('a cluster with a roster');
  await keeper.propose(() => [{ op: 'admit', member: bob.member }, ...counted]);
  const before = keeper.roster ?? expect.fail('a roster');
  const log = new FakeLog();
  const own = new Person('a');
  const steps = lost.map((operations) => own.step(before, operations));
  await issueAgain(steps, { keeper, rotation, nodeId: 'a', log });
  expect(log.lines).toEqual([]);
  return keeper.roster ?? expect.fail('a roster');
}

it('a removal and a level are ordered once more, and once only', async () => {
  const removal: Operation = { op: 'remove', node_id: 'bob' };
  const roster = await rosterAfter([], [removal, { op: 'level', level: 3 }], [removal]);
  expect(roster.members.has('bob')).toBe(false);
  expect(roster.level).toBe(3);
});

it('a ticket is not: it may have been revoked or used', async () => {
  const id = '0000000000000001';
  const roster = await rosterAfter([], [ticket(id)], [{ op: 'revoke_ticket', id }]);
  expect(roster.tickets.size).toBe(0);
});

it('after a compromise the tickets that are open are revoked again', async () => {
  const compromise: Operation[] = [
    { op: 'admission', admission: 'ticket' },
    preparing(NEW_KEY, [bob], true),
    activating(NEW_KEY),
    { op: 'retire_secret', key_id: '0011223344556677' },
  ];
  const [open, revoked] = ['0000000000000001', '0000000000000002'] as const;
  const roster = await rosterAfter(
    [ticket(open), ticket(revoked), { op: 'revoke_ticket', id: revoked }],
    [{ op: 'revoke_ticket', id: open }, ...compromise],
  );
  expect(roster.admission).toBe('ticket');
  expect([...roster.tickets.values()].map(({ state }) => state)).toEqual(['revoked', 'revoked']);
});
