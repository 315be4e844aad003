/**
 * What holds in every state of the model, and what every state comes to when faults end. The second is found by one
 * fair run from each state; runs that meet go on together, so each state is run through once.
 */
import { keysOf } from '../../src/membership/secret-phase.ts';
import { EVICTED, nameOf } from './rotation-chains.ts';
import { ALL, type Cluster, keyOf, nodeOf, type State } from './rotation-cluster.ts';

/** Where a fair run ends. */
interface End {
  readonly fault: string | null;
  readonly shared: number;
}

export class RotationPromises {
  readonly #cluster: Cluster;
  /** By who comes back at the end: all, or nobody. */
  readonly #ends = { all: new Map<string, End>(), nobody: new Map<string, End>() };

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  fault(state: State): string | null {
    return this.#missingSecret(state) ?? this.#refusedHeartbeat(state) ?? this.#endFault(state);
  }

  /** Who speaks has the secret that it must sign with. */
  #missingSecret(state: State): string | null {
    const { chains } = this.#cluster;
    const lacking = ALL.find((i) => {
      const node = nodeOf(state, i);
      return (
        this.#cluster.acts(state, i) && !this.#cluster.holds(node, i, keysOf(chains.roster(node.tip)).signs)
      );
    });
    return lacking === undefined
      ? null
      : `${nameOf(lacking)} does not have the secret that it must sign with`;
  }

  /**
   * In a routine, over a backend that keeps what it took: what lies in the slot of one node, each other accepts at any
   * moment. Left out is a node that was gone, until it has spoken behind the whole chain; it disturbs no others.
   */
  #refusedHeartbeat(state: State): string | null {
    const { chains } = this.#cluster;
    if (state.isRewritten || this.#hasEvicted(state)) return null;
    const steady = ALL.filter((i) => !nodeOf(state, i).isCatchingUp);
    for (const i of steady) {
      const { accepts } = keysOf(chains.roster(nodeOf(state, i).tip));
      const refused = steady.find((j) => !accepts.includes(chains.saying(nodeOf(state, j).slot).signs ?? ''));
      if (refused !== undefined) return `${nameOf(i)} refuses the heartbeat of ${nameOf(refused)}`;
    }
    return null;
  }

  #endFault(state: State): string | null {
    const all = this.#endOf(state, 'all');
    if (all.fault !== null) return `when all are back, ${all.fault}`;
    if (this.#hasEvicted(state) && this.#cluster.chains.isMember(all.shared, EVICTED))
      return `${nameOf(EVICTED)} was evicted and is a member again`;
    if (!state.nodes.some(({ isGone }) => isGone)) return null;
    const few = this.#endOf(state, 'nobody');
    return few.fault === null ? null : `when nobody comes back, ${few.fault}`;
  }

  #endOf(state: State, who: 'all' | 'nobody'): End {
    const passed = new Set<string>();
    const end = this.#run(state, who, passed);
    for (const key of passed) this.#ends[who].set(key, end);
    return end;
  }

  /** To the end, or to where another run has passed. */
  #run(start: State, who: 'all' | 'nobody', passed: Set<string>): End {
    for (let state = start; ; ) {
      const key = keyOf(state);
      const known = this.#ends[who].get(key);
      if (known !== undefined) return known;
      if (passed.has(key)) return { fault: 'the nodes go round for ever', shared: state.shared };
      passed.add(key);
      const next = this.#fairMove(state, who);
      if (next === null) return { fault: this.#finalFault(state), shared: state.shared };
      state = next;
    }
  }

  /** The first thing that changes anything; null at the end. */
  #fairMove(state: State, who: 'all' | 'nobody'): State | null {
    const cluster = this.#cluster;
    for (const i of ALL) {
      if (nodeOf(state, i).isGone && who === 'nobody') continue;
      const looked = cluster.look(state, i);
      if (looked !== state) return looked;
      if (!cluster.acts(state, i)) continue;
      const spoken = cluster.speak(state, i);
      if (spoken !== state) return spoken;
      const due = cluster.due(state, i);
      const { tip } = nodeOf(state, i);
      const child =
        due === null || tip !== state.shared ? null : cluster.chains.write(tip, i, due, state.orders);
      if (child !== null) return cluster.believe({ ...state, shared: child }, i, child);
    }
    return null;
  }

  /** Who is there holds one chain with one secret, and has that secret. */
  #finalFault(state: State): string | null {
    const { chains } = this.#cluster;
    const roster = chains.roster(state.shared);
    if (roster.pending !== null && ALL.some((i) => this.#cluster.acts(state, i)))
      return 'the rotation does not end';
    for (const i of ALL) {
      const node = nodeOf(state, i);
      if (node.isGone) continue;
      if (node.tip !== state.shared) return `${nameOf(i)} holds another chain than the backend`;
      if (chains.isMember(node.tip, i) && !this.#cluster.holds(node, i, roster.keyId))
        return `${nameOf(i)} does not have the secret that counts`;
    }
    const isSealed = roster.sealed.has(nameOf(EVICTED));
    if (isSealed && roster.evicted.has(nameOf(EVICTED))) return 'the secret is sealed for who was evicted';
    return null;
  }

  /** Somebody knows of an eviction, or could. */
  #hasEvicted({ shared, nodes }: State): boolean {
    const { chains } = this.#cluster;
    return [shared, ...nodes.map(({ tip }) => tip)].some((tip) => !chains.isMember(tip, EVICTED));
  }
}
