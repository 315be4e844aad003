/** Whom a joiner or an agent is told of: members that answer, and are not about to stop, by what they say of themselves. */
import type { NodeRecordBody } from '../protocol/node-record.ts';
import { isActive } from './failure-detector.ts';
import type { Member } from './member-table.ts';

export function answering(others: readonly Member[]): NodeRecordBody[] {
  return others.flatMap(({ state, record }) => (isActive(state) && record !== null ? record : []));
}
