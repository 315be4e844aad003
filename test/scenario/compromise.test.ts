/**
 * One server and the shared secret are in the wrong hands, with everything that was ever in Redis: after one order of
 * the operator the thief reads nothing, and is believed under no name.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisServer } from '../backends/redis.ts';
import { RedisTap } from '../backends/redis-tap.ts';
import {
  asSealingKey,
  envelopesIn,
  openAll,
  spellingsIn,
  stepsIn,
  stolenSealingKey,
} from './capture-thief.ts';
import { findingCodes, foundByAll, refusedByAll, refusedTimes } from './complaints.ts';
import { eventually, timeUntil } from './eventually.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { newIdentityKey, RecordForger, stolenKey } from './record-forger.ts';
import { RedisIntruder } from './redis-intruder.ts';
import { secretOnDisk } from './secret-on-disk.ts';
import { TrustClient } from './trust-client.ts';

const WAIT_MS = 90_000;
const EVICTED = 'server-03';

let redis: RedisServer;
let tap: RedisTap;
let cluster: LiveCluster;
let kept: LiveServer[];
let evicted: LiveServer;

beforeAll(async () => {
  redis = await RedisServer.start();
  tap = await RedisTap.on(redis);
  cluster = await LiveCluster.start({ servers: 4, intervalSeconds: 2, timeoutSeconds: 6, redis });
  kept = cluster.servers.filter(({ name }) => name !== EVICTED);
  evicted = cluster.server(EVICTED);
});

afterAll(async () => {
  await cluster?.stop();
  tap?.close();
  await redis?.stop();
});

const trust = (server: LiveServer = kept[0] as LiveServer) => new TrustClient(server);
const memberNames = async (server?: LiveServer) =>
  (await trust(server).roster()).members.map(({ node_id }) => node_id);
const settled = () =>
  Promise.all(
    kept.map(({ name, client }) =>
      eventually(`${name} sees all who are kept healthy`, WAIT_MS, async () => {
        const nodes = await client.nodes();
        return kept.every((one) =>
          nodes.some((node) => node.node_id === one.name && node.state === 'healthy'),
        );
      }),
    ),
  );

describe('a rotation after a compromise', () => {
  it('is not begun with a list that keeps somebody unknown, or not the server that is asked', async () => {
    await expect(trust().rotateAfterCompromise([EVICTED])).rejects.toThrow(/^keep_list_wrong: server-01/);
    expect(await memberNames()).toHaveLength(4);
  });

  it('has the evicted server refused by all others within an interval, while each of them stays', async () => {
    await trust().rotateAfterCompromise(kept.map(({ name }) => name));
    const ordered = performance.now();
    const refused = await Promise.all(
      kept.map((server) =>
        timeUntil(`${server.name} refuses it`, WAIT_MS, ordered, async () => {
          return (await refusedTimes(server, 'evicted', EVICTED)) > 0;
        }),
      ),
    );
    const intervals = Math.max(...refused.map(({ afterMs }) => afterMs)) / cluster.intervalMs;
    process.stderr.write(`the evicted server: refused by all after ${intervals.toFixed(2)} intervals\n`);
    for (const { afterMs, lateMs } of refused)
      expect(afterMs).toBeLessThanOrEqual(cluster.intervalMs + lateMs);
    await settled();
    for (const server of kept) {
      expect(await memberNames(server)).toEqual(kept.map(({ name }) => name));
      expect(await trust(server).roster()).toMatchObject({ admission: 'ticket', evicted: [EVICTED] });
    }
  });

  it('writes the new secret into the configuration of each of them, and of no other', async () => {
    const { key_id: keyId } = await trust().roster();
    await eventually('they have it', WAIT_MS, () => kept.every((one) => secretOnDisk(one).keyId === keyId));
    expect(secretOnDisk(evicted).secret).toBe(cluster.secrets.clusterSecret);
  });

  it('is said by the evicted server on its own page', async () => {
    await foundByAll([evicted], 'self_evicted');
    expect(await findingCodes(evicted)).not.toContain('secret_lacking'); // it has none to lack
  });

  it('takes the evicted server out of every load balancer', async () => {
    await eventually('its health is 503', WAIT_MS, async () => {
      return (await fetch(`${evicted.url}/api/fleet/cluster/health`)).status === 503;
    });
    const own = (await evicted.client.nodes()).find(({ node_id }) => node_id === EVICTED);
    expect(own?.state).toBe('evicted');
  });
});

describe('the thief', () => {
  it('reads the new secret in nothing that was ever in Redis', async () => {
    const secret = Buffer.from(secretOnDisk(kept[0] as LiveServer).secret, 'base64');
    const old = Buffer.from(cluster.secrets.clusterSecret, 'base64');
    const commands = await tap.commands();
    const envelopes = envelopesIn(stepsIn(commands));
    const names = cluster.servers.map(({ name }) => name);
    expect(envelopes.length).toBeGreaterThanOrEqual(kept.length);

    const keys = [stolenSealingKey(evicted.dataDir), asSealingKey(old)];
    expect(await openAll(envelopes, keys, names)).toEqual([]);
    expect(spellingsIn(await tap.text(), secret)).toEqual([]);
    for (const { args } of commands) expect(spellingsIn(args.join('\0'), secret)).toEqual([]);

    // The same search with the key of one that was kept finds it.
    const [opened] = await openAll(envelopes, [stolenSealingKey((kept[0] as LiveServer).dataDir)], names);
    expect(opened && Buffer.from(opened).equals(secret)).toBe(true);
    expect(spellingsIn(`x${secret.toString('base64')}`, secret)).toContain('base64, cut 0');
  });

  it('is believed under no name: a new one, its own with another key, that of another', async () => {
    const forger = new RecordForger(cluster.secrets);
    const intruder = new RedisIntruder(redis);
    const signed = (nodeId: string, identityKey = newIdentityKey()) =>
      forger.sign(forger.nodeFields(nodeId, identityKey), { type: 'node', identityKey });
    await intruder.write({ type: 'node', nodeId: 'fresh-name' }, signed('fresh-name'));
    await refusedByAll(kept, 'retired_key', 'fresh-name');
    await intruder.write(
      { type: 'node', nodeId: 'second-name' },
      signed('second-name', stolenKey(evicted.dataDir)),
    );
    await refusedByAll(kept, 'retired_key', 'second-name');
    await evicted.process.kill();
    const before = await refusedTimes(kept[0] as LiveServer, 'evicted', EVICTED);
    await intruder.write({ type: 'node', nodeId: EVICTED }, signed(EVICTED));
    await eventually('it is refused once more', WAIT_MS, async () => {
      return (await refusedTimes(kept[0] as LiveServer, 'evicted', EVICTED)) > before;
    });
    await settled();
    expect(await memberNames()).toEqual(kept.map(({ name }) => name));
  });

  it('joins with no server that it sets up from a leaked configuration', async () => {
    const leaked = await cluster.add();
    const again = await cluster.add({ values: { 'cluster.node_id': EVICTED } });
    await Promise.all([leaked, again].map((server) => server.process.start()));
    await refusedByAll(kept, 'retired_key', leaked.name);
    await foundByAll([leaked], 'self_not_admitted');
    await foundByAll([again], 'self_evicted');
    for (const server of kept) expect(await memberNames(server)).toEqual(kept.map(({ name }) => name));
    await Promise.all([leaked, again].map((server) => server.process.kill()));
  });
});

describe('a server that was stopped while it was evicted', () => {
  it('does not heal when it goes on: refused by all, and says so on its own page', async () => {
    const asleep = cluster.server('server-04');
    kept = kept.filter((server) => server !== asleep);
    asleep.process.signal('SIGSTOP');
    await trust().evict(asleep.name);
    for (const server of kept)
      await eventually(`${server.name} has it on its roster no more`, WAIT_MS, async () => {
        return !(await memberNames(server)).includes(asleep.name);
      });
    // What it wrote before is no new try: nothing need have been refused yet.
    const counts = () => Promise.all(kept.map((server) => refusedTimes(server, 'evicted', asleep.name)));
    const before = await counts();
    asleep.process.signal('SIGCONT');
    await foundByAll([asleep], 'self_evicted');
    await eventually('its new words are refused', WAIT_MS, async () =>
      (await counts()).every((count, i) => count > (before[i] ?? 0)),
    );
    await settled();
    for (const server of kept) expect(await memberNames(server)).toEqual(kept.map(({ name }) => name));
  });
});
