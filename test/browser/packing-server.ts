/**
 * A server of a live cluster that packs a program of a few small files, in this process; as long as somebody holds it,
 * no package is finished. It speaks TLS, as who makes join tickets must.
 */
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { joinValues } from '../../src/config/join-values.ts';
import { loadConfig } from '../../src/config/load.ts';
import { SecretRest } from '../../src/config/secret-rest.ts';
import { type RunningNode, startNode } from '../../src/node.ts';
import { FakeProgram } from '../fakes/program.ts';
import type { LiveCluster } from '../scenario/live-cluster.ts';

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
    const loaded = loadConfig({ role: 'server', configPath, env: {} });
    if (!loaded.ok) throw new Error('the config of a live cluster does not load');
    const program = new HeldProgram();
    const node = await startNode({
      config: loaded.config,
      secrets: loaded.secrets,
      secretRest: new SecretRest(loaded),
      joinValues: (terms) => ({ ...joinValues(loaded, terms) }),
      version: program.version,
      clock: systemClock,
      packing: { program: async () => program, signing: async () => null },
      openLog: () => silentLog,
    });
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
