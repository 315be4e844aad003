import { describe, expect, it } from 'vitest';
import type { Finding } from '../../console/api.ts';
import { failoverFigure, warningsBeside } from '../../console/verdict.ts';
import { health, node } from './page-data.ts';

const finding = (severity: Finding['severity']): Finding => ({
  code: 'refused_missing_signature',
  severity,
  sentence: 'A record of "intruder" is not signed.',
  mend: 'It changed nothing.',
});
const cluster = (canStop: number, ...nodes: ReturnType<typeof node>[]) =>
  health({ nodes, failover: { servers_that_can_stop: canStop, sentence: '' } });
const told = (...given: Parameters<typeof cluster>) => {
  const { figure, rest } = failoverFigure(cluster(...given));
  return `${figure} ${rest}`;
};

describe('failover readiness', () => {
  it('does not contradict that any one server can stop', () => {
    expect(told(2, node(), node(), node())).toBe('2 of 3 servers can stop, one after the other');
    expect(told(1, node(), node())).toBe('1 of 2 servers can stop');
  });

  it('counts only servers that run', () => {
    expect(told(1, node(), node({ state: 'late' }), node({ state: 'offline' }))).toBe(
      '1 of 2 servers can stop',
    );
    expect(told(0, node(), node({ state: 'left' }))).toBe('None can stop');
  });
});

describe('beside the verdict', () => {
  it('stand the warnings that a healthy cluster has all the same', () => {
    expect(warningsBeside(health())).toBeNull();
    expect(warningsBeside(health({ findings: [finding('info')] }))).toBeNull();
    expect(warningsBeside(health({ findings: [finding('warning')] }))).toBe('with 1 warning');
    const two = [finding('warning'), finding('info'), finding('warning')];
    expect(warningsBeside(health({ findings: two }))).toBe('with 2 warnings');
  });

  it('stands nothing when the verdict itself is about them', () => {
    expect(warningsBeside(health({ overall: 'degraded', findings: [finding('warning')] }))).toBeNull();
  });
});
