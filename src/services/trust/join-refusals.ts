/** What a joiner is told that is not let in (docs/protocol/join.md, "The requests"). */
import { AtlasError } from '../../base/errors.ts';
import { holderOf, type MemberObstacle } from '../../membership/newcomer.ts';
import type { Roster } from '../../membership/roster.ts';
import type { RosterMember } from '../../protocol/roster-step.ts';

/** The same words for everybody who proves no ticket. */
export function ticketUnknown(): AtlasError {
  return new AtlasError('ticket_unknown', 'there is no such ticket here, or its proof came too late', {
    hint: 'copy the ticket again, whole; or make another on a server: atlas-fleet cluster ticket create',
  });
}

export function ticketUsed(admitted: string): AtlasError {
  return new AtlasError('ticket_used', `the ticket has admitted another server: ${admitted}`, {
    hint: `if ${admitted} is yours, make a ticket for this one too, on a server of the cluster: atlas-fleet cluster ticket create; if it is not, evict it at once`,
  });
}

export function ticketEnded(code: 'ticket_expired' | 'ticket_revoked', sentence: string): AtlasError {
  return new AtlasError(code, sentence, {
    hint: 'make another on a server of the cluster: atlas-fleet cluster ticket create',
  });
}

export function joinLater(why: string): AtlasError {
  return new AtlasError('join_later', `${why}, so it admits nobody now`, {
    hint: 'try again in a moment, or ask another server',
  });
}

export function joinRefused(obstacle: MemberObstacle, member: RosterMember, roster: Roster): AtlasError {
  const { code = 'join_refused', sentence, hint } = REFUSALS[obstacle](member, roster);
  return new AtlasError(code, sentence, { hint });
}

interface Refusal {
  /** Join_refused, where there is none. */
  readonly code?: 'already_member';
  readonly sentence: string;
  readonly hint: string;
}

const REFUSALS: { readonly [Each in MemberObstacle]: (member: RosterMember, roster: Roster) => Refusal } = {
  key_taken({ identity_key }, roster) {
    const name = holderOf(identity_key, roster)?.node_id;
    return {
      code: 'already_member',
      sentence: `these keys are of a member already: ${name}`,
      hint: `start it without --join; if its config.yaml is lost, run atlas-fleet cluster remove ${name} on a server, then join as ${name} again`,
    };
  },
  name_taken: ({ node_id: name }) => ({
    sentence: `${name} is a member already`,
    hint: `give this server another name with --node-id; or, if its disk was lost, run atlas-fleet cluster remove ${name} on a server, then join again`,
  }),
  evicted_name: ({ node_id: name }) => ({
    sentence: `${name} was evicted`,
    hint: `run atlas-fleet cluster readmit ${name} on a server, or use --node-id`,
  }),
  key_banned: ({ node_id: name }) => ({
    sentence: 'these keys were evicted',
    // Its name went with its keys, where config.yaml does not have it.
    hint: `remove identity.json from the data folder, then join again with --node-id ${name}`,
  }),
  full: (_, { members }) => ({
    sentence: `the cluster has ${members.size} members, and no more may join`,
    hint: 'remove those that are gone',
  }),
};
