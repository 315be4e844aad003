/** What the cluster page adds to the server's own sentences: figures worded so that they cannot contradict them. */
import type { HealthCheck } from './api.ts';

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
  return warnings === 1 ? 'with 1 warning' : `with ${warnings} warnings`;
}
