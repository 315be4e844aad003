/**
 * Two pasts of one roster, on live servers and a real Redis that began with junk in it: two members evict each other,
 * trust freezes on all servers, and a person ends it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rosterKey } from '../../src/protocol/registry-key.ts';
import type { RosterStep } from '../../src/protocol/roster-step.ts';
import { RedisServer } from '../backends/redis.ts';
import { ChainIntruder } from './chain-intruder.ts';
import { findingCodes, foundByAll, refusedByAll } from './complaints.ts';
import { eventually } from './eventually.ts';
import { type ForgedEviction, forgeEviction } from './eviction-forger.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { secretOnDisk } from './secret-on-disk.ts';
import { TrustClient } from './trust-client.ts';

const WAIT_MS = 90_000;

let redis: RedisServer;
let cluster: LiveCluster;
let chain: ChainIntruder;
let common: readonly RosterStep[];
let byFirst: ForgedEviction;
let bySecond: ForgedEviction;

beforeAll(async () => {
  redis = await RedisServer.start();
  chain = new ChainIntruder(redis);
  await redis.send([
    ['set', rosterKey(0), '{"junk":0}'],
    ['rpush', rosterKey(1), 'junk'],
  ]);
  cluster = await LiveCluster.start({ intervalSeconds: 1, timeoutSeconds: 3, redis });
});

afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
});

const rosterAt = (server: LiveServer) => new TrustClient(server).roster();
const members = async (server: LiveServer) => (await rosterAt(server)).members.map(({ node_id }) => node_id);
const names = () => cluster.servers.map(({ name }) => name);

async function allHold(digest: string, servers: readonly LiveServer[]): Promise<void> {
  for (const server of servers)
    await eventually(
      `${server.name} holds it`,
      WAIT_MS,
      async () => (await rosterAt(server)).hash === digest,
    );
}

describe('junk where the first steps belong, before any server runs', () => {
  it('keeps no roster out', async () => {
    await eventually('all are members', WAIT_MS, async () => {
      const views = await Promise.all(cluster.servers.map(members));
      return views.every((view) => view.length === cluster.servers.length);
    });
    common = await chain.steps();
    expect(common).toHaveLength(cluster.servers.length);
    await cluster.settled();
  });
});

describe('two members that evict each other', () => {
  it('freeze trust on every server once it has seen both: neither counts, and all go on as before', async () => {
    const [first, second] = cluster.servers as [LiveServer, LiveServer];
    byFirst = await forgeEviction(first, second.name, common);
    bySecond = await forgeEviction(second, first.name, common);
    await chain.put(common.length, byFirst.step.bytes);
    await allHold(byFirst.step.digest, cluster.servers);
    await foundByAll([second], 'self_evicted');
    await chain.put(common.length, bySecond.step.bytes);
    await foundByAll(cluster.servers, 'roster_frozen');

    for (const server of cluster.servers) {
      const roster = await rosterAt(server);
      expect(roster).toMatchObject({ hash: common.at(-1)?.digest, admission: 'secret', evicted: [] });
      expect(roster.members.map(({ node_id }) => node_id)).toEqual(names());
      expect(new Set([roster.pasts?.ours, roster.pasts?.theirs])).toEqual(
        new Set([byFirst.step.digest, bySecond.step.digest]),
      );
      await expect(new TrustClient(server).rotate()).rejects.toThrow(/^roster_frozen/);
    }
    await cluster.settled();
    for (const server of cluster.servers)
      expect(secretOnDisk(server).secret).toBe(cluster.secrets.clusterSecret);
  });

  it('stay frozen over a restart', async () => {
    const third = cluster.server('server-03');
    await third.process.kill();
    await third.process.start();
    await foundByAll([third], 'roster_frozen');
    await cluster.settled();
  });

  it('end when the operator chooses on each server: the same for all, and who is evicted in it is out', async () => {
    const [first, second, third] = cluster.servers as [LiveServer, LiveServer, LiveServer];
    await expect(new TrustClient(third).choose('f'.repeat(64))).rejects.toThrow(/^roster_choice/);
    for (const server of [third, second, first])
      await new TrustClient(server).choose(byFirst.step.digest.slice(0, 16));
    await allHold(byFirst.step.digest, cluster.servers);
    await refusedByAll([first, third], 'evicted', second.name);
    for (const server of [first, third]) {
      expect(await members(server)).toEqual([first.name, third.name]);
      await eventually(`${server.name} sees the other healthy`, WAIT_MS, async () => {
        return (await server.client.nodes()).every(({ state }) => state === 'healthy');
      });
      await eventually(
        `${server.name} has the secret`,
        WAIT_MS,
        () => secretOnDisk(server).keyId === byFirst.keyId,
      );
      expect(await findingCodes(server)).not.toContain('roster_frozen');
    }
    await foundByAll([second], 'self_evicted');
    expect((await chain.head()).digest).toBe(byFirst.step.digest);
  });

  it('are not judged again when somebody shows the other past: it is put back, and an alarm', async () => {
    const [first, , third] = cluster.servers as [LiveServer, LiveServer, LiveServer];
    await chain.put(common.length, bySecond.step.bytes);
    await eventually('somebody says so', WAIT_MS, async () => {
      return (await Promise.all(cluster.servers.map(findingCodes))).flat().includes('roster_rewritten');
    });
    await eventually('the chain is as it was', WAIT_MS, async () => {
      return (await chain.head()).digest === byFirst.step.digest;
    });
    for (const server of [first, third]) expect((await rosterAt(server)).hash).toBe(byFirst.step.digest);
  });
});
