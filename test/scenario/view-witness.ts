/**
 * Looks all the time at what every server says of the members, and keeps each thing that was ever said: so a
 * test can claim that a view never changed, and not only that it was right when somebody looked. Who is late is
 * written down as healthy: on a busy machine he waits for the processor, and nobody may claim that he never does.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { NodeView } from '../../src/services/cluster/node-view.ts';
import type { LiveServer } from './live-cluster.ts';

/** Milliseconds between two looks at one server. */
const LOOK_MS = 50;

export class ViewWitness {
  readonly #servers: readonly LiveServer[];
  readonly #stopping = new AbortController();
  readonly #looks: Promise<void>[];
  /** By server: each view it ever had, and how often it was seen. */
  readonly #views = new Map<string, Map<string, number>>();

  constructor(servers: readonly LiveServer[]) {
    this.#servers = servers;
    this.#looks = this.#servers.map((server) => this.#watch(server));
  }

  /** Every different view that any server had, as `node state host:port hostname key`, one line a member. */
  get views(): string[][] {
    const texts = [...this.#views.values()].flatMap((views) => [...views.keys()]);
    return [...new Set(texts)].map((text) => text.split('\n'));
  }

  /** Looks at the server that was looked at least. */
  get looks(): number {
    const counts = this.#servers.map(({ name }) =>
      [...(this.#views.get(name)?.values() ?? [])].reduce((sum, times) => sum + times, 0),
    );
    return Math.min(...counts);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#looks);
  }

  async #watch({ name, client }: LiveServer): Promise<void> {
    const views = new Map<string, number>();
    this.#views.set(name, views);
    while (!this.#stopping.signal.aborted) {
      const view = await client.nodes().then(
        (nodes) =>
          nodes
            .map(({ node_id, state, host, port, hostname, key_id, started_at }) =>
              [node_id, seldomLate(state), `${host}:${port}`, hostname, key_id, started_at].join(' '),
            )
            .join('\n'),
        (error: unknown) => `no answer: ${error}`,
      );
      views.set(view, (views.get(view) ?? 0) + 1);
      await wait(LOOK_MS);
    }
  }
}

/** A state as a test may claim it of who lives. */
export function seldomLate(state: NodeView['state']): NodeView['state'] {
  return state === 'late' ? 'healthy' : state;
}
