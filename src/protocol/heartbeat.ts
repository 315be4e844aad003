/**
 * The body of a heartbeat: what changes all the time. It gives life only to a verifier whose own current
 * incarnation it names in `seen`; so nothing that was captured before a verifier started can move it, and
 * no verifier has to keep what it saw across a restart.
 */
import { z } from 'zod';
import { count, keyId, sha256 } from './fields.ts';
import { ACCEPTED_KEYS_MAX, MEMBERS_MAX } from './limits.ts';
import { serverAddress } from './node-record.ts';
import type { VerifiedRecord } from './record.ts';

const contested = z.object({
  /** The incarnation that the sender took when it first found a record under its own key ahead of its own. */
  since: count,
  /** Present when the writer of that record is known to live: where, or null where that is not known. */
  twin: serverAddress.nullable().optional(),
});

const body = z.object({
  /** SHA-256 of the sender's current node record, hex. */
  record: sha256,
  state: z.enum(['up', 'draining', 'left']),
  /** Ids of the cluster secrets it accepts, and of the one it signs with; empty and null at level 1. */
  accepts: z.array(keyId).max(ACCEPTED_KEYS_MAX),
  signs: keyId.nullable(),
  load: z.object({ reports_per_minute: count }),
  /** The last step of the roster that it holds: epoch and SHA-256, hex. Absent at level 1. */
  roster: z.object({ epoch: count, hash: sha256 }).optional(),
  /** Absent unless another server may be running on a copy of the sender's data folder. */
  contested: contested.optional(),
  /** The incarnation of every peer, as the sender last saw it. */
  seen: z.record(z.string(), count).refine((seen) => Object.keys(seen).length <= MEMBERS_MAX),
});

export type HeartbeatBody = z.output<typeof body>;
export type Contested = z.output<typeof contested>;
export type DeclaredState = HeartbeatBody['state'];

/** Undefined when an authentic record does not have the body of a heartbeat. */
export function parseHeartbeat(record: VerifiedRecord): HeartbeatBody | undefined {
  return record.type === 'heartbeat' ? body.safeParse(record.fields).data : undefined;
}
