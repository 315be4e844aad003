/**
 * Whom a roster can take in, whatever it is admitted by: one rule, by which the fold forbids an admission (roster.ts),
 * and by which a server does not propose it and says why not.
 */
import { MEMBERS_MAX } from '../protocol/limits.ts';
import type { RosterMember } from '../protocol/roster-step.ts';
import type { Roster } from './roster.ts';

export type MemberObstacle = 'key_taken' | 'name_taken' | 'evicted_name' | 'key_banned' | 'full';

type Members = Pick<Roster, 'members'>;

/** Null: it can be admitted. Its key first: who is a member already is to hear that, and not that its name is taken. */
export function whyNotMember(
  roster: Pick<Roster, 'members' | 'evicted' | 'banned'>,
  { node_id: nodeId, identity_key: key }: RosterMember,
): MemberObstacle | null {
  const { members, evicted, banned } = roster;
  if (holderOf(key, roster) !== undefined) return 'key_taken';
  if (members.has(nodeId)) return 'name_taken';
  if (evicted.has(nodeId)) return 'evicted_name';
  if (banned.has(key)) return 'key_banned';
  return members.size >= MEMBERS_MAX ? 'full' : null;
}

/** For a step that would admit it nevertheless. */
export const OBSTACLE_REASONS: {
  readonly [Each in MemberObstacle]: (member: RosterMember, roster: Members) => string;
} = {
  key_taken: ({ identity_key }, roster) => `This key is that of ${holderOf(identity_key, roster)?.node_id}`,
  name_taken: ({ node_id }) => `${node_id} is a member`,
  evicted_name: ({ node_id }) => `${node_id} was evicted`,
  key_banned: () => 'This key was evicted',
  full: () => `A cluster has at most ${MEMBERS_MAX} members`,
};

/** The member whose identity key this is: two names never have the same one. */
export function holderOf(key: string, { members }: Members): RosterMember | undefined {
  return [...members.values()].find(({ identity_key }) => identity_key === key);
}
