/**
 * A network between a store and its Redis, on loopback. It counts round trips: answers wait until no question has
 * come for a while, so a client that waits for answers before it asks on is seen to do so. It can go silent without
 * closing anything, and it can let through a byte at a time.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
/** Milliseconds without a question after which the answers go, unless told otherwise. */
const QUIET_MS = 25;
/** Milliseconds between two bytes of a trickle: often enough to keep a socket from timing out. */
const TRICKLE_MS = 300;

export class RedisLink {
  state: 'open' | 'silent' | 'trickling' = 'open';
  roundTrips = 0;
  /** Connections that were ever made. */
  joined = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  readonly #quietMs: number;

  private constructor(port: number, quietMs: number) {
    this.#quietMs = quietMs;
    this.#server = createServer((client) => this.#join(client, connect(port, '127.0.0.1')));
  }

  /** `quietMs`: how long it waits for further questions; less is faster, and may count one trip as two. */
  static async to(port: number, quietMs = QUIET_MS): Promise<RedisLink> {
    const link = new RedisLink(port, quietMs);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    onTestFinished(() => {
      link.#server.close();
      for (const socket of link.#sockets) socket.destroy();
    });
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that stand. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  #join(client: Socket, redis: Socket): void {
    this.joined += 1;
    const answers: Buffer[] = [];
    let isAsked = false;
    let waiting: NodeJS.Timeout | undefined;
    let answering: NodeJS.Immediate | undefined;
    const answer = () => {
      if (answers.length === 0 || this.state === 'silent') return;
      if (isAsked) this.roundTrips += 1;
      isAsked = false;
      const bytes = Buffer.concat(answers.splice(0));
      const now = this.state === 'open' ? bytes : bytes.subarray(0, 1);
      client.write(now);
      if (now.length === bytes.length) return;
      answers.push(bytes.subarray(1));
      waitForMore(TRICKLE_MS);
    };
    const waitForMore = (ms = this.#quietMs) => {
      clearTimeout(waiting);
      clearImmediate(answering);
      // What came while this process stood still is read before it answers.
      waiting = setTimeout(() => {
        answering = setImmediate(answer);
      }, ms);
    };
    client.on('data', (bytes: Buffer) => {
      if (this.state === 'silent') return;
      isAsked ||= !PING.equals(bytes);
      redis.write(bytes);
      waitForMore();
    });
    redis.on('data', (bytes: Buffer) => {
      answers.push(bytes);
      waitForMore();
    });
    this.#endTogether(client, redis);
  }

  #endTogether(...sockets: readonly [Socket, Socket]): void {
    for (const socket of sockets) {
      this.#sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          for (const each of sockets) this.#sockets.delete(each.destroy());
        });
    }
  }
}
