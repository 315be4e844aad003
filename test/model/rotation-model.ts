/**
 * All that can happen while secrets are rotated (docs/protocol/rotation.md, "Phases"), within bounds.
 *
 * Time is left out, and so every delay is in: a node looks, speaks and writes whenever it likes, and what is proved
 * leans on no clock. A node that is slow is one that does nothing yet; one that is gone is taken for offline by all,
 * and reads the chain before it acts again.
 */
import type { Model, Move } from './explore.ts';
import { isOrder, nameOf, type Writing } from './rotation-chains.ts';
import { ALL, type Cluster, gone, initialState, keyOf, nodeOf, type State } from './rotation-cluster.ts';
import { RotationPromises } from './rotation-promises.ts';

export interface Bounds {
  /** Steps behind the first chain of which all three are members. */
  readonly steps: number;
  /** Rotations begun and compromises, together. */
  readonly orders: number;
  /** Nodes gone, the backend set back, a write acknowledged and lost, a writer killed before it knows: together. */
  readonly faults: number;
}

/** At which node somebody asks for what; the steps that follow are written by any. */
const AT: readonly Writing[][] = [['begin'], ['abandon', 'compromise'], []];

export function rotationModel(cluster: Cluster, bounds: Bounds): Model<State> {
  const promises = new RotationPromises(cluster);
  return {
    initial: initialState(cluster.chains),
    key: keyOf,
    moves: (state) => moves(cluster, bounds, state),
    fault: (state) => promises.fault(state),
  };
}

function* moves(cluster: Cluster, bounds: Bounds, state: State): Iterable<Move<State>> {
  const { chains } = cluster;
  for (const i of ALL) {
    const name = nameOf(i);
    const comes = nodeOf(state, i).isGone ? 'comes back and ' : '';
    for (const to of cluster.looks(state, i))
      if (to !== state)
        yield { name: `${name} ${comes}looks, and holds step ${chains.length(nodeOf(to, i).tip)}`, to };
    if (!cluster.acts(state, i)) continue;
    const spoken = cluster.speak(state, i);
    if (spoken !== state) yield { name: `${name} speaks`, to: spoken };
    yield* writings(cluster, bounds, state, i);
  }
  if (state.faults < bounds.faults) yield* faults(cluster, state);
}

function* writings(cluster: Cluster, bounds: Bounds, before: State, i: number): Iterable<Move<State>> {
  const { chains } = cluster;
  const state = cluster.look(before, i); // as the keeper does before it proposes
  const { tip } = nodeOf(state, i);
  if (!cluster.acts(state, i) || tip !== state.shared || chains.length(tip) >= bounds.steps) return;
  for (const writing of wishes(cluster, bounds, state, i)) {
    const child = chains.write(tip, i, writing, state.orders);
    if (child === null) continue;
    const ordered = { ...state, orders: state.orders + Number(isOrder(writing)) };
    const name = `${nameOf(i)} writes step ${chains.length(child)}, ${writing}`;
    yield { name, to: cluster.believe({ ...ordered, shared: child }, i, child) };
    if (state.faults >= bounds.faults) continue;
    const faulty = { ...ordered, faults: state.faults + 1 };
    yield {
      name: `${name}, which the backend acknowledges and loses`,
      to: cluster.believe({ ...faulty, isRewritten: true }, i, child),
    };
    yield { name: `${name}, and is killed before it knows`, to: gone({ ...faulty, shared: child }, i) };
  }
}

/** What people want of this node, and the step that it finds due. */
function wishes(cluster: Cluster, bounds: Bounds, state: State, i: number): Writing[] {
  const due = cluster.due(state, i);
  const asked = AT[i] ?? [];
  const wanted = state.orders < bounds.orders ? asked : asked.filter((writing) => writing === 'abandon');
  return due === null ? wanted : [...wanted, due];
}

function* faults({ chains }: Cluster, before: State): Iterable<Move<State>> {
  const state = { ...before, faults: before.faults + 1 };
  for (const i of ALL)
    if (!nodeOf(state, i).isGone) yield { name: `${nameOf(i)} is gone`, to: gone(state, i) };
  for (const shared of chains.before(state.shared))
    yield {
      name: `the backend is set back to step ${chains.length(shared)}`,
      to: { ...state, shared, isRewritten: true },
    };
}
