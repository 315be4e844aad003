/** What a registry on Redis costs: which commands, how many of them, and how many round trips. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { NEWCOMERS_KEY } from '../../src/protocol/registry-key.ts';
import { REGISTRY_COMMANDS } from '../../src/store/redis/acl.ts';
import { RedisServer } from '../backends/redis.ts';
import { RedisLink } from './redis-link.ts';
import { RedisMonitor } from './redis-monitor.ts';
import { beat, openRegistry, record } from './redis-registry.ts';

async function startRedis(): Promise<RedisServer> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  return redis;
}

describe('the commands', () => {
  it.each([3, 50])('of a heartbeat among %i nodes are the same two or three', async (count) => {
    const redis = await startRedis();
    const nodeIds = Array.from({ length: count }, (_, i) => `n${i}`);
    const stores = nodeIds.map((nodeId) => openRegistry(redis, { nodeId }));
    for (const store of stores) await store.putOwn(beat);
    const monitor = await RedisMonitor.of(redis);
    for (const store of stores) await store.putOwn(beat);
    expect(await monitor.take()).toEqual(stores.flatMap(() => ['set', 'set', 'sadd']));
    for (const store of stores) await store.putOwn({ heartbeat: record('next') });
    expect(await monitor.take()).toEqual(stores.flatMap(() => ['set', 'sadd']));
    await stores[0]?.read(nodeIds, 64);
    expect(new Set(await monitor.take())).toEqual(
      new Set([
        ...['exists', 'getrange', 'unwatch', 'watch', 'scard', 'memory|usage'],
        ...['multi', 'srandmember', 'exec'],
      ]),
    );
  });

  it('of all that a registry does are those of the ACL file, and each of those is used', async () => {
    const redis = await startRedis();
    const monitor = await RedisMonitor.of(redis);
    const store = openRegistry(redis, { db: 1 });
    await store.putOwn(beat);
    await redis.cli('-n', '1', 'DEL', NEWCOMERS_KEY);
    await redis.cli('-n', '1', 'APPEND', NEWCOMERS_KEY, 'x');
    await store.putOwn(beat);
    await monitor.take();
    const mending = store.putOwn(beat);
    await mending;
    expect((await monitor.take()).sort()).toEqual(['sadd', 'set', 'set', 'unlink']);
    await store.read(['alice', 'bob'], 64);
    await store.inspect('node', 'alice');
    await store.probe();
    await store.describe();
    const reopened = openRegistry(redis, { db: 1 });
    await reopened.putOwn(beat);
    const named = new Set<string>([...(await monitor.take()), 'unlink', 'ping']);
    named.delete('hello'); // every user may
    expect([...named].sort()).toEqual([...REGISTRY_COMMANDS].sort());
  });
});

describe('the round trips', () => {
  it.each([3, 256])('of a heartbeat and of a refresh of %i members do not grow', async (count) => {
    const redis = await startRedis();
    const link = await RedisLink.to(redis.port);
    const nodeIds = Array.from({ length: count }, (_, i) => `n${i}`);
    for (const nodeId of nodeIds) {
      const store = openRegistry(redis, { nodeId });
      await store.putOwn(beat);
      await store.close();
    }
    const store = openRegistry(link);
    await store.putOwn(beat);
    const tripsOf = async (work: () => Promise<unknown>) => {
      link.roundTrips = 0;
      await work();
      return link.roundTrips;
    };
    const large = record('x'.repeat(16_000));
    expect(await tripsOf(() => store.putOwn(beat))).toBe(1);
    expect(await tripsOf(() => store.putOwn({ node: large, heartbeat: large }))).toBe(1);
    expect(await tripsOf(() => store.read(nodeIds, 64))).toBe(3);
    expect(await tripsOf(() => store.read(nodeIds.slice(1), 64))).toBe(3);
    expect(await tripsOf(() => store.read([...nodeIds, 'alice'], 64))).toBe(2);
    expect(await tripsOf(() => store.inspect('node', 'n1'))).toBe(1);
    expect(await tripsOf(() => store.probe())).toBe(1);
  });
});
