/**
 * What this machine knows by itself of its place in the cluster of a ticket: whether the ticket is needed at all
 * (docs/protocol/join.md, "Whether to ask at all").
 */
import { join } from 'node:path';
import { extend } from '../membership/roster-chain.ts';
import { publicKeyText } from '../protocol/identity-key.ts';
import type { Ticket } from '../protocol/ticket.ts';
import { readIdentity } from '../store/file/identity.ts';
import { FileRosterDisk } from '../store/file/roster-disk.ts';

export { deriveNodeId } from '../store/file/identity.ts';

/**
 * The name under which this machine is a member; null where its own copy of the roster does not say so, or ends
 * before the ticket was made: it may have been sent away since.
 */
export async function memberHere(dataDir: string, { epoch, hash }: Ticket): Promise<string | null> {
  const identity = await readIdentity(dataDir);
  if (identity === undefined) return null;
  const { steps } = await new FileRosterDisk(join(dataDir, 'roster')).load();
  const { chain } = extend(null, steps);
  if (chain?.steps[epoch]?.digest !== hash) return null;
  const { nodeId, signingKey } = identity;
  const member = chain.roster.members.get(nodeId);
  return member?.identity_key === publicKeyText(signingKey) ? nodeId : null;
}

/** The name that this machine has, member or not; where it has none yet, null. Rejects with identity_invalid. */
export async function nameHere(dataDir: string): Promise<string | null> {
  return (await readIdentity(dataDir))?.nodeId ?? null;
}
