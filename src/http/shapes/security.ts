/** The security status of the cluster: in short, every line of it, what was refused, and what a leak gives away. */
import { z } from 'zod';
import { REFUSAL_CODES } from '../../protocol/refusal.ts';
import { time } from './values.ts';

export const refusalCode = z.enum(REFUSAL_CODES);
export const refusal = z.object({
  code: refusalCode,
  /** As the record claims it, escaped. */
  node_id: z.string(),
  /** The backend key it was found under. */
  slot: z.string(),
  count: z.number().int(),
  first_at: time,
  last_at: time,
  /** In plain words, with the next step. */
  sentence: z.string(),
});
export const securityStatus = z.object({
  enabled: z.boolean(),
  authentication: z.string(),
  signing: z.string(),
  replay_protection: z.string(),
  warning: z.string().nullable(),
  /** Null for a single server. */
  level: z.union([z.literal(1), z.literal(2), z.literal(3)]).nullable(),
  key_id: z.string().nullable(),
  cluster_id: z.string().nullable(),
});
export const lineState = z.enum(['pass', 'info', 'warn', 'fail']);
/** One thing that was tried, asked or compared. `fail` in `self_test` or `level` makes the cluster critical. */
export const securityLine = z.object({
  code: z.string(),
  group: z.enum(['self_test', 'level', 'registry', 'roster']),
  state: lineState,
  what: z.string(),
  expected: z.string().nullable(),
  seen: z.string(),
  /** The next step. */
  mend: z.string().nullable(),
});
export const nodeSecurity = z.object({
  node_id: z.string(),
  this_node: z.boolean(),
  state: lineState,
  sentence: z.string(),
  /** Ids of cluster secrets. */
  signs: z.string().nullable(),
  accepts: z.array(z.string()),
  clock_offset_seconds: z.number().nullable(),
  last_heartbeat_age_seconds: z.number().nullable(),
  /** Of what lay in its own slots, since this server started. */
  refusals: z.array(z.object({ code: refusalCode, count: z.number().int() })),
});
/** If this leaks: what its holder can do and cannot, and the commands to recover. */
export const blastRadius = z.object({
  code: z.enum(['package', 'node', 'registry', 'database', 'agent']),
  leaked: z.string(),
  can: z.array(z.string()),
  cannot: z.array(z.string()),
  recover: z.array(z.object({ why: z.string(), command: z.string() })),
  /** What this version cannot mend. */
  not_yet: z.string().nullable(),
});
export const securityReport = securityStatus.extend({
  /** When `lines` were computed; null before the first time, and for a single server. */
  checked_at: time.nullable(),
  checked_by: z.string(),
  lines: z.array(securityLine),
  nodes: z.array(nodeSecurity),
  roster: z
    .object({
      epoch: z.number().int(),
      /** Of the last step. */
      hash: z.string(),
      members: z.number().int(),
      admission: z.enum(['secret', 'ticket']),
      level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
      /** A cluster secret that is being rotated in. */
      pending: z.object({ key_id: z.string(), phase: z.string(), begun_by: z.string() }).nullable(),
    })
    .nullable(),
  blast_radius: z.array(blastRadius),
});
