import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { busiestMinute, secretsIn } from '../../faults/log-reader.ts';
import { SABOTAGES, sabotaged } from '../../faults/sabotage/sabotages.ts';
import { type Figure, isHeld, jsonLine, skipped, table, verdictOf } from '../../faults/verdict.ts';

const figure = (value: number, bar?: number): Figure => ({
  fault: 'a fault',
  figure: 'a figure',
  value,
  unit: 's',
  ...(bar !== undefined && { bar }),
});

describe('a verdict', () => {
  it('is held at the bar, and missed beyond it', () => {
    expect(verdictOf(figure(2, 2))).toBe('held');
    expect(verdictOf(figure(2.01, 2))).toBe('missed');
  });

  it('is missed where nothing could be measured', () => {
    expect(verdictOf(figure(Number.NaN, 2))).toBe('missed');
  });

  it('of what has no bar, or was skipped, spoils no run', () => {
    const figures = [figure(99), skipped('disk full', 'needs root')];
    expect(figures.map(verdictOf)).toEqual(['told', 'skipped']);
    expect(isHeld(figures)).toBe(true);
    expect(isHeld([...figures, figure(3, 2)])).toBe(false);
  });
});

describe('the table', () => {
  it('shows value, bar and verdict, in columns', () => {
    expect(table([figure(1.234, 2), figure(Number.NaN, 2)])).toBe(
      [
        'fault   | figure   | value  | bar   | verdict',
        'a fault | a figure | 1.23 s | ≤ 2 s | held   ',
        'a fault | a figure | never  | ≤ 2 s | missed ',
        '',
      ].join('\n'),
    );
  });

  it('is one line of JSON a figure for machines', () => {
    const line = { fault: 'a fault', figure: 'a figure', value: null, unit: 's', bar: 2, verdict: 'missed' };
    expect(JSON.parse(jsonLine(figure(Number.NaN, 2)))).toEqual(line);
  });
});

describe('the log', () => {
  const line = (server: string, event: string, wallMs: number) => ({ server, event, wallMs, text: '' });

  it('floods where one server says one thing often within a minute', () => {
    const lines = [
      line('a', 'one', 0),
      line('a', 'one', 59_999),
      line('a', 'one', 60_000),
      line('b', 'one', 0),
      line('a', 'two', 0),
    ];
    expect(busiestMinute(lines)).toEqual({ event: 'one', lines: 2 });
  });

  it('is searched for every secret', () => {
    expect(secretsIn('key=abc, again abc, and def', ['abc', 'def', 'xyz'])).toBe(3);
  });
});

describe('a sabotage', () => {
  it('replaces its text', () => {
    const { text, becomes } = SABOTAGES.verification;
    expect(sabotaged(`if (wrong) { ${text} }`, SABOTAGES.verification)).toBe(`if (wrong) { ${becomes} }`);
  });

  it('that would hit nothing, or two places, is refused', () => {
    const { text } = SABOTAGES.verification;
    expect(() => sabotaged('', SABOTAGES.verification)).toThrow('stands 0 times');
    expect(() => sabotaged(text + text, SABOTAGES.verification)).toThrow('stands 2 times');
  });

  it.each(Object.values(SABOTAGES))('by $name hits what stands in src today', (sabotage) => {
    const source = readFileSync(new URL(`../../src/${sabotage.file}`, import.meta.url), 'utf8');
    expect(sabotaged(source, sabotage)).not.toBe(source);
  });
});
