/**
 * What a person does with a server that is not to be one of the cluster. Removed: it is gone, not listed any more, and
 * what comes back under its name is a newcomer. Evicted: it may be in the wrong hands, its key never speaks again, and
 * the secret that it knows is changed. Readmitted: the name is free again, for another key.
 */
import { AtlasError } from '../../base/errors.ts';
import { isGone } from '../../membership/failure-detector.ts';
import type { Roster } from '../../membership/roster.ts';
import type { Trusted } from './required-roster.ts';

export interface StandingParts extends Trusted {
  readonly nodeId: string;
}

/** Rejects as RosterKeeper.propose() does, and with member_unknown or member_runs. */
export async function removeMember(name: string, { nodeId, trust, watch }: StandingParts): Promise<Roster> {
  const state = watch.members().find((member) => member.nodeId === name)?.state;
  if (name === nodeId)
    throw new AtlasError('member_runs', `${name} is this server`, {
      hint: 'stop it, and remove it on another one',
    });
  // One that runs would be back within seconds, while the secret admits.
  if (state !== undefined && !isGone(state))
    throw new AtlasError('member_runs', `${name} is ${state}`, {
      hint: 'stop it first, and wait until it is offline; if it is not yours, evict it',
    });
  const roster = await trust.keeper.propose(({ members }) =>
    members.has(name) ? [{ op: 'remove', node_id: name }] : null,
  );
  return roster ?? unknown(name);
}

/**
 * All others stay, with the keys that they have now. Rejects as KeyRotation.beginAfterCompromise() does, and with
 * member_unknown or member_runs.
 */
export async function evictMember(name: string, { nodeId, trust }: StandingParts): Promise<Roster> {
  const members = trust.roster?.members ?? new Map();
  if (!members.has(name)) return unknown(name);
  if (name === nodeId)
    throw new AtlasError('member_runs', `${name} is this server`, { hint: 'evict it on another one' });
  const kept = [...members].filter(([other]) => other !== name);
  return trust.rotation.beginAfterCompromise(
    new Map(kept.map(([other, member]) => [other, member.identity_key])),
  );
}

/** Rejects as RosterKeeper.propose() does, and with member_unknown. */
export async function readmitMember(name: string, { trust }: StandingParts): Promise<Roster> {
  const roster = await trust.keeper.propose(({ evicted }) =>
    evicted.has(name) ? [{ op: 'readmit', node_id: name }] : null,
  );
  if (roster !== null) return roster;
  throw new AtlasError('member_unknown', `${JSON.stringify(name)} was not evicted`, {
    hint: 'see atlas-fleet cluster roster',
  });
}

function unknown(name: string): never {
  throw new AtlasError('member_unknown', `there is no member ${JSON.stringify(name)}`, {
    hint: 'see atlas-fleet cluster nodes',
  });
}
