/**
 * One step of the roster (docs/protocol/roster.md): who may speak in this cluster, changed by a member of it, and
 * signed with that member's own key. A step has no MAC and no window: it is true for ever, and what proves it is the
 * chain that it stands in. Bytes in, a well-formed step out; whether its signer may do that is the fold's to say
 * (membership/roster.ts).
 *
 * Rules for successors: an operation is only added, never changed or reused; who does not know one refuses the whole
 * step, because a ban that is skipped is a ban that is off.
 */
import { hash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { decodeBase64 } from '../base/bytes.ts';
import { canonicalText, type JsonObject, parseCanonical } from './canonical-json.ts';
import { bytes32, count, id128, keyId, nodeId, sealingKey, sha256, ticketId, time } from './fields.ts';
import { signAsNode, verifyAsNode } from './identity-key.ts';
import { MEMBERS_MAX, ROSTER_STEP_MAX_BYTES } from './limits.ts';
import { SECURITY_VERSION, signingPrefix } from './security-version.ts';

const PREFIX = signingPrefix('roster-step');
const OPERATIONS_MAX = 2 * MEMBERS_MAX;
const NOTE_MAX_LENGTH = 512;

const base64 = z.string().refine((text) => decodeBase64(text) !== undefined);

const member = z.strictObject({ node_id: nodeId, identity_key: bytes32, sealing_key: sealingKey });
/** A cluster secret sealed to one member (HPKE): the encapsulated key and the ciphertext. */
const envelope = z.strictObject({ enc: bytes32, ciphertext: base64 });
const admission = z.enum(['secret', 'ticket']);
const level = z.union([z.literal(2), z.literal(3)]);

const operation = z.discriminatedUnion('op', [
  /** The first step of a chain, signed by the member that it names. `proof`: see rosterProof(). */
  z.strictObject({ op: z.literal('found'), member, admission, level, key_id: keyId, proof: bytes32 }),
  /** `ticket`: consumed by this step. `secret`: the one that a rotation has prepared, for the newcomer too. */
  z.strictObject({
    op: z.literal('admit'),
    member,
    ticket: ticketId.optional(),
    secret: envelope.optional(),
  }),
  z.strictObject({ op: z.literal('leave') }),
  z.strictObject({ op: z.literal('remove'), node_id: nodeId }),
  z.strictObject({ op: z.literal('evict'), node_id: nodeId }),
  /** Lifts the ban of the name, not of the key: it comes back by an admission, with another key. */
  z.strictObject({ op: z.literal('readmit'), node_id: nodeId }),
  /** `key`: the Ed25519 key of the ticket (ticket.ts), which proves the ticket and tells nothing of its secret. */
  z.strictObject({ op: z.literal('ticket'), id: ticketId, key: bytes32, expires: time }),
  z.strictObject({ op: z.literal('revoke_ticket'), id: ticketId }),
  z.strictObject({ op: z.literal('admission'), admission }),
  z.strictObject({ op: z.literal('level'), level }),
  /** `sealed`: an envelope for each member, by node id. After a compromise the same step activates and retires, and no ticket stays open. */
  z.strictObject({
    op: z.literal('prepare_secret'),
    key_id: keyId,
    compromise: z.boolean(),
    sealed: z.record(nodeId, envelope),
  }),
  z.strictObject({ op: z.literal('activate_secret'), key_id: keyId, proof: bytes32 }),
  /** `key_id`: of the one that goes: the old one, or the new one after it was abandoned. */
  z.strictObject({ op: z.literal('retire_secret'), key_id: keyId }),
  /** Back to the old secret; the new one is accepted until it is retired. */
  z.strictObject({ op: z.literal('abandon_secret'), key_id: keyId }),
  z.strictObject({ op: z.literal('note'), text: z.string().min(1).max(NOTE_MAX_LENGTH) }),
]);

const body = z.strictObject({
  _security_version: z.literal(SECURITY_VERSION),
  _type: z.literal('roster_step'),
  _cluster: id128,
  /** 0 for the first. */
  epoch: count,
  /** SHA-256 of the parent's bytes, hex; null for the first. */
  parent: sha256.nullable(),
  signer: nodeId,
  time,
  operations: z.array(operation).min(1).max(OPERATIONS_MAX),
  _node_signature: z.string(),
});

export type RosterMember = z.output<typeof member>;
export type Envelope = z.output<typeof envelope>;
export type Operation = z.output<typeof operation>;
export type Admission = z.output<typeof admission>;
export type RosterLevel = z.output<typeof level>;

/** A step that is well-formed; its signature is not looked at yet. */
export interface RosterStep {
  readonly clusterId: string;
  readonly epoch: number;
  readonly parent: string | null;
  readonly signer: string;
  /** Unix seconds, as the signer's clock had it. */
  readonly time: number;
  readonly operations: readonly Operation[];
  /** SHA-256 of its bytes, hex: how the next step names it. */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export type StepDraft = Omit<RosterStep, 'digest' | 'bytes'>;

export type StepReading =
  | { readonly ok: true; readonly step: RosterStep }
  | { readonly ok: false; readonly reason: string };

/** size → UTF-8, JSON → canonical → shape. */
export function readStep(bytes: Uint8Array): StepReading {
  if (bytes.byteLength > ROSTER_STEP_MAX_BYTES) return bad(`Larger than ${ROSTER_STEP_MAX_BYTES} bytes`);
  const parsed = parseCanonical(bytes);
  if (!parsed.ok) return bad(parsed.reason);
  const shaped = body.safeParse(parsed.value);
  if (!shaped.success) return bad('Not the shape of a roster step');
  const { _cluster: clusterId, epoch, parent, signer, time: at, operations } = shaped.data;
  if ((epoch === 0) !== (parent === null)) return bad('Only the first step has no parent');
  return {
    ok: true,
    step: {
      clusterId,
      epoch,
      parent,
      signer,
      time: at,
      operations,
      digest: hash('sha256', bytes, 'hex'),
      bytes,
    },
  };
}

function bad(reason: string): StepReading {
  return { ok: false, reason };
}

/** Throws TypeError for a draft that would not be read back: such a step is not published. */
export function signStep(draft: StepDraft, identityKey: KeyObject): RosterStep {
  const fields = {
    _security_version: SECURITY_VERSION,
    _type: 'roster_step',
    _cluster: draft.clusterId,
    epoch: draft.epoch,
    parent: draft.parent,
    signer: draft.signer,
    time: draft.time,
    operations: draft.operations,
  };
  const signature = signAsNode(signedBytes(fields), identityKey);
  const text = canonicalText({ ...fields, _node_signature: signature });
  const reading = readStep(Buffer.from(text, 'utf8'));
  if (!reading.ok) throw new TypeError(reading.reason);
  return reading.step;
}

/** Whether the holder of this key (base64) signed it. */
export function isStepSignedBy(step: RosterStep, identityKey: string): boolean {
  const { _node_signature: signature, ...fields } = JSON.parse(
    Buffer.from(step.bytes).toString('utf8'),
  ) as JsonObject;
  return typeof signature === 'string' && verifyAsNode(signedBytes(fields), signature, identityKey);
}

function signedBytes(fields: JsonObject): Uint8Array {
  return Buffer.from(PREFIX + canonicalText(fields), 'utf8');
}
