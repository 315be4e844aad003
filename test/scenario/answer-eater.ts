/**
 * A network before one server, on loopback, that can lose an answer: each piece that the server sends is passed on only
 * while `mayPass` says so, and from then on nothing is, while the connection stays open.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface EaterPlan {
  /** Where it listens, and where it passes on to; the port is the same. */
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

export class AnswerEater {
  /** Asked before each piece of an answer. */
  mayPass: () => Promise<boolean> = async () => true;
  /** Pieces that were lost. */
  eaten = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor({ port, to }: EaterPlan) {
    this.#server = createServer((near) => void this.#carry(near, connect(port, to)));
  }

  static async open(plan: EaterPlan): Promise<AnswerEater> {
    const eater = new AnswerEater(plan);
    eater.#server.listen(plan.port, plan.from);
    await once(eater.#server, 'listening');
    return eater;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #carry(near: Socket, far: Socket): Promise<void> {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => one.destroy()); // the other side is gone
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    near.pipe(far);
    try {
      for await (const piece of far as AsyncIterable<Buffer>) {
        if (await this.mayPass()) near.write(piece);
        else this.eaten += 1;
      }
    } catch {
      return; // the connection was cut
    }
  }
}
