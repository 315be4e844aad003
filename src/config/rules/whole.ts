/** What the rules judge: all values at once, and which of them can be relied on. */
import type { Place, Problem, ProblemCode } from '../problem.ts';
import type { KeyPath, Values } from '../schema.ts';

export interface Whole {
  readonly values: Values;
  /** Keys with a value of their own, right or wrong. */
  readonly given: ReadonlySet<KeyPath>;
  /** Keys that have a problem already, or that a misspelt name meant. */
  readonly doubtful: ReadonlySet<KeyPath>;
  /** Without one, an agent has nothing but flags and variables. */
  readonly hasFile: boolean;
  /** Where the key stands, or where it would stand. */
  placeOf(key: KeyPath): Place;
}

/** A rule says nothing of values that are wrong in themselves: the mend of those may be the mend of all. */
export function isSound(whole: Whole, ...keys: readonly KeyPath[]): boolean {
  return keys.every((key) => !whole.doubtful.has(key));
}

export function error(
  whole: Whole,
  code: ProblemCode,
  key: KeyPath,
  sentence: string,
  hint: string,
): Problem {
  return { severity: 'error', code, place: whole.placeOf(key), key, sentence, hint };
}

export function warning(...parts: Parameters<typeof error>): Problem {
  return { ...error(...parts), severity: 'warning' };
}
