/** The registry in Redis: what every registry promises, and what somebody who can write to Redis can do to it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { RECORD_MAX_BYTES } from '../../src/protocol/limits.ts';
import { NEWCOMERS_KEY, slotKey } from '../../src/protocol/registry-key.ts';
import { CALL_MAX_BYTES } from '../../src/store/redis/bounds.ts';
import { makeClient } from '../../src/store/redis/client.ts';
import { listNewcomers, measureNewcomers } from '../../src/store/redis/newcomers.ts';
import { RedisServer } from '../backends/redis.ts';
import { memberStoreContract } from '../contract/member-store.ts';
import { FakeLog } from '../fakes/log.ts';
import { beat, openRegistry } from './redis-registry.ts';

const NO_LOGIN = { db: 0, username: null, password: null, tls: null };

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis?.stop());
beforeEach(() => redis.cli('FLUSHALL'));

const open = (nodeId = 'alice') => openRegistry(redis, { nodeId });

async function join(nodeId: string) {
  const store = open(nodeId);
  await store.putOwn(beat);
  return store;
}

describe('the registry in Redis', () => {
  memberStoreContract(async (nodeId) => open(nodeId));

  it('stands under the keys that people know, without expiry', async () => {
    await (await join('alice')).probe();
    const keys = (await redis.cli('KEYS', '*')).split('\n').sort();
    const own = [slotKey('heartbeat', 'alice'), NEWCOMERS_KEY, slotKey('node', 'alice')];
    expect(keys).toEqual([...own, 'fleet:cluster:probe:alice'].sort());
    for (const key of own) expect(await redis.cli('TTL', key)).toBe('-1');
    expect(Number(await redis.cli('PTTL', 'fleet:cluster:probe:alice'))).toBeGreaterThan(0);
  });

  it('may be shared with others in a database of its own', async () => {
    await openRegistry(redis, { db: 3 }).putOwn(beat);
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect(await redis.cli('-n', '3', 'DBSIZE')).toBe('3');
  });

  it('is named for people', () => {
    expect(open().address).toBe(`redis://127.0.0.1:${redis.port}/0`);
    const tls = { ca: null, serverName: null };
    const endpoint = { kind: 'single', host: '::1', port: 1 } as const;
    expect(openRegistry({ endpoint }, { db: 2, tls }).address).toBe('rediss://[::1]:1/2');
    const sentinels = [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ];
    const watched = openRegistry({ endpoint: { kind: 'sentinel', sentinels, master: 'atlas' } });
    expect(watched.address).toBe('redis://atlas/0 (by Sentinels a:1, b:2)');
  });

  it('is opened for nodes only', () => {
    for (const nodeId of ['../alice', 'a b', 'a*', '', 'x'.repeat(41)])
      expect(() => open(nodeId)).toThrow('not a node id');
  });

  it('says once that it is connected', async () => {
    const log = new FakeLog();
    await openRegistry(redis, { log }).putOwn(beat);
    expect(log.events()).toEqual(['cluster.redis.connected']);
  });
});

describe('what somebody else puts into Redis', () => {
  it.each([
    ['a list', 'RPUSH'],
    ['a set', 'SADD'],
    ['a hash', 'HSET', 'field'],
    ['a stream', 'XADD', '*', 'field'],
  ])('as %s in a slot is unreadable, and no other slot suffers', async (_, command, ...words) => {
    const store = await join('alice');
    await join('bob');
    await redis.cli('DEL', slotKey('heartbeat', 'bob'));
    await redis.cli(command, slotKey('heartbeat', 'bob'), ...words, 'value');
    const [alice, bob] = (await store.read(['alice', 'bob'], 0)).slots;
    expect(bob?.heartbeat).toEqual({ kind: 'unreadable', reason: 'Not a string' });
    expect(bob?.node.kind).toBe('bytes');
    expect(alice?.heartbeat.kind).toBe('bytes');
    expect((await store.inspect('heartbeat', 'bob')).kind).toBe('unreadable');
  });

  it('in an own slot is overwritten, of whatever type it is', async () => {
    const store = open();
    await redis.cli('RPUSH', slotKey('node', 'alice'), 'value');
    await store.putOwn(beat);
    expect(await redis.cli('GET', slotKey('node', 'alice'))).toBe('node');
  });

  it('in place of the set of newcomers is mended by the second heartbeat', async () => {
    await redis.cli('RPUSH', NEWCOMERS_KEY, 'value');
    const [alice, bob] = [open('alice'), open('bob')];
    await bob.putOwn(beat);
    expect(await alice.read(['bob'], 64)).toMatchObject({ junkNames: 0, unreadNames: 0 });
    await bob.putOwn(beat);
    expect(await redis.cli('SMEMBERS', NEWCOMERS_KEY)).toBe('bob');
    await alice.putOwn(beat);
    await bob.putOwn(beat);
    expect((await redis.cli('SMEMBERS', NEWCOMERS_KEY)).split('\n').sort()).toEqual(['alice', 'bob']);
  });

  it('as 10,000 names that no node can have hides nobody and is counted', async () => {
    await redis.cli(
      'EVAL',
      `for i = 1, 10000 do redis.call('SADD', KEYS[1], 'no node ' .. i) end`,
      '1',
      NEWCOMERS_KEY,
    );
    await join('bob');
    const reading = await open().read([], 64);
    expect(reading.slots.map(({ nodeId }) => nodeId)).toEqual(['bob']);
    expect(reading).toMatchObject({ junkNames: 10_000, unreadNames: 0 });
  });

  it('as more names than are looked at is not fetched; members are read all the same', async () => {
    await redis.cli(
      'EVAL',
      `for i = 1, 30000 do redis.call('SADD', KEYS[1], 'n' .. i) end`,
      '1',
      NEWCOMERS_KEY,
    );
    const reading = await (await join('alice')).read(['alice'], 64);
    expect(reading.slots.map(({ node }) => node.kind)).toEqual(['bytes']);
    expect(reading).toMatchObject({ junkNames: 0, unreadNames: 30_000 });
  });

  it('as a name of 50 MB among 10,000 is not fetched', async () => {
    const before = await sentBytes();
    const fill = `for i = 1, 10000 do redis.call('SADD', KEYS[1], 'n' .. i) end
      redis.call('SADD', KEYS[1], string.rep('x', 50 * 1024 * 1024))`;
    await redis.cli('EVAL', fill, '1', NEWCOMERS_KEY);
    const store = await join('alice');
    expect(await store.read(['alice'], 64)).toMatchObject({ junkNames: 0, unreadNames: 10_001 });
    expect((await sentBytes()) - before).toBeLessThan(1024 * 1024);
    await redis.cli('DEL', NEWCOMERS_KEY);
    await store.putOwn(beat);
    expect(await store.read(['alice'], 64)).toMatchObject({ junkNames: 0, unreadNames: 0 });
  });

  it('as a name of 50 MB, put there after the set was measured, is not fetched; at the next look all is read', async () => {
    const fill = `redis.call('SADD', KEYS[1], string.rep('x', 50 * 1024 * 1024))`;
    await redis.cli('EVAL', fill, '1', 'large');
    const before = await sentBytes();
    await join('bob');
    const client = makeClient({ host: '127.0.0.1', port: redis.port }, NO_LOGIN, {
      name: 'test',
      callBytes: CALL_MAX_BYTES,
    }).client.on('error', () => undefined);
    onTestFinished(() => client.destroy());
    await client.connect();
    expect(await measureNewcomers(client)).toEqual({ names: 1, isListable: true });
    await redis.cli('RENAME', 'large', NEWCOMERS_KEY);
    expect(await listNewcomers(client)).toBe(null);
    await redis.cli('DEL', NEWCOMERS_KEY);
    await join('bob');
    expect(await measureNewcomers(client)).toEqual({ names: 1, isListable: true });
    await join('bob');
    expect(await listNewcomers(client)).toEqual({ nodeIds: ['bob'], junk: 0 });
    expect((await sentBytes()) - before).toBeLessThan(1024 * 1024);
  });

  it('is looked at again after a set that was too large, though nobody ended that look', async () => {
    const store = await join('alice');
    await join('bob');
    const fill = `redis.call('SADD', KEYS[1], string.rep('x', 5 * 1024 * 1024))`;
    await redis.cli('EVAL', fill, '1', NEWCOMERS_KEY);
    expect((await store.read(['alice'], 64)).slots).toHaveLength(1);
    await redis.cli('DEL', NEWCOMERS_KEY);
    await join('bob');
    expect((await store.read(['alice'], 64)).slots).toHaveLength(2);
  });

  it('while others of our calls go on hides no newcomer', async () => {
    const store = await join('alice');
    await join('bob');
    const looks = Array.from({ length: 20 }, async () => {
      const [{ slots }] = await Promise.all([
        store.read(['alice'], 64),
        store.putOwn(beat),
        store.probe(),
        store.inspect('node', 'bob'),
      ]);
      return slots.map(({ nodeId }) => nodeId);
    });
    for (const seen of await Promise.all(looks)) expect(seen).toEqual(['alice', 'bob']);
  });

  it('as a value of 50 MB is fetched up to one byte more than a record can have', async () => {
    const store = await join('alice');
    await join('bob');
    const before = await sentBytes();
    await redis.cli('SETRANGE', slotKey('heartbeat', 'bob'), `${50 * 1024 * 1024}`, 'x'); // done before a store would miss it
    for (const members of [['alice', 'bob'], ['alice']]) {
      const bob = (await store.read(members, 64)).slots[1];
      expect(bob?.heartbeat.kind === 'bytes' && bob.heartbeat.bytes.byteLength).toBe(RECORD_MAX_BYTES + 1);
    }
    expect((await sentBytes()) - before).toBeLessThan(1024 * 1024);
  });
});

/** All that the server ever sent to anybody. */
async function sentBytes(): Promise<number> {
  return Number(/total_net_output_bytes:(\d+)/.exec(await redis.cli('INFO', 'stats'))?.[1]);
}
