/**
 * A cable between one server and its registry that can be pulled. `cut`: connections are reset and new ones
 * refused, as by a firewall that says so. `silent`: everything stays open and nothing arrives any more, as when
 * the other machine lost its power (half-open).
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

type Cable = 'whole' | 'cut' | 'silent';

export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #to: number;
  #cable: Cable = 'whole';

  private constructor(to: number) {
    this.#to = to;
    this.#server = createServer((socket) => this.#carry(socket));
  }

  static async open(to: number): Promise<Relay> {
    const relay = new Relay(to);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What was open while the cable was broken is reset when it is mended: nobody waits for bytes that are lost. */
  set(cable: Cable): void {
    const wasSilent = this.#cable === 'silent';
    this.#cable = cable;
    for (const socket of this.#sockets) {
      if (cable === 'silent') socket.pause();
      else if (cable === 'cut' || wasSilent) socket.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.set('cut');
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(near: Socket): void {
    this.#keep(near);
    if (this.#cable === 'cut') {
      near.resetAndDestroy();
      return;
    }
    if (this.#cable === 'silent') {
      near.pause();
      return;
    }
    const far = connect(this.#to, '127.0.0.1');
    this.#keep(far);
    near.on('data', (bytes: Buffer) => this.#pass(bytes, far));
    far.on('data', (bytes: Buffer) => this.#pass(bytes, near));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.once('end', () => other.end());
      one.once('close', () => other.destroy());
    }
  }

  #pass(bytes: Buffer, to: Socket): void {
    if (this.#cable === 'whole' && to.writable) to.write(bytes);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // the other side is gone: that is what this is for
  }
}
