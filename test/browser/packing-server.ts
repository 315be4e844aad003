/**
 * A server of a live cluster that packs a program of a few small files, in this process; as long as somebody holds it,
 * no package is finished. It speaks TLS, as who makes join tickets must.
 */
import type { RunningNode } from '../../src/node.ts';
import { FakeProgram } from '../fakes/program.ts';
import type { LiveCluster } from '../scenario/live-cluster.ts';
import { startNodeHere } from '../scenario/node-here.ts';

class HeldProgram extends FakeProgram {
  released: Promise<void> = Promise.resolve();

  override async files(...asked: Parameters<FakeProgram['files']>): ReturnType<FakeProgram['files']> {
    await this.released;
    return super.files(...asked);
  }
}

export class PackingServer {
  readonly url: string;
  readonly #program: HeldProgram;
  readonly #node: RunningNode;

  private constructor(url: string, program: HeldProgram, node: RunningNode) {
    this.url = url;
    this.#program = program;
    this.#node = node;
  }

  static async start(cluster: LiveCluster): Promise<PackingServer> {
    const { configPath, url } = await cluster.add({ values: { 'server.tls': 'own' } });
    const program = new HeldProgram();
    const node = await startNodeHere(configPath, { program });
    return new PackingServer(url, program, node);
  }

  /** Until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#program.released = promise;
    return resolve;
  }

  stop(): Promise<void> {
    return this.#node.stop(0);
  }
}
