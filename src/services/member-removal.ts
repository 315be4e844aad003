/**
 * Takes a server off the roster that is gone: it is not listed any more, and what comes back under its name is a
 * newcomer, with whatever key it brings. A server that still runs is not removed: while the secret admits, it would
 * be back within seconds.
 */
import { AtlasError } from '../base/errors.ts';
import type { Roster } from '../membership/roster.ts';
import type { MemberWatch } from './member-watch.ts';
import type { Trust } from './trust.ts';

const GONE: ReadonlySet<string> = new Set(['offline', 'left', 'unconfirmed']);

export interface RemovalParts {
  readonly nodeId: string;
  readonly trust: Trust | null;
  readonly watch: MemberWatch;
}

/** Rejects with member_unknown, member_runs, roster_missing, roster_frozen, roster_refused or member_store_unavailable. */
export async function removeMember(name: string, { nodeId, trust, watch }: RemovalParts): Promise<Roster> {
  if (trust === null)
    throw new AtlasError(
      'roster_missing',
      'without a cluster_secret there is no roster to take a server off',
    );
  if (name === nodeId)
    throw new AtlasError('member_runs', `${name} is this server`, {
      hint: 'stop it, and remove it on another one',
    });
  const state = watch.members().find((member) => member.nodeId === name)?.state;
  if (state !== undefined && !GONE.has(state))
    throw new AtlasError('member_runs', `${name} is ${state}`, {
      hint: 'stop it first, and wait until it is offline',
    });
  const roster = await trust.keeper.propose(({ members }) =>
    members.has(name) ? [{ op: 'remove', node_id: name }] : null,
  );
  if (roster !== null) return roster;
  throw new AtlasError('member_unknown', `there is no member ${JSON.stringify(name)}`, {
    hint: 'see atlas-fleet cluster nodes',
  });
}
