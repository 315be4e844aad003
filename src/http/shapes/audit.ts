/** The audit log. */
import { z } from 'zod';
import { AUDIT_KINDS } from '../../store/audit-action.ts';
import { AUDIT_ACTOR_KINDS, AUDIT_OUTCOMES } from '../../store/audit-log.ts';
import { time } from './values.ts';

export const auditKind = z.enum(AUDIT_KINDS);
export const auditEntry = z.object({
  entry_id: z.string(),
  at: time,
  /** `name` is empty where there is none. */
  actor: z.object({ kind: z.enum(AUDIT_ACTOR_KINDS), name: z.string() }),
  /** A code; one of a newer version may be among them. */
  action: z.string(),
  /** The action in words. */
  sentence: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** An entry is written before its act; a later one says `refused` or `failed` of an act that was then not done. */
  outcome: z.enum(AUDIT_OUTCOMES),
  node_id: z.string(),
  address: z.string().nullable(),
});
export const auditList = z.object({ items: z.array(auditEntry), next_cursor: z.string().nullable() });
