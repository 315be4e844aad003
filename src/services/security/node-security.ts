/** Each server of the cluster by what it signs with and accepts, as this one sees it now. */
import { isActive, type NodeState } from '../../membership/failure-detector.ts';
import type { RefusalCount } from '../../membership/refusal-ledger.ts';
import type { RefusalCode } from '../../protocol/refusal.ts';
import type { LineState } from './security-line.ts';

export interface NodeSecurity {
  node_id: string;
  this_node: boolean;
  state: LineState;
  sentence: string;
  /** The id of the cluster secret it signs with, and of those it accepts. */
  signs: string | null;
  accepts: string[];
  clock_offset_seconds: number | null;
  last_heartbeat_age_seconds: number | null;
  /** Of what lay in its own slots, since this server started. */
  refusals: { code: RefusalCode; count: number }[];
}

export interface NodeFacts {
  readonly nodeId: string;
  readonly isThisNode: boolean;
  readonly state: NodeState;
  readonly signs: string | null;
  readonly accepts: readonly string[];
  readonly clockOffsetSeconds: number | null;
  readonly heartbeatAgeMs: number | null;
}

export interface Viewer {
  /** The id of the cluster secret that this server signs with; null at level 1. */
  readonly signs: string | null;
  readonly clockToleranceSeconds: number;
  readonly refusals: readonly RefusalCount[];
}

export function nodeSecurity(node: NodeFacts, viewer: Viewer): NodeSecurity {
  const refusals = refusalsIn(node.nodeId, viewer.refusals);
  const worry = worryAbout(node, viewer, refusals.some(ofNow));
  return {
    node_id: node.nodeId,
    this_node: node.isThisNode,
    state: worry === null ? 'pass' : 'warn',
    sentence: worry ?? 'Its records are signed by a secret and a key that count here.',
    signs: node.signs,
    accepts: [...node.accepts],
    clock_offset_seconds: node.clockOffsetSeconds,
    last_heartbeat_age_seconds:
      node.heartbeatAgeMs === null ? null : Math.round(node.heartbeatAgeMs / 100) / 10,
    refusals,
  };
}

/** A name that is listed is a member's: that it was evicted before is over. */
const ofNow = ({ code }: NodeSecurity['refusals'][number]) => code !== 'evicted';

function worryAbout(node: NodeFacts, viewer: Viewer, wasRefused: boolean): string | null {
  if (viewer.signs === null) return 'Nothing it says is verified: authentication is off.';
  if (!isActive(node.state) && !node.isThisNode) return `It is ${node.state}: nothing of it is verified now.`;
  if (!node.accepts.includes(viewer.signs))
    return 'It does not accept the secret that this server signs with.';
  if (Math.abs(node.clockOffsetSeconds ?? 0) > viewer.clockToleranceSeconds)
    return 'Its clock is further off than the tolerance.';
  return wasRefused ? 'Records in its slots were refused; what was believed is its own.' : null;
}

/** By the slot and not by the name in the record, which anybody can write. */
function refusalsIn(nodeId: string, all: readonly RefusalCount[]): NodeSecurity['refusals'] {
  const counts = new Map<RefusalCode, number>();
  for (const { slot, code, count } of all)
    if (slot.endsWith(`:${nodeId}`)) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts].map(([code, count]) => ({ code, count }));
}
