/** One line of the security status: what was tried or asked, what should come of it, and what came. */

export type LineState = 'pass' | 'info' | 'warn' | 'fail';
export type LineGroup = 'self_test' | 'level' | 'registry' | 'roster';

export interface SecurityLine {
  /** Stable, for machines. */
  code: string;
  group: LineGroup;
  /** `info`: a fact that is neither good nor bad. */
  state: LineState;
  what: string;
  /** Null where there is nothing to expect. */
  expected: string | null;
  seen: string;
  /** The next step; null where none is needed. */
  mend: string | null;
}

/** The groups whose failed lines make the whole cluster critical; a registry that is away has words of its own. */
const ALARMING: ReadonlySet<LineGroup> = new Set(['self_test', 'level']);

export function isAlarming({ group, state }: SecurityLine): boolean {
  return state === 'fail' && ALARMING.has(group);
}
