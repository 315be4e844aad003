/**
 * The verdict of a server on its cluster, as pages show it: its look, its first sentence for the bar above each page,
 * and figures worded so that they cannot contradict it.
 */
import { counted } from '../src/base/counted.ts';
import type { HealthCheck } from './api.ts';

type Overall = HealthCheck['overall'];

const LOOKS = {
  healthy: { word: 'Healthy', shape: 'disc', tone: 'good' },
  degraded: { word: 'Degraded', shape: 'triangle', tone: 'warn' },
  at_risk: { word: 'At risk', shape: 'cross', tone: 'bad' },
  critical: { word: 'Critical', shape: 'square', tone: 'bad' },
} as const satisfies Record<Overall, unknown>;

export const overallLook = (overall: Overall): (typeof LOOKS)[Overall] => LOOKS[overall];

/** Up to the first full stop that a space follows, or the end: one in an address is no end. */
const FIRST_SENTENCE = /^.*?[.!?](?=\s|$)/s;

/** How bad it is, and what the worst of it is. The verdict of a server begins with the word already, as a rule. */
export function verdictInShort({ overall, verdict }: HealthCheck): string {
  const { word } = LOOKS[overall];
  const [sentence] = FIRST_SENTENCE.exec(verdict) ?? [verdict];
  return sentence.startsWith(word) ? sentence : `${word}: ${sentence}`;
}

/** Servers that take reports now; as the server counts them. */
const running = ({ nodes }: HealthCheck): number =>
  nodes.filter(({ state }) => state === 'healthy' || state === 'late').length;

export interface FailoverFigure {
  readonly figure: string;
  readonly rest: string;
}

/** How many may stop altogether, beside a verdict that says what happens if any one does. */
export function failoverFigure(health: HealthCheck): FailoverFigure {
  const canStop = health.failover.servers_that_can_stop;
  if (canStop === 0) return { figure: 'None', rest: 'can stop' };
  const rest = canStop === 1 ? 'servers can stop' : 'servers can stop, one after the other';
  return { figure: `${canStop} of ${running(health)}`, rest };
}

/** Null where the verdict itself speaks of what is wrong, and where nothing is. */
export function warningsBeside({ overall, findings }: HealthCheck): string | null {
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  if (overall !== 'healthy' || warnings === 0) return null;
  return `with ${counted(warnings, 'warning')}`;
}
