/**
 * Servers that run all the time and must not notice what happens: counts what they refused of each other, what they
 * said of each other, and how often they started, from begin() on.
 */
import { controlClient } from '../src/cli/control-socket.ts';
import type { ClusterStatusView } from '../src/services/cluster/cluster-view.ts';
import type { LiveServer } from '../test/scenario/live-cluster.ts';
import { LogReader } from './log-reader.ts';
import type { Stand } from './stand.ts';

export interface Disturbances {
  /** Records, under any code. */
  readonly refused: number;
  readonly stateChanges: number;
  readonly restarts: number;
}

export class Calm {
  readonly #stand: Stand;
  readonly #servers: readonly LiveServer[];
  readonly #logs: LogReader;
  readonly #refusedBefore: number;
  readonly #fromMs = performance.now();

  private constructor(stand: Stand, servers: readonly LiveServer[], refusedBefore: number) {
    this.#stand = stand;
    this.#servers = servers;
    this.#logs = new LogReader(servers);
    this.#refusedBefore = refusedBefore;
  }

  static async begin(stand: Stand, servers: readonly LiveServer[] = stand.servers): Promise<Calm> {
    return new Calm(stand, servers, await refusedAmong(servers));
  }

  async disturbances(): Promise<Disturbances> {
    const names = new Set(this.#servers.map(({ name }) => name));
    const lines = this.#servers.flatMap((server) => this.#logs.lines(server));
    return {
      refused: (await refusedAmong(this.#servers)) - this.#refusedBefore,
      stateChanges: this.#stand.witness.changes.filter(
        ({ atMs, observer, nodeId }) => atMs >= this.#fromMs && names.has(observer) && names.has(nodeId),
      ).length,
      restarts: lines.filter(({ event }) => event === 'server.ready').length,
    };
  }
}

/** Records that claim to be from one of them. */
async function refusedAmong(servers: readonly LiveServer[]): Promise<number> {
  const names = new Set(servers.map(({ name }) => name));
  const views = await Promise.all(
    servers.map(({ dataDir }) => controlClient(dataDir).get<ClusterStatusView>('/api/fleet/cluster/status')),
  );
  return views
    .flatMap(({ refusals }) => refusals)
    .filter(({ node_id }) => names.has(node_id))
    .reduce((sum, { count }) => sum + count, 0);
}
