/**
 * An hour in the life of three servers on a real Redis, their clocks moved by hand: every command that Redis is asked,
 * and every round trip. What a heartbeat and a refresh cost is in docs/decisions/0004-redis-registry.md.
 */
import { expect, it, onTestFinished } from 'vitest';
import type { MemberStore } from '../../src/store/member-store.ts';
import { REGISTRY_COMMANDS } from '../../src/store/redis/acl.ts';
import { RedisServer } from '../backends/redis.ts';
import { RedisLink } from '../store/redis-link.ts';
import { RedisMonitor } from '../store/redis-monitor.ts';
import { openRegistry } from '../store/redis-registry.ts';
import { SmallCluster, statesOf } from './small-cluster.ts';

const HOUR_MS = 3_600_000;
/** Milliseconds; the bound below leaves room for a trip that was counted twice. */
const QUIET_MS = 2;
const NAMES = ['a', 'b', 'c'];
const MAY_NOT = /^(keys|scan|sscan|eval|evalsha|fcall|script|wait|bl\w+|x?read\w*|p?subscribe|monitor)/;

/** Calls under way on real stores, so that the clock stands until they are answered. */
class Busy {
  beats = 0;
  looks = 0;
  #calls = 0;

  /** The same store, counted. */
  counted(store: MemberStore): MemberStore {
    const count = async <T>(call: Promise<T>): Promise<T> => {
      this.#calls += 1;
      return call.finally(() => {
        this.#calls -= 1;
      });
    };
    return {
      backend: store.backend,
      address: store.address,
      putOwn: (slots) => {
        this.beats += 1;
        return count(store.putOwn(slots));
      },
      read: (members, newcomers) => {
        this.looks += 1;
        return count(store.read(members, newcomers));
      },
      inspect: (type, nodeId) => store.inspect(type, nodeId),
      probe: () => store.probe(),
      describe: () => store.describe(),
      close: () => store.close(),
    };
  }

  async idle(): Promise<void> {
    do await new Promise(setImmediate);
    while (this.#calls > 0);
    await new Promise(setImmediate);
  }
}

it('costs what was promised: no KEYS, script or blocking command, and round trips that do not grow', async () => {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const link = await RedisLink.to(redis.port, QUIET_MS);
  const cluster = new SmallCluster();
  const busy = new Busy();
  const servers = [];
  for (const name of NAMES)
    servers.push(await cluster.start(name, { store: busy.counted(openRegistry(link, { nodeId: name })) }));
  await cluster.watch(60_000, () => busy.idle());

  const monitor = await RedisMonitor.of(redis);
  [busy.beats, busy.looks, link.roundTrips] = [0, 0, 0];
  await cluster.watch(HOUR_MS, () => busy.idle());
  const commands = await monitor.take();

  const count = (...names: string[]) => commands.filter((name) => names.includes(name)).length;
  expect(commands.filter((name) => MAY_NOT.test(name))).toEqual([]);
  expect([...new Set(commands)].filter((name) => !REGISTRY_COMMANDS.some((known) => known === name))).toEqual(
    [],
  );
  expect(busy.beats).toBeGreaterThanOrEqual((HOUR_MS / cluster.pace.intervalMs - 1) * NAMES.length);
  expect(count('set', 'sadd', 'unlink')).toBeLessThanOrEqual(4 * busy.beats);
  expect(count('getrange')).toBe(2 * NAMES.length * busy.looks);
  expect(link.roundTrips).toBeLessThanOrEqual(busy.beats + 3 * busy.looks);
  for (const server of servers) expect(Object.values(statesOf(server))).toEqual(['healthy', 'healthy']);
  process.stderr.write(
    `an hour of three servers: ${commands.length} commands, ${link.roundTrips} round trips, ${busy.beats} heartbeats of ${(count('set', 'sadd') / busy.beats).toFixed(2)} commands, ${busy.looks} refreshes\n`,
  );
});
