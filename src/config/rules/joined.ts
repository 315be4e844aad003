/**
 * A config.yaml that has a join ticket and no cluster secret is good for joining, and for nothing else: nobody runs on
 * it, however much of the rest is there.
 */
import type { Role } from '../config.ts';
import type { Problem } from '../problem.ts';
import { error, isSound, type Whole } from './whole.ts';

export function isBeforeJoin(whole: Whole): boolean {
  const { 'cluster.join_ticket': ticket, 'cluster.cluster_secret': secret } = whole.values;
  return ticket !== null && secret === null && isSound(whole, 'cluster.cluster_secret');
}

/** Of a file before the join. */
export function* judgeJoined(whole: Whole, role: Role): Generator<Problem> {
  if (role === 'any') return;
  const sentence = 'there is a cluster.join_ticket and no cluster_secret: this server has not joined yet';
  const hint = 'Start it with `atlas-fleet server --config FILE`: it joins by the ticket, and then runs.';
  yield error(whole, 'not_joined', 'cluster.join_ticket', sentence, hint);
}
