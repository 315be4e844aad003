/**
 * The roster of a live cluster: who was admitted stays known by its key over every restart and every loss of the
 * registry, and who holds the shared secret alone cannot take another's name.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/protocol/record.ts';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { eventually } from './eventually.ts';
import { FileIntruder } from './file-intruder.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { newIdentityKey, RecordForger } from './record-forger.ts';
import { fieldsOf } from './registry-intruder.ts';
import { secretOnDisk } from './secret-on-disk.ts';
import { TrustClient } from './trust-client.ts';

const WAIT_MS = 90_000;
const ROTATED_MS = 120_000;

let cluster: LiveCluster;
let intruder: FileIntruder;
let forger: RecordForger;

beforeAll(async () => {
  cluster = await LiveCluster.start();
  intruder = new FileIntruder(cluster.registry);
  forger = new RecordForger(cluster.secrets);
});

afterAll(() => cluster?.stop());

const stepsIn = (folder: string) =>
  readdirSync(join(folder, 'roster')).filter((name) => !name.startsWith('.'));
const heldBy = async (name: string) => (await fieldsOf(intruder, { type: 'heartbeat', nodeId: name })).roster;

async function stateOf({ client }: LiveServer, nodeId: string): Promise<string | undefined> {
  return (await client.nodes()).find((node) => node.node_id === nodeId)?.state;
}

async function refusedAt({ client }: LiveServer, code: string, nodeId: string): Promise<boolean> {
  const { refusals } = await client.health();
  return refusals.some((refused) => refused.code === code && refused.node_id === nodeId);
}

const remove = (name: string, on: LiveServer) =>
  atlasFleet(['cluster', 'remove', name, '--config', on.configPath]);

describe('a cluster of three', () => {
  it('holds one roster, on every disk and in the registry', async () => {
    await eventually('all hold the same', WAIT_MS, async () => {
      const held = await Promise.all(cluster.servers.map(({ name }) => heldBy(name)));
      return held.every((one) => one !== undefined && JSON.stringify(one) === JSON.stringify(held[0]));
    });
    const expected = ['0.json', '1.json', '2.json'];
    for (const folder of [cluster.registry, ...cluster.servers.map(({ dataDir }) => dataDir)])
      expect(stepsIn(folder).sort()).toEqual(expected);
  });

  it('puts it back where the registry lost it, and knows everybody all the time', async () => {
    await intruder.removeAll();
    await eventually('the chain is there again', WAIT_MS, () => stepsIn(cluster.registry).length === 3);
    for (const { name } of cluster.servers)
      await eventually(`${name} has written again`, WAIT_MS, () =>
        intruder.read({ type: 'node', nodeId: name }),
      );
    await cluster.settled();
  });
});

describe('who holds every shared secret', () => {
  it("cannot take a member's name, not even from a server that has just started", async () => {
    const [first, second] = cluster.servers as [LiveServer, LiveServer];
    await second.process.kill();
    await first.process.kill();
    const identityKey = newIdentityKey();
    const node = forger.sign(forger.nodeFields('server-02', identityKey), { type: 'node', identityKey });
    await intruder.write({ type: 'node', nodeId: 'server-02' }, node);
    const beat = forger.heartbeatFields('server-02', digestOf(node), {});
    await intruder.write(
      { type: 'heartbeat', nodeId: 'server-02' },
      forger.sign(beat, { type: 'heartbeat', identityKey }),
    );
    await first.process.start();
    await eventually('it is refused', WAIT_MS, () => refusedAt(first, 'bad_node_signature', 'server-02'));
    expect(await stateOf(first, 'server-02')).not.toBe('healthy');
    await second.process.start();
    await cluster.settled();
  });
});

describe('a server that was installed anew under its old name', () => {
  it('is refused by its new key, and is a newcomer once it was removed', async () => {
    const [first, , third] = cluster.servers as [LiveServer, LiveServer, LiveServer];
    expect((await remove('server-03', first)).stderr).toMatch(/^error: server-03 is (?:healthy|late)/m);
    await third.process.kill();
    for (const name of ['identity.json', 'incarnation', 'roster'])
      rmSync(join(third.dataDir, name), { recursive: true, force: true });
    await third.process.start();
    await eventually('it is refused', WAIT_MS, () => refusedAt(first, 'bad_node_signature', 'server-03'));
    await third.process.kill();
    await eventually('it is gone', WAIT_MS, async () =>
      ['offline', 'unconfirmed'].includes((await stateOf(first, 'server-03')) ?? ''),
    );
    expect(await remove('server-03', first)).toMatchObject({ code: 0, stderr: 'Removed server-03.\n' });
    expect(await stateOf(first, 'server-03')).toBeUndefined();
    await third.process.start();
    await cluster.settled();
  });

  it('is not removed under a name that nobody has', async () => {
    const [first] = cluster.servers as [LiveServer];
    expect(await remove('nobody', first)).toMatchObject({ code: 6 });
    expect((await remove('server-01', first)).stderr).toContain('error: server-01 is this server');
  });
});

describe('its secret', () => {
  it('is rotated on the file backend as on Redis', async () => {
    const [first] = cluster.servers as [LiveServer];
    const { key_id: before } = await new TrustClient(first).roster();
    await new TrustClient(first).rotate();
    await eventually('every config.yaml has another', ROTATED_MS, () =>
      cluster.servers.every((server) => secretOnDisk(server).keyId !== before),
    );
    await cluster.settled();
    for (const server of cluster.servers)
      for (const code of ['unknown_key', 'retired_key', 'invalid_signature'])
        for (const { name } of cluster.servers) expect(await refusedAt(server, code, name)).toBe(false);
  });
});
