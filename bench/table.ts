/** Figures as lines of a table, for people. */
import { type Row, shown } from './figure.ts';

const WIDTHS = [46, 22, 12, 8, 30, 6] as const;

export function tableHead(): string {
  return lineOf(['figure', 'value', 'raw limit', 'ratio', 'goal', 'ok']);
}

export function tableLine({ figure, value, unit, raw, ratio, goal, ok }: Row): string {
  const verdict = ok === null ? '' : ok ? 'yes' : 'missed';
  const cells = [
    figure,
    `${shown(value)} ${unit}`,
    raw === null ? '–' : shown(raw),
    ratio === null ? '–' : shown(ratio),
    goal ?? '–',
    verdict,
  ];
  return lineOf(cells);
}

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0))
    .join('  ')
    .trimEnd();
}
