/** The intruder of the Redis backend: redis-cli, with every right. */
import { RECORD_TYPES, type RecordType } from '../../src/protocol/keyring.ts';
import { NEWCOMERS_KEY as NEWCOMERS, slotKey } from '../../src/protocol/registry-key.ts';
import type { RedisServer } from '../backends/redis.ts';
import type { Oddity, RegistryIntruder, Slot } from './registry-intruder.ts';

const keyOf = ({ type, nodeId }: Slot) => slotKey(type, nodeId);

export class RedisIntruder implements RegistryIntruder {
  readonly #redis: RedisServer;

  constructor(redis: RedisServer) {
    this.#redis = redis;
  }

  async read(slot: Slot): Promise<Buffer> {
    return Buffer.from(await this.#redis.cli('--raw', 'get', keyOf(slot)), 'utf8');
  }

  async write(slot: Slot, bytes: Uint8Array | string): Promise<void> {
    await this.#redis.send([
      ['set', keyOf(slot), bytes],
      ['sadd', NEWCOMERS, slot.nodeId],
    ]);
  }

  async crowd(nodeIds: readonly string[], bytes: string): Promise<void> {
    await this.#redis.send(
      nodeIds.flatMap((nodeId) => [
        ['set', slotKey('node', nodeId), bytes],
        ['sadd', NEWCOMERS, nodeId],
      ]),
    );
  }

  async empty(type: RecordType): Promise<void> {
    const keys = await this.#keys(type);
    if (keys.length > 0) await this.#redis.send(keys.map((key) => ['unlink', key]));
  }

  async removeAll(): Promise<void> {
    await this.#redis.cli('flushall');
  }

  async copy(): Promise<() => Promise<void>> {
    const keys = (await Promise.all(RECORD_TYPES.map((type) => this.#keys(type)))).flat();
    const names = (await this.#redis.cli('--raw', 'smembers', NEWCOMERS)).split('\n');
    const rows = await Promise.all(
      keys.map(async (key) => ['set', key, await this.#redis.cli('--raw', 'get', key)]),
    );
    return () => this.#redis.send([...rows, ['sadd', NEWCOMERS, ...names]]);
  }

  /** An intruder may ask what no server does. */
  async #keys(type: RecordType): Promise<string[]> {
    return (await this.#redis.cli('--raw', 'keys', slotKey(type, '*')))
      .split('\n')
      .filter((key) => key !== '');
  }
}

export function redisOddities(redis: () => RedisServer): Oddity[] {
  const odd = (title: string, command: string, ...args: string[]): Oddity => ({
    title,
    reason: /^Not a string$/,
    put: (nodeId) =>
      redis().send([
        [command, slotKey('node', nodeId), ...args],
        ['sadd', NEWCOMERS, nodeId],
      ]),
  });
  return [
    odd('a list', 'rpush', 'a'),
    odd('a hash', 'hset', 'host', '10.0.0.66'),
    odd('a stream', 'xadd', '*', 'host', '10.0.0.66'),
    odd('a set', 'sadd', 'a'),
    odd('a sorted set', 'zadd', '1', 'a'),
  ];
}
