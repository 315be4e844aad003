/** Who belongs to the cluster, what people change about it, and the rotation of its secret. */
import { z } from 'zod';
import { MEMBERS_MAX } from '../../protocol/limits.ts';
import { nodeState } from './cluster.ts';
import { sha256, time } from './values.ts';

export const rosterMemberName = z.strictObject({ node_id: z.string().min(1).max(40) });
const keyId = z.string();
export const rosterView = z.object({
  epoch: z.number().int(),
  hash: sha256,
  level: z.number().int(),
  admission: z.enum(['secret', 'ticket']),
  key_id: keyId,
  retired_key_ids: z.array(keyId),
  /**
   * `fingerprint`: the first 16 hex digits of the SHA-256 of the raw identity key. `admitted_by`: who signed the step
   * that let it in; null of the founder.
   */
  members: z.array(
    z.object({
      node_id: z.string(),
      fingerprint: z.string(),
      admitted_by: z.string().nullable(),
      state: nodeState,
      this_node: z.boolean(),
    }),
  ),
  evicted: z.array(z.string()),
  /** Two, of which a person may choose one, and must where trust is frozen; null otherwise. */
  pasts: z.object({ epoch: z.number().int(), ours: sha256, theirs: sha256 }).nullable(),
  /** The newest first. */
  steps: z.array(
    z.object({
      epoch: z.number().int(),
      at: time,
      signer: z.string(),
      hash: sha256,
      sentences: z.array(z.string()),
    }),
  ),
});
export const admissionChange = z.strictObject({ admission: z.enum(['secret', 'ticket']) });
export const levelChange = z.strictObject({ level: z.union([z.literal(2), z.literal(3)]) });
/** Of no past, where it is of another form. */
export const pastChoice = z.strictObject({ hash: z.string().max(64) });
export const rotationRequest = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('routine') }),
  /** `keep`: all that are to stay; everybody else is evicted. */
  z.strictObject({
    mode: z.literal('compromise'),
    keep: z
      .array(z.strictObject({ node_id: z.string().max(40), fingerprint: z.string().max(64) }))
      .min(1)
      .max(MEMBERS_MAX),
  }),
]);
export const rotationView = z.object({
  /** Null when no rotation is under way. */
  phase: z.enum(['prepared', 'active', 'abandoned']).nullable(),
  /** That signs now. */
  key_id: keyId,
  next_key_id: keyId.nullable(),
  begun_by: z.string().nullable(),
  begun_at: time.nullable(),
  nodes: z.array(
    z.object({
      node_id: z.string(),
      this_node: z.boolean(),
      state: nodeState,
      accepts: z.boolean(),
      signs: z.boolean(),
      /** The next step waits for it. */
      waited_for: z.boolean(),
      heard_seconds_ago: z.number().nullable(),
    }),
  ),
  sentence: z.string(),
});
