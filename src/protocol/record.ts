/**
 * Signed records: what a node says in the shared backend, which is taken to be hostile
 * (docs/protocol/records.md). Bytes in, a verified record or one refusal out; nothing half-verified has a name.
 *
 * Rules for successors: the checks stand in one order and are not rearranged; nothing of a record is believed
 * before its MAC; a new body field is optional and never changes what an older field means; no floats.
 */
import { createHmac, hash, type KeyObject } from 'node:crypto';
import { decodeBase64, encodeBase64, equalBytes } from '../base/bytes.ts';
import {
  type Canonical,
  canonicalText,
  encode,
  inSubset,
  type JsonObject,
  parseCanonical,
} from './canonical-json.ts';
import { checkWindow, judgeNovelty, type Mark, type Window } from './freshness.ts';
import { signAsNode, verifyAsNode } from './identity-key.ts';
import type { ClusterKey, Keyring, RecordType } from './keyring.ts';
import { NODE_ID_MAX_LENGTH, RECORD_MAX_BYTES } from './limits.ts';
import { type Refusal, refuse } from './refusal.ts';
import { SECURITY_VERSION, signingPrefix } from './security-version.ts';

const PREFIX = signingPrefix('record');

declare const verified: unique symbol;

/** Only openRecord() makes one. */
export interface VerifiedRecord {
  readonly [verified]: true;
  readonly type: RecordType;
  readonly nodeId: string;
  readonly mark: Mark;
  /** Null at security level 1. */
  readonly keyId: string | null;
  /** The key its own signature was verified with, base64; null at security level 1. */
  readonly identityKey: string | null;
  /** All fields, those of the envelope included; the body's schema is checked by whoever reads it. */
  readonly fields: JsonObject;
}

export type Opening =
  | { readonly ok: true; readonly record: VerifiedRecord }
  /** These very bytes were believed before: no alarm, no life. */
  | { readonly ok: 'old_news' }
  | {
      readonly ok: false;
      readonly refusal: Refusal;
      /**
       * Set when both signatures were good and the record is ahead of all seen, and only its time is wrong. From a
       * node that lived before, that is life with a wrong clock; from another it may be a recording.
       */
      readonly wrongClock?: Mark;
      /** Set when both signatures and the time were good, and the record is behind what was seen. */
      readonly behind?: Mark;
    };

/** What the verifier knows of the node that a record claims to be from. */
export type Standing =
  /** May become a member, unless under a key that never speaks again. */
  | { readonly kind: 'stranger'; readonly isBanned?: (identityKey: string) => boolean }
  | { readonly kind: 'known'; readonly identityKey: string }
  /** No member, where nobody becomes one by its record alone. */
  | { readonly kind: 'outsider' }
  | { readonly kind: 'evicted' };

export interface Verifier {
  /** Null at security level 1: signatures are then neither made nor asked for. */
  readonly keyring: Keyring | null;
  readonly type: RecordType;
  /** The last part of the backend key that the bytes were found under. */
  readonly slot: string;
  readonly window: Window;
  readonly standing: (nodeId: string) => Standing;
  readonly seen: (nodeId: string) => Mark | undefined;
}

export interface Draft {
  readonly type: RecordType;
  readonly nodeId: string;
  readonly timestamp: number;
  readonly incarnation: number;
  readonly sequence: number;
  readonly body: JsonObject;
}

/** The canonical bytes to publish. Throws when they would not be accepted: a record that fails is not published. */
export function signRecord(draft: Draft, keyring: Keyring | null, identityKey: KeyObject): Uint8Array {
  const unsigned = {
    ...draft.body,
    node_id: draft.nodeId,
    _security_version: SECURITY_VERSION,
    _type: draft.type,
    _timestamp: draft.timestamp,
    _incarnation: draft.incarnation,
    _sequence: draft.sequence,
    ...(keyring && { _cluster: keyring.clusterId, _key_id: keyring.signing.keyId }),
  };
  const signatures = keyring && signaturesOf(unsigned, keyring.signing, draft.type, identityKey);
  const bytes = Buffer.from(canonicalText({ ...unsigned, ...signatures }), 'utf8');
  if (bytes.byteLength > RECORD_MAX_BYTES)
    throw new TypeError(`a record has at most ${RECORD_MAX_BYTES} bytes`);
  return bytes;
}

