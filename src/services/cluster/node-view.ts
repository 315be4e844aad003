/** A server of the cluster as pages and scripts are told of it, this node and the others in one shape. */
import type { NodeState } from '../../membership/failure-detector.ts';
import type { Mark } from '../../protocol/freshness.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';

export interface NodeView {
  node_id: string;
  hostname: string;
  host: string;
  port: number;
  state: NodeState;
  last_heartbeat_age_seconds: number | null;
  started_at: string | null;
  version: string;
  key_id: string | null;
  incarnation: number;
  sequence: number;
  signature: string;
  clock_offset_seconds: number | null;
  reports_per_minute: number | null;
  this_node: boolean;
}

export interface KnownNode {
  readonly nodeId: string;
  /** Null until a living heartbeat has named its node record. */
  readonly record: NodeRecordBody | null;
  readonly state: NodeState;
  readonly heartbeatAgeMs: number | null;
  readonly keyId: string | null;
  readonly mark: Mark | null;
  /** "verified", "off" at security level 1, or the reason of the refusal. */
  readonly signature: string;
  readonly clockOffsetSeconds: number | null;
  readonly reportsPerMinute: number | null;
  readonly isThisNode: boolean;
}

export function describeNode({ record, mark, ...node }: KnownNode): NodeView {
  return {
    node_id: node.nodeId,
    hostname: record?.hostname ?? '',
    host: record?.host ?? '',
    port: record?.port ?? 0,
    state: node.state,
    last_heartbeat_age_seconds:
      node.heartbeatAgeMs === null ? null : Math.round(node.heartbeatAgeMs / 100) / 10,
    started_at: record ? timeText(record.started_at) : null,
    version: record?.version ?? '',
    key_id: node.keyId,
    incarnation: mark?.incarnation ?? 0,
    sequence: mark?.sequence ?? 0,
    signature: node.signature,
    clock_offset_seconds: node.clockOffsetSeconds,
    reports_per_minute: node.reportsPerMinute,
    this_node: node.isThisNode,
  };
}

/** Never throws: one server's strange time must not take the page of all away. */
function timeText(unixSeconds: number): string | null {
  const date = new Date(unixSeconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
