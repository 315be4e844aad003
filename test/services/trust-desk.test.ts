/** What people are told of the roster. */
import { expect, it } from 'vitest';
import { TrustDesk } from '../../src/services/trust/trust-desk.ts';
import { type Server, SmallCluster } from './small-cluster.ts';

const deskOf = ({ name, cluster }: Server) => new TrustDesk({ nodeId: name, cluster });
const admitters = (server: Server) =>
  deskOf(server)
    .roster()
    .members.map(({ node_id, admitted_by }) => [node_id, admitted_by]);

it('each member stands there with who admitted it, also when it came back, and the founder with nobody', async () => {
  const small = new SmallCluster({ intervalMs: 2000, timeoutMs: 6000 }, { roster: true });
  const a = await small.start('a');
  const b = await small.start('b');
  await small.intervals(3);
  a.clock.stop();
  await small.start('c');
  await small.intervals(3);
  expect(admitters(b)).toEqual([
    ['a', null],
    ['b', 'a'],
    ['c', 'b'],
  ]);
  a.clock.continue();
  await small.intervals(4);
  await deskOf(a).evict('b');
  expect(admitters(a)).toEqual([
    ['a', null],
    ['c', 'b'],
  ]);
});

it('this server stands there as it is to the others, not as healthy whatever it does', async () => {
  const small = new SmallCluster({ intervalMs: 2000, timeoutMs: 6000 }, { roster: true });
  const a = await small.start('a');
  await small.start('b');
  await small.intervals(3);
  const own = () =>
    deskOf(a)
      .roster()
      .members.find(({ this_node }) => this_node)?.state;
  expect(own()).toBe('healthy');
  await a.cluster.heartbeat.drain();
  expect(own()).toBe('draining');
  await a.cluster.heartbeat.fallSilent(null);
  expect(own()).toBe('unconfirmed');
});