function signaturesOf(unsigned: JsonObject, key: ClusterKey, type: RecordType, identityKey: KeyObject) {
  const bytes = signedBytes(inSubset(unsigned));
  return {
    _signature: encodeBase64(macOf(bytes, key, type)),
    _node_signature: signAsNode(bytes, identityKey),
  };
}

/** size → UTF-8, JSON → canonical → shape → envelope and MAC → slot → standing → own signature → old news → window → novelty. */
export function openRecord(bytes: Uint8Array, verifier: Verifier): Opening {
  const { keyring, type } = verifier;
  const authentic = authenticate(bytes, keyring, type);
  if (!authentic.ok) return isLateWord(authentic, verifier) ? EVICTED : authentic;
  const { signed, nodeId, order } = authentic;
  if (nodeId !== verifier.slot)
    return refused('wrong_slot', `Record of ${nodeId.slice(0, NODE_ID_MAX_LENGTH)} under another's key`);

  const standing = verifier.standing(nodeId);
  if (standing.kind === 'evicted') return EVICTED;
  if (standing.kind === 'outsider') return refused('not_member', 'No member, and a newcomer needs a ticket');
  const identityKey = keyring === null ? null : identityKeyFor(standing, signed.value, type);
  if (identityKey === undefined) return refused('not_member', 'No node record vouches for this server');
  if (identityKey !== null && standing.kind === 'stranger' && standing.isBanned?.(identityKey))
    return refused('evicted', 'The key of this server was evicted');
  if (identityKey !== null && !isSignedBy(identityKey, signed, type)) {
    return refused('bad_node_signature', 'Not signed by the key of this server');
  }

  const mark: Mark = { ...order, digest: digestOf(bytes) };
  const novelty = judgeNovelty(mark, verifier.seen(nodeId));
  if (novelty === 'old_news') return { ok: 'old_news' };
  const outside = checkWindow(mark.timestamp, verifier.window);
  if (outside !== undefined) {
    return { ok: false, refusal: outside, ...(novelty === 'fresh' && { wrongClock: mark }) };
  }
  if (novelty !== 'fresh') return { ok: false, refusal: novelty, behind: mark };
  const fields = signed.value;
  const keyId = keyring === null ? null : String(fields._key_id);
  return { ok: true, record: { type, nodeId, mark, keyId, identityKey, fields } as VerifiedRecord };
}

interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
}

function refused(code: Refusal['code'], reason: string): Refused {
  return { ok: false, refusal: refuse(code, reason) };
}

const EVICTED = refused('evicted', 'This server was evicted');

/** Who was evicted goes on with the secret that was retired with it; told by the name of its slot alone. */
function isLateWord({ refusal }: Refused, { slot, standing }: Verifier): boolean {
  return refusal.code === 'retired_key' && standing(slot).kind === 'evicted';
}

/** What somebody with the cluster secret wrote: who it was, and when, is not known yet. */
interface Authentic {
  readonly ok: true;
  readonly signed: Canonical;
  readonly nodeId: string;
  readonly order: Omit<Mark, 'digest'>;
}

/** The first half of the line, which asks only for the keyring: size → UTF-8, JSON → canonical → shape → envelope and MAC. */
export function authenticate(
  bytes: Uint8Array,
  keyring: Keyring | null,
  type: RecordType,
): Authentic | Refused {
  if (bytes.byteLength > RECORD_MAX_BYTES)
    return refused('too_large', `Larger than ${RECORD_MAX_BYTES} bytes`);
  const parsed = parseCanonical(bytes);
  if (!parsed.ok) return refused(parsed.code, parsed.reason);
  const shape = shapeOf(parsed.value);
  if (shape === undefined) return refused('malformed', 'Not the shape of a record');
  const refusal = checkEnvelope(parsed, keyring, type);
  return refusal ? { ok: false, refusal } : { ok: true, signed: parsed, ...shape };
}

