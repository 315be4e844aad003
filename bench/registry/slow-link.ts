/**
 * A way to a server on this machine that takes as long as one through half a continent: how long something takes then,
 * divided by what one question and its answer take, is the number of round trips it waits for.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Milliseconds on the way there, and as many on the way back: long beside all work of one refresh. */
const ONE_WAY_MS = 60;

export class SlowLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((near) => this.#join(near, connect(port, '127.0.0.1')));
  }

  static async to(port: number): Promise<SlowLink> {
    const link = new SlowLink(port);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What `work` waits for on this way. */
  async roundTrips(work: () => Promise<unknown>): Promise<number> {
    const begun = performance.now();
    await work();
    return Math.floor((performance.now() - begun) / (2 * ONE_WAY_MS));
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes) => setTimeout(() => to.write(bytes), ONE_WAY_MS));
      from.on('error', () => undefined).on('close', () => to.destroy());
    }
  }
}
