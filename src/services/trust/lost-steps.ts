/**
 * What this node ordered in steps that lost a fork is ordered again on top of the branch that won: a person who
 * evicted, removed or revoked was told that it is done.
 */
import { reasonOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Roster } from '../../membership/roster.ts';
import { canonicalText } from '../../protocol/canonical-json.ts';
import type { Operation, RosterStep } from '../../protocol/roster-step.ts';
import type { KeyRotation } from './key-rotation.ts';
import type { RosterKeeper } from './roster-keeper.ts';

export interface LostStepsParts {
  readonly keeper: RosterKeeper;
  readonly rotation: KeyRotation;
  readonly nodeId: string;
  readonly log: Log;
}

/** Never rejects: the finding about the fork asks people to look. */
export async function issueAgain(lost: readonly RosterStep[], parts: LostStepsParts): Promise<void> {
  const own = lost.filter(({ signer }) => signer === parts.nodeId).flatMap(({ operations }) => operations);
  try {
    await evictAgain(own, parts);
    await parts.keeper.propose((roster) => {
      const wanted = ordersIn(own, roster).filter((operation) => isWanted(operation, roster));
      return wanted.length === 0 ? null : wanted;
    });
  } catch (error) {
    parts.log.error('cluster.roster.not_again', 'Orders that lost against others could not be given again', {
      ...reasonOf(error),
    });
  }
}

/** With the secret, whether or not it was changed before: who is evicted knows the one that won. */
async function evictAgain(own: readonly Operation[], { keeper, rotation }: LostStepsParts): Promise<void> {
  const members = [...(keeper.roster?.members ?? [])];
  const evicted = new Set(own.flatMap((operation) => (operation.op === 'evict' ? [operation.node_id] : [])));
  const kept = members.filter(([nodeId]) => !evicted.has(nodeId));
  if (kept.length === members.length) return;
  await rotation.beginAfterCompromise(new Map(kept.map(([nodeId, member]) => [nodeId, member.identity_key])));
}

/** Each once, for one that is refused is the end of all. A compromise revoked each ticket that was open. */
function ordersIn(own: readonly Operation[], { tickets }: Roster): Operation[] {
  const isCompromise = own.some((operation) => operation.op === 'prepare_secret' && operation.compromise);
  const revoking = [...tickets.keys()].map((id): Operation => ({ op: 'revoke_ticket', id }));
  const orders = isCompromise ? [...own, ...revoking] : own;
  return [...new Map(orders.map((operation) => [canonicalText(operation), operation])).values()];
}

/**
 * A secret that lost is forgotten, and who is to be admitted claims again. So is a ticket: it may have been used or
 * revoked in the steps that lost with it.
 */
function isWanted(operation: Operation, { members, evicted, tickets, admission, level }: Roster): boolean {
  switch (operation.op) {
    case 'remove':
      return members.has(operation.node_id);
    case 'readmit':
      return evicted.has(operation.node_id);
    case 'revoke_ticket':
      return tickets.get(operation.id)?.state === 'open';
    case 'admission':
      return admission !== operation.admission;
    case 'level':
      return level !== operation.level;
    default:
      return false;
  }
}
