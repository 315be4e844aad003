/** MONITOR on a real Redis: what its clients ask of it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import type { RedisServer } from '../backends/redis.ts';
import { eventually } from '../scenario/eventually.ts';

/** Everything the server is told, PINGs aside, as the names that ACL rules use. */
export class RedisMonitor {
  #said = '';

  static async of(redis: RedisServer): Promise<RedisMonitor> {
    const monitor = new RedisMonitor();
    const socket = connect(redis.port, '127.0.0.1').setEncoding('utf8');
    onTestFinished(() => void socket.destroy());
    socket.write('MONITOR\r\n');
    await once(socket, 'data');
    socket.on('data', (text: string) => {
      monitor.#said += text;
    });
    return monitor;
  }

  /** The commands since the last time. */
  async take(redis: RedisServer): Promise<string[]> {
    await redis.cli('ECHO', 'so far');
    const said = await eventually(
      'MONITOR shows it',
      10_000,
      () => /^[\s\S]*"ECHO" "so far"/i.exec(this.#said)?.[0],
    );
    this.#said = '';
    return [...said.matchAll(/\] "([^"]+)"(?: "([^"]+)")?/g)]
      .map(([, name = '', word = '']) =>
        (name === 'MEMORY' || name === 'ACL' ? `${name}|${word}` : name).toLowerCase(),
      )
      .filter((name) => name !== 'ping' && name !== 'echo');
  }
}
