/** A cluster secret for one member, sealed into the step that comes next on top of a roster. */
import { AtlasError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import type { Roster } from '../../membership/roster.ts';
import { sealTo } from '../../protocol/envelope.ts';
import type { Envelope, RosterMember } from '../../protocol/roster-step.ts';

/**
 * Rejects with member_unsealable for a sealing key that nothing can be sealed to: such a member stops every rotation, and
 * has to go.
 */
export async function sealForNextStep(
  secret: Secret,
  { node_id: nodeId, sealing_key }: RosterMember,
  { clusterId, epoch }: Pick<Roster, 'clusterId' | 'epoch'>,
): Promise<Envelope> {
  const info = { purpose: 'cluster_secret', clusterId, epoch: epoch + 1, nodeId } as const;
  try {
    return await sealTo(sealing_key, secret.reveal(), info);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new AtlasError('member_unsealable', `no secret can be sealed for ${nodeId}: its key is none`, {
      cause,
      hint: `stop ${nodeId} and remove it, or evict it, and let it join anew`,
    });
  }
}
