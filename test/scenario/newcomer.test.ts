/**
 * A newcomer with the cluster's secret is let in without anybody doing anything, also when its clock is 2 s
 * ahead: not at all while it names nobody; by the first member that it names; and unconfirmed for each of the others until
 * it names that one too.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { digestOf } from '../../src/protocol/record.ts';
import type { NodeView } from '../../src/services/cluster/node-view.ts';
import { fakeClock, findFaketime } from '../backends/faketime.ts';
import { eventually } from './eventually.ts';
import { FileIntruder } from './file-intruder.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { newIdentityKey, nowSeconds, RecordForger } from './record-forger.ts';
import { afterBeat } from './registry-intruder.ts';

const WAIT_MS = 90_000;
const AHEAD_SECONDS = 2;
let cluster: LiveCluster;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 2 });
});

afterAll(() => cluster?.stop());

async function viewOf({ client }: LiveServer, nodeId: string): Promise<NodeView | undefined> {
  return (await client.nodes()).find((node) => node.node_id === nodeId);
}

/** `speak`: its next word, at each look. */
async function seenAs(
  server: LiveServer,
  nodeId: string,
  state: NodeView['state'],
  speak = async () => {},
): Promise<NodeView> {
  return eventually(`${server.name} sees ${nodeId} ${state}`, WAIT_MS, async () => {
    await speak();
    const view = await viewOf(server, nodeId);
    return view?.state === state ? view : undefined;
  });
}

it('a record 2 s ahead is accepted: healthy for whom it names, unconfirmed for the others', async () => {
  const forger = new RecordForger(cluster.secrets);
  const intruder = new FileIntruder(cluster.registry);
  const nodeId = 'newcomer';
  const identityKey = newIdentityKey();
  const ahead = () => nowSeconds() + AHEAD_SECONDS;
  const node = forger.sign(
    { ...forger.nodeFields(nodeId, identityKey), _timestamp: ahead() },
    { type: 'node', identityKey },
  );
  const incarnation = Date.now();
  let sequence = 0;
  const speak = async (seen: Record<string, number>, state = 'up') => {
    sequence += 1;
    const said = {
      ...forger.heartbeatFields(nodeId, digestOf(node), seen),
      _timestamp: ahead(),
      _incarnation: incarnation,
      _sequence: sequence,
      state,
    };
    await intruder.write(
      { type: 'heartbeat', nodeId },
      forger.sign(said, { type: 'heartbeat', identityKey }),
    );
  };

  await intruder.write({ type: 'node', nodeId }, node);
  await speak({});
  const [first, second] = cluster.servers as [LiveServer, LiveServer];
  for (const { name } of [first, second, first, second]) await afterBeat(intruder, name, cluster.servers);
  for (const server of cluster.servers) expect(await viewOf(server, nodeId)).toBeUndefined();

  const nodes = await first.client.nodes();
  const seen = Object.fromEntries(nodes.map((one) => [one.node_id, one.incarnation]));
  const namingFirst = () => speak({ [first.name]: seen[first.name] ?? 0 });
  await seenAs(first, nodeId, 'healthy', namingFirst);
  await seenAs(second, nodeId, 'unconfirmed', namingFirst);
  for (const server of cluster.servers) {
    expect(await seenAs(server, nodeId, 'healthy', () => speak(seen))).toMatchObject({
      host: '10.0.0.66',
      signature: 'verified',
    });
    expect(server.process.log()).toContain('Node data verified: newcomer');
  }
  await speak(seen, 'left');
  for (const server of cluster.servers) {
    await seenAs(server, nodeId, 'left');
    expect((await server.client.health()).refusals).toEqual([]);
  }
});

it.skipIf(findFaketime() === undefined)(
  'a real server whose clock is 2 s ahead joins, is healthy for all, and its offset is shown (libfaketime)',
  async () => {
    const newcomer = await cluster.add({ env: fakeClock(AHEAD_SECONDS) });
    await newcomer.process.start();
    for (const server of cluster.servers) {
      const view = await seenAs(server, newcomer.name, 'healthy');
      const expected = server === newcomer ? 0 : AHEAD_SECONDS;
      expect(Math.abs((view.clock_offset_seconds ?? 99) - expected)).toBeLessThanOrEqual(1);
      for (const { name } of cluster.servers) await seenAs(server, name, 'healthy');
      expect((await server.client.health()).refusals).toEqual([]);
    }
  },
);
