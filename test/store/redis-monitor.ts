/** What the clients of a real Redis ask of it. */
import { onTestFinished } from 'vitest';
import type { RedisServer } from '../backends/redis.ts';
import { RedisTap } from '../backends/redis-tap.ts';

/** Everything the server is told, PINGs aside, as the names that ACL rules use. */
export class RedisMonitor {
  readonly #tap: RedisTap;
  #taken = 0;

  private constructor(tap: RedisTap) {
    this.#tap = tap;
  }

  static async of(redis: RedisServer): Promise<RedisMonitor> {
    const tap = await RedisTap.on(redis);
    onTestFinished(() => tap.close());
    return new RedisMonitor(tap);
  }

  /** The commands since the last time. */
  async take(): Promise<string[]> {
    const commands = await this.#tap.commands();
    const since = commands.slice(this.#taken);
    this.#taken = commands.length;
    return since
      .map(({ name, args: [word = ''] }) =>
        name === 'memory' || name === 'acl' ? `${name}|${word}`.toLowerCase() : name,
      )
      .filter((name) => name !== 'ping' && name !== 'echo');
  }
}