/**
 * Everything up to the MAC, for records and for the object API: signature there → version → cluster → type →
 * key id → HMAC. With no keyring (level 1) only version and type are looked at.
 */
export function checkEnvelope(
  signed: Canonical,
  keyring: Keyring | null,
  type: RecordType,
): Refusal | undefined {
  const fields = signed.value;
  if (keyring !== null && typeof fields._signature !== 'string')
    return refuse('missing_signature', 'Missing signature');
  if (typeof fields._timestamp !== 'number') return refuse('missing_timestamp', 'Missing timestamp');
  if (fields._security_version !== SECURITY_VERSION) {
    return refuse('unsupported_version', 'Unsupported security version');
  }
  if (keyring === null)
    return fields._type === type ? undefined : refuse('wrong_type', `Not a ${type} record`);
  if (fields._cluster !== keyring.clusterId) return refuse('wrong_cluster', 'Of another cluster');
  if (fields._type !== type) return refuse('wrong_type', `Not a ${type} record`);
  const keyId = typeof fields._key_id === 'string' ? fields._key_id : '';
  if (keyring.isRetired(keyId)) return refuse('retired_key', 'Signed with a retired cluster secret');
  const key = keyring.find(keyId);
  if (key === undefined) return refuse('unknown_key', 'Signed with another cluster secret');
  const given = decodeBase64(String(fields._signature));
  if (given === undefined || !equalBytes(given, macOf(signedBytes(signed), key, type))) {
    return refuse('invalid_signature', 'Invalid signature - data tampered!');
  }
  return undefined;
}

/** HMAC-SHA256 (RFC 2104) under the key of this type. */
export function macOf(bytes: Uint8Array, key: ClusterKey, type: RecordType): Buffer {
  return createHmac('sha256', key.macKeys[type]).update(bytes).digest();
}

/** What both signatures cover: the prefix and the canonical form of all fields but the signatures. */
export function signedBytes({ value, sorted }: Canonical): Uint8Array {
  const { _signature, _node_signature, ...unsigned } = value;
  return Buffer.from(PREFIX + encode({ value: unsigned, sorted }), 'utf8');
}

/** SHA-256 of a record's bytes, hex: how a heartbeat names the node record it belongs to. */
export function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

function shapeOf(fields: JsonObject) {
  const { node_id: nodeId, _timestamp, _incarnation, _sequence } = fields;
  if (typeof nodeId !== 'string') return undefined;
  if (!isCount(_incarnation ?? 0) || !isCount(_sequence ?? 0) || !isCount(_timestamp ?? 0)) return undefined;
  const order = {
    timestamp: Number(_timestamp ?? 0),
    incarnation: Number(_incarnation ?? 0),
    sequence: Number(_sequence ?? 0),
  };
  return { nodeId, order };
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * The key comes from what we know of the node, not from the record: the record's own key may be the attacker's.
 * Only a stranger's node record may bring its key along, and is pinned by it from then on.
 */
function identityKeyFor(standing: Standing, fields: JsonObject, type: RecordType): string | undefined {
  if (standing.kind === 'known') return standing.identityKey;
  if (type === 'node' && typeof fields.identity_key === 'string') return fields.identity_key;
  return undefined;
}

/** A node record also says which key that is: another one would make two verifiers know two keys of one node. */
function isSignedBy(identityKey: string, signed: Canonical, type: RecordType): boolean {
  const { identity_key, _node_signature: signature } = signed.value;
  if (type === 'node' && identity_key !== identityKey) return false;
  return typeof signature === 'string' && verifyAsNode(signedBytes(signed), signature, identityKey);
}
