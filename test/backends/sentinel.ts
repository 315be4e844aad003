/** Real Sentinels that watch one master, on loopback. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../scenario/loopback-ports.ts';
import { makeBackendFolder, removeBackendFolder } from './backend-folder.ts';
import { ForeignServer } from './foreign-server.ts';
import type { RedisServer } from './redis.ts';

export const MASTER_NAME = 'atlas';
const COUNT = 3;
const QUORUM = 2;

interface Watcher {
  readonly process: ForeignServer;
  readonly folder: string;
}

export class Sentinels {
  readonly ports: readonly number[];
  readonly #servers: readonly Watcher[];

  private constructor(ports: readonly number[], servers: readonly Watcher[]) {
    this.ports = ports;
    this.#servers = servers;
  }

  /** `downAfterMs`: silence after which they call the master down. */
  static async watch(
    master: RedisServer,
    { downAfterMs = 1000, password }: { downAfterMs?: number; password?: string } = {},
  ): Promise<Sentinels> {
    const first = await freePorts(COUNT);
    const ports = Array.from({ length: COUNT }, (_, i) => first + i);
    const servers = ports.map((port) => {
      const folder = makeBackendFolder('sentinel');
      const path = join(folder, 'sentinel.conf');
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} ${QUORUM}`,
        `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
        `sentinel failover-timeout ${MASTER_NAME} 10000`,
        ...(password === undefined ? [] : [`sentinel auth-pass ${MASTER_NAME} ${password}`]),
      ];
      writeFileSync(path, `${lines.join('\n')}\n`);
      const process = new ForeignServer({
        program: 'redis-server',
        args: [path, '--sentinel'],
        folder,
        ready: /\+monitor master/,
      });
      return { process, folder };
    });
    await Promise.all(servers.map(({ process }) => process.start()));
    return new Sentinels(ports, servers);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map(({ process }) => process.end()));
    for (const { folder } of this.#servers) removeBackendFolder(folder);
  }
}
