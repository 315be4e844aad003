/** The roster in words: who belongs to the cluster, who is not to, and who did what to it. */
import type { NodeState } from '../../membership/failure-detector.ts';
import type { Member } from '../../membership/member-table.ts';
import type { Roster } from '../../membership/roster.ts';
import { admittersOf, newsOf, type StepNews } from '../../membership/roster-news.ts';
import type { RosterTrouble } from '../../membership/roster-trouble.ts';
import { fingerprintOf } from '../../protocol/identity-key.ts';
import type { RosterStep } from '../../protocol/roster-step.ts';

/** Steps told, the newest first. Arbitrary. */
const STEPS_TOLD = 100;

export interface RosterView {
  epoch: number;
  hash: string;
  level: number;
  admission: 'secret' | 'ticket';
  key_id: string;
  retired_key_ids: string[];
  members: {
    node_id: string;
    fingerprint: string;
    /** Who signed the step that let it in; null of the founder. */
    admitted_by: string | null;
    state: NodeState;
    this_node: boolean;
  }[];
  evicted: string[];
  /** Two, of which a person may choose one, and must where trust is frozen; null otherwise. */
  pasts: { epoch: number; ours: string; theirs: string } | null;
  steps: StepNews[];
}

/** Who lives, as this server sees it. */
export interface Sight {
  readonly self: { readonly nodeId: string; readonly state: NodeState };
  readonly others: readonly Member[];
}

/** What the roster is made of here, and what was wrong with that lately. */
export interface RosterRecord {
  readonly steps: readonly RosterStep[];
  readonly trouble: RosterTrouble | null;
}

export function describeRoster(roster: Roster, { steps, trouble }: RosterRecord, sight: Sight): RosterView {
  const admitters = admittersOf(steps);
  return {
    epoch: roster.epoch,
    hash: roster.digest,
    level: roster.level,
    admission: roster.admission,
    key_id: roster.keyId,
    retired_key_ids: [...roster.retired],
    members: [...roster.members.values()]
      .map(({ node_id, identity_key }) => ({
        node_id,
        fingerprint: fingerprintOf(identity_key),
        admitted_by: admitters.get(node_id) ?? null,
        ...stateOf(node_id, sight),
      }))
      .sort((a, b) => (a.node_id < b.node_id ? -1 : 1)),
    evicted: [...roster.evicted].sort(),
    pasts:
      trouble?.kind === 'frozen' || trouble?.kind === 'rewritten'
        ? { epoch: trouble.epoch, ours: trouble.ours, theirs: trouble.theirs }
        : null,
    steps: steps.slice(-STEPS_TOLD).map(newsOf).reverse(),
  };
}

export function stateOf(name: string, { self, others }: Sight): { state: NodeState; this_node: boolean } {
  if (name === self.nodeId) return { state: self.state, this_node: true };
  const state = others.find(({ nodeId }) => nodeId === name)?.state;
  return { state: state ?? 'unconfirmed', this_node: false };
}
