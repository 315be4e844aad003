/**
 * Three nodes and the backend between them, as a rotation sees them. What they decide is decided by the real
 * functions: the fold, keysOf, nextRotationStep, judgeFork. Reading and writing are those of the roster's keeper,
 * each in one piece.
 */
import type { Roster } from '../../src/membership/roster.ts';
import type { Witness } from '../../src/membership/rotation.ts';
import { type Chains, FOUNDERS_KEY, NAMES, nameOf, type Writing } from './rotation-chains.ts';

/** `hasHeld`: this node has held the present phase for the window, or so it may be. */
export type NextStep = (
  roster: Roster,
  others: readonly Witness[],
  hasHeld: boolean,
) => 'activate' | 'retire' | null;

/** A heartbeat is what its node said (Chains.saying), or stands still. */
const OFFLINE = -1;

export interface Node {
  /** The chain on its disk, which it believes. */
  readonly tip: number;
  /** A node that is gone looks before it does anything else. */
  readonly isGone: boolean;
  /** It was gone, and did not speak behind the whole chain since. */
  readonly isCatchingUp: boolean;
  /** The founders' secret stands in its config. Any other is sealed for it in the chain. */
  readonly hasFounders: boolean;
  /** Its last heartbeat in the backend. */
  readonly slot: number;
}

export interface State {
  /** The chain in the backend. */
  readonly shared: number;
  readonly nodes: readonly Node[];
  /** Rotations begun, and compromises. */
  readonly orders: number;
  readonly faults: number;
  /** The backend gave up what it had taken. */
  readonly isRewritten: boolean;
}

export const ALL: readonly number[] = NAMES.map((_, index) => index);

export function initialState(chains: Chains): State {
  const slot = chains.sayingOf(chains.first);
  const node = { tip: chains.first, isGone: false, isCatchingUp: false, hasFounders: true, slot } as const;
  return { shared: chains.first, nodes: ALL.map(() => node), orders: 0, faults: 0, isRewritten: false };
}

export function keyOf({ shared, nodes, orders, faults, isRewritten }: State): string {
  const numbers = [shared, (orders * 16 + faults) * 2 + Number(isRewritten)];
  for (const { tip, isGone, isCatchingUp, hasFounders, slot } of nodes) {
    // Of no matter once the backend gave something up (RotationPromises).
    const flags = Number(isGone) * 4 + Number(isCatchingUp && !isRewritten) * 2 + Number(hasFounders);
    numbers.push(tip, flags, slot - OFFLINE);
  }
  return String.fromCharCode(...numbers);
}

export function nodeOf(state: State, i: number): Node {
  const node = state.nodes[i];
  if (node === undefined) throw new TypeError('there is no such node');
  return node;
}

/** The state itself when that changes nothing. */
export function withNode(state: State, i: number, change: Partial<Node>): State {
  const before = nodeOf(state, i);
  const node = { ...before, ...change };
  const isSame =
    node.tip === before.tip &&
    node.isGone === before.isGone &&
    node.slot === before.slot &&
    node.isCatchingUp === before.isCatchingUp &&
    node.hasFounders === before.hasFounders;
  return isSame ? state : { ...state, nodes: state.nodes.with(i, node) };
}

/** Asleep, stopped or crashed: the chain is read before anything else again, so these are one. */
export function gone(state: State, i: number): State {
  return withNode(state, i, { isGone: true, isCatchingUp: true, slot: OFFLINE });
}

export class Cluster {
  readonly chains: Chains;
  readonly #nextStep: NextStep;

  constructor(chains: Chains, nextStep: NextStep) {
    this.chains = chains;
    this.#nextStep = nextStep;
  }

  /** What a look can come to: a stale one shows only the beginning of the chain, and the last one all of it. */
  looks(state: State, i: number): State[] {
    const { tip } = nodeOf(state, i);
    const ahead = this.chains.between(tip, state.shared);
    const read =
      ahead === null ? [this.#settle(state, i)] : [tip, ...ahead].map((to) => this.believe(state, i, to));
    return read.map((one) => withNode(one, i, { isGone: false }));
  }

  look(state: State, i: number): State {
    return this.looks(state, i).at(-1) ?? state;
  }

  /** Its heartbeat, under the keys of the roster that it believes. */
  speak(state: State, i: number): State {
    const { tip, isCatchingUp } = nodeOf(state, i);
    const slot = this.chains.sayingOf(tip);
    return withNode(state, i, { slot, isCatchingUp: isCatchingUp && tip !== state.shared });
  }

  /** The step that node `i` finds due. Of the window this is left: who has held a phase for so long, spoke in it. */
  due(state: State, i: number): Writing | null {
    const { tip, slot } = nodeOf(state, i);
    const others = ALL.filter((j) => j !== i).map((j) => this.#witness(nodeOf(state, j).slot, j));
    return this.#nextStep(this.chains.roster(tip), others, slot === this.chains.sayingOf(tip));
  }

  /** A secret that is retired is forgotten. */
  believe(state: State, i: number, tip: number): State {
    const { hasFounders } = nodeOf(state, i);
    const isRetired = this.chains.roster(tip).retired.has(FOUNDERS_KEY);
    return withNode(state, i, { tip, hasFounders: hasFounders && !isRetired });
  }

  /** Awake, and a member by its own roster. */
  acts(state: State, i: number): boolean {
    const { isGone, tip } = nodeOf(state, i);
    return !isGone && this.chains.isMember(tip, i);
  }

  holds({ tip, hasFounders }: Node, i: number, keyId: string): boolean {
    if (keyId === FOUNDERS_KEY) return hasFounders;
    const { keyId: current, sealed, pending } = this.chains.roster(tip);
    return (keyId === current ? sealed : pending?.sealed)?.has(nameOf(i)) ?? false;
  }

  /** Its chain goes on where the backend's ends, or is another: the one that counts takes the other's place. */
  #settle(state: State, i: number): State {
    const { tip } = nodeOf(state, i);
    const isBehind = this.chains.between(state.shared, tip) !== null;
    const verdict = isBehind ? 'ours' : this.chains.judge(tip, state.shared);
    if (verdict === 'frozen') return state;
    return verdict === 'ours' ? { ...state, shared: tip } : this.believe(state, i, state.shared);
  }

  #witness(slot: number, j: number): Witness {
    const nodeId = nameOf(j);
    if (slot === OFFLINE) return { nodeId, mayLive: false, accepts: [], signs: null, epoch: null };
    return { nodeId, mayLive: true, ...this.chains.saying(slot) };
  }
}
