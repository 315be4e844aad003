/** What can be done to a member of the cluster and what it means, in words (docs/protocol/roster.md holds). */
import { actOnMember, choosePast, type RosterMember, type RosterView, revokeTicket } from './trust-api.ts';

export interface Act {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly button: string;
  /** It ends with a way to what is left to do by hand. */
  readonly leadsToLeaks?: true;
  /** To be typed, exactly. */
  readonly typed?: string;
  /** At once; of the others only when the last time is some minutes ago. */
  readonly asksPassword: boolean;
  readonly run: () => Promise<void>;
}

/** A server that runs is not removed: while the secret admits, it would be back within seconds. */
const GONE: readonly RosterMember['state'][] = ['offline', 'left', 'unconfirmed'];

export const canRemove = ({ state, this_node }: RosterMember): boolean => !this_node && GONE.includes(state);
/** Of itself the server that is asked refuses it: another one must stay to hand out the new secret. */
export const canEvict = ({ this_node }: RosterMember): boolean => !this_node;

export function removal(name: string, { admission }: RosterView): Act {
  return {
    title: `Remove ${name}?`,
    sentences: [
      'It is no longer expected, and no longer listed as missing.',
      admission === 'secret'
        ? 'If it starts again with the cluster secret, it is admitted anew. Is it in the wrong hands? Then evict it instead.'
        : 'To come back it needs a join ticket. Is it in the wrong hands? Then evict it instead.',
      'The cluster secret stays as it is.',
    ],
    button: 'Remove',
    asksPassword: false,
    run: () => actOnMember('remove', name),
  };
}

export function eviction(name: string, { members }: RosterView): Act {
  const admitted = members.filter(({ admitted_by }) => admitted_by === name).map(({ node_id }) => node_id);
  return {
    title: `Evict ${name}?`,
    sentences: [
      'Its key is banned for ever: no server believes it again, whatever it holds.',
      'The cluster secret changes at once. All other members keep their place; who is away finds the new secret when it comes back.',
      'Open join tickets are revoked, and from now on a new server needs a ticket.',
      ...(admitted.length === 0
        ? []
        : [
            `It admitted ${admitted.join(', ')}, and they stay: whoever of them is not yours is to be evicted too.`,
          ]),
      'This cannot be undone. The name can be freed later, for another key.',
      'It still knows the passwords of Redis and PostgreSQL, where they have any. Until those are changed it can act through the database, as an administrator too.',
    ],
    button: 'Evict for ever',
    leadsToLeaks: true,
    typed: name,
    asksPassword: true,
    run: () => actOnMember('evict', name),
  };
}

export function readmission(name: string): Act {
  return {
    title: `Free the name ${name}?`,
    sentences: [
      'A server may join under this name again, with another key and a join ticket.',
      'The key that was evicted stays banned for ever.',
    ],
    button: 'Free the name',
    asksPassword: false,
    run: () => actOnMember('readmit', name),
  };
}

/** `hash`: of the first step of the past that is right. */
export function choice(hash: string, isOurs: boolean): Act {
  return {
    title: isOurs ? 'Keep the past of this server?' : 'Take the other past?',
    sentences: [
      'First stop the server that is not yours: it may write on.',
      isOurs
        ? 'What this server holds counts, and the other steps count for nothing.'
        : 'The other steps count from now on, and what this server held from there on counts for nothing.',
      'Do the same on each of the other servers: each believes only its own operator.',
    ],
    button: isOurs ? 'Keep this past' : 'Take the other past',
    asksPassword: true,
    run: () => choosePast(hash),
  };
}

export function revocation(id: string): Act {
  return {
    title: `Revoke the ticket ${id}?`,
    sentences: [
      'Nobody can join with it any more.',
      'A server that has joined with a ticket stays: that one is evicted.',
    ],
    button: 'Revoke',
    asksPassword: false,
    run: () => revokeTicket(id),
  };
}
