/**
 * Breadth-first and exhaustive: every state that a model can come to, each once, and the shortest way to the first
 * one that is wrong.
 */

export interface Model<State> {
  readonly initial: State;
  /** The same for states that are the same. */
  key(state: State): string;
  moves(state: State): Iterable<Move<State>>;
  /** What is wrong with a state; null when nothing is. */
  fault(state: State): string | null;
}

export interface Move<State> {
  readonly name: string;
  readonly to: State;
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Moves to the farthest state. */
  readonly depth: number;
  readonly counterexample: { readonly fault: string; readonly moves: readonly string[] } | null;
}

/** The last move on the shortest way to a state. */
interface Arrival {
  readonly from: Arrival | null;
  readonly move: string;
}

export function explore<State>(model: Model<State>): Exploration {
  const known = new Set([model.key(model.initial)]);
  let layer: [State, Arrival | null][] = [[model.initial, null]];
  let transitions = 0;
  for (let depth = 0; ; depth += 1) {
    const next: typeof layer = [];
    for (const [state, arrival] of layer) {
      const fault = model.fault(state);
      const counterexample = fault === null ? null : { fault, moves: movesTo(arrival) };
      if (counterexample !== null) return { states: known.size, transitions, depth, counterexample };
      for (const { name, to } of model.moves(state)) {
        transitions += 1;
        const key = model.key(to);
        if (known.has(key)) continue;
        known.add(key);
        next.push([to, { from: arrival, move: name }]);
      }
    }
    if (next.length === 0) return { states: known.size, transitions, depth, counterexample: null };
    layer = next;
  }
}

function movesTo(last: Arrival | null): string[] {
  const moves: string[] = [];
  for (let at = last; at !== null; at = at.from) moves.unshift(at.move);
  return moves;
}
