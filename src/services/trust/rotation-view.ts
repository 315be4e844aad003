/** A rotation of the cluster secret in words: how far it is, and for whom it waits. */
import type { NodeState } from '../../membership/failure-detector.ts';
import type { Roster } from '../../membership/roster.ts';
import { type Progress, progressOf, type Witness } from '../../membership/rotation.ts';
import { keysOf } from '../../membership/secret-phase.ts';
import { type Sight, stateOf } from './roster-view.ts';

export interface RotationView {
  /** Null when no rotation is under way. */
  phase: 'prepared' | 'active' | 'abandoned' | null;
  key_id: string;
  next_key_id: string | null;
  begun_by: string | null;
  begun_at: string | null;
  nodes: {
    node_id: string;
    this_node: boolean;
    state: NodeState;
    accepts: boolean;
    signs: boolean;
    waited_for: boolean;
    heard_seconds_ago: number | null;
  }[];
  sentence: string;
}

export function describeRotation(roster: Roster, witnesses: readonly Witness[], sight: Sight): RotationView {
  const { pending } = roster;
  const progress = progressOf(roster, witnesses);
  return {
    phase: pending?.phase ?? null,
    key_id: keysOf(roster).signs,
    next_key_id: pending?.keyId ?? null,
    begun_by: pending?.by ?? null,
    begun_at: pending === null ? null : new Date(pending.since * 1000).toISOString(),
    nodes: progress === null ? [] : nodesOf(progress, sight),
    sentence: sentenceOf(roster, progress),
  };
}

/** With this server, which does what its roster says. */
function nodesOf({ phase, nodes }: Progress, sight: Sight): RotationView['nodes'] {
  const self = { nodeId: sight.self.nodeId, accepts: true, signs: true, isWaitedFor: false };
  return [...nodes, self]
    .map(({ nodeId, accepts, signs, isWaitedFor }) => ({
      node_id: nodeId,
      ...stateOf(nodeId, sight),
      accepts,
      signs: signs && phase !== 'prepared',
      waited_for: isWaitedFor,
      heard_seconds_ago: heardSecondsAgo(nodeId, sight),
    }))
    .sort((a, b) => (a.node_id < b.node_id ? -1 : 1));
}

function heardSecondsAgo(name: string, { others }: Sight): number | null {
  const silentMs = others.find(({ nodeId }) => nodeId === name)?.silentMs ?? null;
  return silentMs === null ? null : Math.round(silentMs / 1000);
}

const DOING = {
  prepared: 'accept the new secret',
  active: 'sign with the new secret',
  abandoned: 'are back at the old secret',
} as const;

function sentenceOf({ keyId, members }: Roster, progress: Progress | null): string {
  if (progress === null) return `No rotation is under way; all sign with key ${keyId}.`;
  const { phase, nodes } = progress;
  const done = nodes.filter((node) => (phase === 'prepared' ? node.accepts : node.signs));
  const waited = nodes.filter(({ isWaitedFor }) => isWaitedFor).map(({ nodeId }) => nodeId);
  const absent = nodes
    .filter((node) => !node.isWaitedFor && !done.includes(node))
    .map(({ nodeId }) => nodeId);
  const count = `${done.length + 1} of ${members.size} ${DOING[phase]}`;
  const waiting = waited.length > 0 ? `; waiting for ${waited.join(', ')}` : '';
  const asleep = absent.length > 0 ? `; ${absent.join(', ')} absent, and will find it when back` : '';
  return `${count}${waiting}${asleep}.`;
}
