/**
 * What a cluster complains of: a condition with a stable code, how bad it is, one sentence, and the mend. Pages, the
 * command line and the log are projections of a list of these.
 */
export type Severity = 'info' | 'warning' | 'critical';

export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly mend: string;
}
