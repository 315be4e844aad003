/** The servers of the cluster, their health, and what is wrong. */
import { z } from 'zod';
import { refusal, securityStatus } from './security.ts';
import { time } from './values.ts';

export const nodeState = z.enum([
  'unconfirmed',
  'healthy',
  'late',
  'offline',
  'draining',
  'left',
  'rejected',
  'evicted',
]);
export const clusterNode = z.object({
  node_id: z.string(),
  hostname: z.string(),
  host: z.string(),
  port: z.number().int(),
  state: nodeState,
  last_heartbeat_age_seconds: z.number().nullable(),
  started_at: time.nullable(),
  version: z.string(),
  key_id: z.string().nullable(),
  incarnation: z.number(),
  sequence: z.number(),
  /** "verified", "off" at security level 1, or the reason of the refusal. */
  signature: z.string(),
  clock_offset_seconds: z.number().nullable(),
  reports_per_minute: z.number().nullable(),
  this_node: z.boolean(),
});
export const nodeList = z.object({ nodes: z.array(clusterNode), count: z.number().int() });
export const finding = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  sentence: z.string(),
  /** The next step. */
  mend: z.string(),
});
export const clusterStatus = z.object({
  enabled: z.boolean(),
  backend: z.string(),
  node_id: z.string(),
  total_nodes: z.number().int(),
  active_nodes: z.number().int(),
  security: securityStatus,
  refusals: z.array(refusal),
});
export const overall = z.enum(['healthy', 'degraded', 'critical', 'at_risk']);
export const healthCheck = z.object({
  overall,
  /** One sentence: if one server dies now, what happens? */
  verdict: z.string(),
  checked_at: time,
  checked_by: z.string(),
  cluster_enabled: z.boolean(),
  heartbeat_interval_seconds: z.number(),
  node_timeout_seconds: z.number(),
  backend: z.object({
    type: z.string(),
    address: z.string(),
    state: z.enum(['available', 'unavailable', 'incomplete']),
    since: time.nullable(),
    write_probe: z.object({
      ok: z.boolean(),
      milliseconds: z.number().nullable(),
      error: z.string().nullable(),
    }),
  }),
  nodes: z.array(clusterNode),
  failover: z.object({ servers_that_can_stop: z.number().int(), sentence: z.string() }),
  security: securityStatus,
  refusals: z.array(refusal),
  findings: z.array(finding),
});
/** For people with a question about one slot. `text` is null for bytes that are not UTF-8. */
export const slotInspection = z.object({
  key: z.string(),
  found: z.enum(['record', 'missing', 'unreadable']),
  size_bytes: z.number().int().nullable(),
  text: z.string().nullable(),
  verified: z.boolean(),
  code: z.string().nullable(),
  sentence: z.string(),
});
