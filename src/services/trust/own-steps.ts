/** Steps that a server writes by itself, as the audit log tells of them; those of people are recorded where they ask. */
import type { Operation, RosterStep } from '../../protocol/roster-step.ts';
import { type AuditAct, SYSTEM_ACTOR } from '../people/audit.ts';

export function actsOf({ operations, epoch }: RosterStep): AuditAct[] {
  return operations.flatMap((operation) => {
    const act = actOf(operation);
    return act === null ? [] : [{ ...act, actor: SYSTEM_ACTOR, detail: { epoch } }];
  });
}

function actOf(operation: Operation): Pick<AuditAct, 'action' | 'subject'> | null {
  switch (operation.op) {
    case 'found':
      return { action: 'roster.founded', subject: operation.member.node_id };
    case 'admit':
      return operation.ticket === undefined
        ? { action: 'roster.admitted', subject: operation.member.node_id }
        : null;
    case 'activate_secret':
      return { action: 'rotation.activated', subject: operation.key_id };
    case 'retire_secret':
      return { action: 'rotation.retired', subject: operation.key_id };
    default:
      return null;
  }
}
