/**
 * Looks all the time at what every server says of every server, over its control socket (which needs no database),
 * and keeps each change with its moment: when somebody was first seen offline, and whether anybody ever was who
 * lived.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { ControlClient } from '../src/cli/control-client.ts';
import { controlClient } from '../src/cli/control-socket.ts';
import type { NodeState } from '../src/membership/failure-detector.ts';
import type { NodeView } from '../src/services/cluster/node-view.ts';
import type { LiveServer } from '../test/scenario/live-cluster.ts';

/** Milliseconds between two looks at one server: by so much is every moment late at most. */
const LOOK_MS = 100;

export interface Change {
  /** Monotonic, of this process. */
  readonly atMs: number;
  readonly observer: string;
  readonly nodeId: string;
  readonly state: NodeState;
}

export class StateWitness {
  readonly changes: Change[] = [];
  readonly #stopping = new AbortController();
  readonly #looks: Promise<void>[] = [];
  /** By observer: the last view, and when it was given. */
  readonly #views = new Map<string, { nodes: readonly NodeView[]; atMs: number }>();

  watch(server: LiveServer): void {
    this.#looks.push(this.#look(server.name, controlClient(server.dataDir)));
  }

  /** What this server said last, when it said so after `sinceMs`. */
  view(observer: string, sinceMs: number): readonly NodeView[] | undefined {
    const view = this.#views.get(observer);
    return view !== undefined && view.atMs >= sinceMs ? view.nodes : undefined;
  }

  /** The first moment from then on at which the observer called the node so. */
  firstSeen(observer: string, nodeId: string, state: NodeState, sinceMs: number): number | undefined {
    return this.changes.find(
      (change) =>
        change.atMs >= sinceMs &&
        change.observer === observer &&
        change.nodeId === nodeId &&
        change.state === state,
    )?.atMs;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#looks);
  }

  async #look(observer: string, client: ControlClient): Promise<void> {
    const states = new Map<string, NodeState>();
    while (!this.#stopping.signal.aborted) {
      const atMs = performance.now();
      // No answer is no view: a server that is down or stopped says nothing of anybody.
      const view = await client.get<{ nodes: NodeView[] }>('/api/fleet/cluster/nodes').catch(() => undefined);
      if (view !== undefined) this.#views.set(observer, { nodes: view.nodes, atMs });
      for (const { node_id: nodeId, state } of view?.nodes ?? []) {
        if (states.get(nodeId) === state) continue;
        states.set(nodeId, state);
        this.changes.push({ atMs: performance.now(), observer, nodeId, state });
      }
      await wait(LOOK_MS);
    }
  }
}

/** A time in which a node is down, or cannot be heard: it may be called offline. */
export interface Absence {
  readonly nodeId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Deaths that were declared of nodes that were not absent at that moment. */
export function falseDeaths(changes: readonly Change[], absences: readonly Absence[]): Change[] {
  const isAbsent = ({ nodeId, atMs }: Change) =>
    absences.some((one) => one.nodeId === nodeId && atMs >= one.fromMs && atMs <= one.toMs);
  return changes.filter((change) => change.state === 'offline' && !isAbsent(change));
}
