/** A cluster secret for one member, sealed into the step that comes next on top of a roster. */
import type { Secret } from '../base/secret.ts';
import type { Roster } from '../membership/roster.ts';
import { sealTo } from '../protocol/envelope.ts';
import type { Envelope, RosterMember } from '../protocol/roster-step.ts';

export function sealForNextStep(
  secret: Secret,
  { node_id: nodeId, sealing_key }: RosterMember,
  { clusterId, epoch }: Pick<Roster, 'clusterId' | 'epoch'>,
): Promise<Envelope> {
  const info = { purpose: 'cluster_secret', clusterId, epoch: epoch + 1, nodeId } as const;
  return sealTo(sealing_key, secret.reveal(), info);
}
