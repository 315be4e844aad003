/**
 * What a run found, figure by figure, each against its bar (quality.md, "Reliability"). Pure: the stand measures,
 * here is only judged and shown.
 */

export type Unit = 's' | 'ms' | 'count' | 'text';

export interface Figure {
  readonly fault: string;
  readonly figure: string;
  readonly value: number | string;
  readonly unit: Unit;
  /** The highest value that is good. Absent: told, and not judged. */
  readonly bar?: number;
}

export type Verdict = 'held' | 'missed' | 'told' | 'skipped';

/** A figure that could not be measured is NaN, and misses its bar. */
export function verdictOf({ value, bar, figure }: Figure): Verdict {
  if (figure === SKIPPED) return 'skipped';
  if (bar === undefined) return 'told';
  return typeof value === 'number' && value <= bar ? 'held' : 'missed';
}

const SKIPPED = 'skipped';

export function skipped(fault: string, reason: string): Figure {
  return { fault, figure: SKIPPED, value: reason, unit: 'text' };
}

export function isHeld(figures: readonly Figure[]): boolean {
  return figures.every((figure) => verdictOf(figure) !== 'missed');
}

/** One line of JSON. */
export function jsonLine(figure: Figure): string {
  const { fault, figure: name, value, unit, bar = null } = figure;
  const shown = typeof value === 'number' && !Number.isFinite(value) ? null : value;
  return JSON.stringify({ fault, figure: name, value: shown, unit, bar, verdict: verdictOf(figure) });
}

const HEAD = ['fault', 'figure', 'value', 'bar', 'verdict'] as const;

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.fault,
    figure.figure,
    amount(figure.value, figure.unit),
    figure.bar === undefined ? '' : `≤ ${amount(figure.bar, figure.unit)}`,
    verdictOf(figure),
  ]);
  const all = [[...HEAD], ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => line(row, widths)).join('');
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return `${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')}\n`;
}

function amount(value: number | string, unit: Unit): string {
  if (typeof value === 'string') return value;
  if (!Number.isFinite(value)) return 'never';
  if (unit === 's') return `${(Math.round(value * 100) / 100).toString()} s`;
  return unit === 'ms' ? `${Math.round(value)} ms` : `${value}`;
}
