/**
 * What was captured while a member lived, put back when it does not: it revives nobody, neither for those who saw
 * it leave nor for a verifier that starts afterwards and has seen nothing.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NodeView } from '../../src/services/cluster/node-view.ts';
import type { RefusalView } from '../../src/services/cluster/refusal-view.ts';
import { eventually } from './eventually.ts';
import { FileIntruder } from './file-intruder.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { nowSeconds } from './record-forger.ts';
import type { Slot } from './registry-intruder.ts';
import { seldomLate, ViewWitness } from './view-witness.ts';

const WINDOW_SECONDS = 30;
const WAIT_MS = 90_000;
const NODE: Slot = { type: 'node', nodeId: 'server-03' };
const HEARTBEAT: Slot = { type: 'heartbeat', nodeId: 'server-03' };

let cluster: LiveCluster;
let intruder: FileIntruder;
let captured: { readonly node: Buffer; readonly heartbeat: Buffer; readonly atSeconds: number };

beforeAll(async () => {
  cluster = await LiveCluster.start({ timeoutSeconds: 5 });
  intruder = new FileIntruder(cluster.registry);
});

afterAll(() => cluster?.stop());

const witnessOf = (server: LiveServer) => new ViewWitness([server]);
const statesOf = ({ views }: ViewWitness, nodeId: string) =>
  new Set(
    views.flatMap((view) =>
      view.filter((line) => line.startsWith(`${nodeId} `)).map((line) => line.split(' ')[1]),
    ),
  );

async function viewOf({ client }: LiveServer, nodeId: string): Promise<NodeView | undefined> {
  return (await client.nodes()).find((node) => node.node_id === nodeId);
}

async function replayedOf({ client }: LiveServer, slot: Slot): Promise<RefusalView | undefined> {
  const key = `fleet:cluster:${slot.type}:${slot.nodeId}`;
  return (await client.health()).refusals.find(({ code, slot: at }) => code === 'replayed' && at === key);
}

async function plantCaptured(): Promise<void> {
  expect(nowSeconds() - captured.atSeconds).toBeLessThan(WINDOW_SECONDS);
  await intruder.write(NODE, captured.node);
  await intruder.write(HEARTBEAT, captured.heartbeat);
}

it('a heartbeat put back after its node left is refused as replayed, and the node stays left', async () => {
  const [first, second, third] = cluster.servers as [LiveServer, LiveServer, LiveServer];
  captured = {
    node: await intruder.read(NODE),
    heartbeat: await intruder.read(HEARTBEAT),
    atSeconds: nowSeconds(),
  };
  expect(await third.process.terminate()).toBe(0);
  for (const server of [first, second]) {
    await eventually(`${server.name} sees it left`, WAIT_MS, async () => {
      return (await viewOf(server, third.name))?.state === 'left';
    });
  }
  const witnesses = [first, second].map(witnessOf);
  await plantCaptured();
  for (const server of [first, second]) {
    const refused = await eventually(`${server.name} refuses the heartbeat`, WAIT_MS, () =>
      replayedOf(server, HEARTBEAT),
    );
    expect(refused).toMatchObject({ node_id: 'server-03', count: 1 });
    expect(refused.sentence).toBe(
      'An old record of server-03 lies in the registry, from before this server started or before a newer one it has seen. Somebody put a copy back, or server-03 stopped meanwhile; if it should run, start it.',
    );
    expect(server.process.log()).toContain(
      'Rejecting node server-03: Replayed: an older record than one already seen',
    );
  }
  for (const witness of witnesses) {
    await witness.stop();
    expect(statesOf(witness, 'server-03')).toEqual(new Set(['left']));
  }
});

it('a verifier that restarts believes neither the captured heartbeat nor its node record', async () => {
  const [first, second] = cluster.servers as [LiveServer, LiveServer];
  await second.process.kill();
  await plantCaptured();
  const witness = witnessOf(first);
  await second.process.start();
  const restarted = witnessOf(second);
  await eventually('the restarted one calls it offline', WAIT_MS, async () => {
    return (await viewOf(second, 'server-03'))?.state === 'offline';
  });
  await restarted.stop();
  await witness.stop();
  for (const state of statesOf(restarted, 'server-03')) expect(['unconfirmed', 'offline']).toContain(state);
  expect(statesOf(witness, 'server-03')).toEqual(new Set(['left']));
  await eventually('the restarted one sees the living', WAIT_MS, async () => {
    return (await viewOf(second, 'server-01'))?.state === 'healthy';
  });
});

it('the node itself comes back, over its own captured records, and is healthy for all', async () => {
  await cluster.server('server-03').process.start();
  await cluster.settled();
  for (const { client } of cluster.servers) {
    expect((await client.nodes()).map(({ node_id, state }) => `${node_id} ${seldomLate(state)}`)).toEqual([
      'server-01 healthy',
      'server-02 healthy',
      'server-03 healthy',
    ]);
  }
});
