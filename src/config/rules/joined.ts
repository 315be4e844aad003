/**
 * A config.yaml that has a join ticket and no cluster secret is good for joining, and for nothing else: nobody runs on
 * it, however much of the rest is there.
 */
import type { Role } from '../config.ts';
import type { Problem } from '../problem.ts';
import type { Values } from '../schema.ts';
import { error, type Whole } from './whole.ts';

export function isUnjoined(values: Values): boolean {
  return values['cluster.join_ticket'] !== null && values['cluster.cluster_secret'] === null;
}

/** Of a file before the join. */
export function* judgeJoined(whole: Whole, role: Role): Generator<Problem> {
  if (role === 'any') return;
  const sentence = 'there is a cluster.join_ticket and no cluster_secret: this server has not joined yet';
  const hint = 'Start it with `atlas-fleet server --config FILE`: it joins by the ticket, and then runs.';
  yield error(whole, 'not_joined', 'cluster.join_ticket', sentence, hint);
}
