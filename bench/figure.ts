/**
 * One figure of docs/performance.md: what was measured, beside the raw limit of the same machine in the same run, and
 * the bar it has to reach (quality.md). A machine that others use too is slow for all it runs: so ours and the raw limit
 * take turns, the value shown is the median of the rounds, and the ratio is the median of the ratios of each round.
 */

export interface Bar {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Goal {
  /** In the unit of the figure. */
  readonly value?: Bar;
  /** Of the figure to its raw limit. */
  readonly ratio?: Bar;
}

/** One turn of ours, and one of the raw limit beside it; null where nature sets none. */
export interface Round {
  readonly value: number;
  readonly raw: number | null;
}

/** A line of the table. */
export interface Row {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly raw: number | null;
  readonly ratio: number | null;
  readonly goal: string | null;
  /** Null where there is no goal: the figure is there to explain another. */
  readonly ok: boolean | null;
  readonly runs: number;
  /** The lowest and the highest of the runs. */
  readonly spread: readonly [number, number];
}

export interface Options {
  /** Reports that are in the database before the intake is measured. */
  readonly history: number;
}

export interface Figure {
  readonly name: string;
  measure(options: Options): Promise<readonly Row[]>;
}

export interface Measured {
  readonly figure: string;
  readonly unit: string;
  readonly goal?: Goal;
  readonly rounds: readonly Round[];
}

export function rowOf({ figure, unit, goal = {}, rounds }: Measured): Row {
  const values = rounds.map(({ value }) => value);
  const raws = rounds.flatMap(({ raw }) => (raw === null ? [] : [raw]));
  const ratios = rounds.flatMap(({ value, raw }) => (raw === null ? [] : [value / raw]));
  const value = median(values);
  const ratio = ratios.length > 0 ? median(ratios) : null;
  const words = [...wordsOf(goal.value, (limit) => `${shown(limit)} ${unit}`), ...wordsOf(goal.ratio, ofRaw)];
  return {
    figure,
    value,
    unit,
    raw: raws.length > 0 ? median(raws) : null,
    ratio,
    goal: words.length > 0 ? words.join(', ') : null,
    ok: words.length > 0 ? isMet(goal.value, value) && isMet(goal.ratio, ratio) : null,
    runs: rounds.length,
    spread: [Math.min(...values), Math.max(...values)],
  };
}

function isMet(bar: Bar | undefined, value: number | null): boolean {
  if (bar === undefined) return true;
  return value !== null && value >= (bar.atLeast ?? -Infinity) && value <= (bar.atMost ?? Infinity);
}

function wordsOf({ atLeast, atMost }: Bar = {}, unit: (limit: number) => string): string[] {
  return [
    ...(atLeast === undefined ? [] : [`≥ ${unit(atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${unit(atMost)}`]),
  ];
}

function ofRaw(limit: number): string {
  return limit < 1 ? `${shown(limit * 100)} % of raw` : `${shown(limit)} × raw`;
}

/** For people: as many digits as mean something. */
export function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [
    sorted[sorted.length % 2 ? middle : middle - 1],
    sorted[middle],
  ];
  return (low + high) / 2;
}
