/**
 * The cluster secrets this node accepts, and the one it signs with. A key is looked up by its id and never
 * tried in turn, so "a server with another secret" and "tampered" stay two different answers
 * (docs/protocol/records.md, "Keys"; HKDF is RFC 5869 with SHA-256).
 */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { decodeBase64, decodeHex, encodeBase64, encodeHex } from '../base/bytes.ts';
import { Secret } from '../base/secret.ts';
import { SECRET_MIN_BYTES } from './limits.ts';
import { derivationInfo } from './security-version.ts';

export const RECORD_TYPES = ['node', 'heartbeat'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** Secrets that stand in published documents. Whoever can read them owns every cluster that uses one. */
const PUBLISHED: ReadonlySet<string> = new Set([
  'YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmVfMzJfYnl0ZXM=',
  'YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmU=',
]);

const KEY_ID_BYTES = 8;
const CLUSTER_ID_BYTES = 16;
const NO_SALT = new Uint8Array(0);

export type SecretFault = 'published' | 'not_base64' | 'too_short' | 'repeated_byte';

export type SecretText =
  | { readonly ok: true; readonly secret: Secret }
  | { readonly ok: false; readonly fault: SecretFault; readonly sentence: string };

/**
 * Reads a secret as it stands in a config file: padded base64 of at least 32 bytes. A secret that is present
 * and bad is never treated as no secret: the ancestor did that, and so switched all authentication off.
 */
export function parseSecret(text: string): SecretText {
  if (PUBLISHED.has(text))
    return fault('published', 'it is the sample from a published document; everybody has it');
  const bytes = decodeBase64(text);
  if (bytes === undefined) return fault('not_base64', 'it is not base64 (RFC 4648, with padding)');
  if (bytes.byteLength < SECRET_MIN_BYTES) {
    return fault(
      'too_short',
      `it decodes to ${bytes.byteLength} bytes; at least ${SECRET_MIN_BYTES} are needed`,
    );
  }
  if (bytes.every((byte) => byte === bytes[0])) return fault('repeated_byte', 'it is one byte repeated');
  return { ok: true, secret: new Secret(bytes) };
}

function fault(code: SecretFault, sentence: string): SecretText {
  return { ok: false, fault: code, sentence };
}

/** A fresh secret of 32 random bytes, base64: for cluster_secret, encryption_key and db_encryption_key. */
export function generateSecretText(): string {
  return encodeBase64(randomBytes(SECRET_MIN_BYTES));
}

/** The public name of a secret: it tells nothing about the secret, and two secrets do not share it. 16 hex digits. */
export function keyIdOf(secret: Secret): string {
  return encodeHex(derive(secret, NO_SALT, 'key-id', KEY_ID_BYTES));
}

/** For a hand-written config without cluster_id: the same on every node that holds the same secret. 32 hex digits. */
export function deriveClusterId(secret: Secret): string {
  return encodeHex(derive(secret, NO_SALT, derivationInfo('cluster-id'), CLUSTER_ID_BYTES));
}

/** One secret with what is derived from it, once. */
export interface ClusterKey {
  readonly keyId: string;
  /** A MAC key for each type, so that a heartbeat never stands as a node record. */
  readonly macKeys: Readonly<Record<RecordType, KeyObject>>;
  /** Proves that whoever founded a roster, or rotated the secret, held it. */
  readonly rosterKey: KeyObject;
}

/** Which secrets count now, by their ids. */
export interface KeyChoice {
  readonly signs: string;
  readonly accepts: readonly string[];
  readonly retired: Iterable<string>;
}

/** At all times exactly one key signs, and it is among those that are accepted. */
export class Keyring {
  readonly clusterId: string;
  readonly #salt: Uint8Array;
  /** All that this node has, accepted or not: what is sealed for a newcomer, or comes back after a fork. */
  readonly #held = new Map<string, { readonly secret: Secret; readonly key: ClusterKey }>();
  #accepted: ReadonlyMap<string, ClusterKey>;
  #retired: ReadonlySet<string> = new Set();
  #signing: ClusterKey;

  /** `secrets`: the first signs, all are accepted. `clusterId`: 32 hex digits. Throws TypeError on misuse. */
  constructor(clusterId: string, secrets: readonly [Secret, ...Secret[]]) {
    const salt = decodeHex(clusterId);
    if (salt?.byteLength !== CLUSTER_ID_BYTES) throw new TypeError('a cluster id is 32 hex digits');
    this.clusterId = clusterId;
    this.#salt = salt;
    const keys = secrets.map((secret) => this.hold(secret));
    const [signing] = keys;
    if (signing === undefined) throw new TypeError('a keyring holds at least one secret');
    this.#signing = signing;
    this.#accepted = new Map(keys.map((key) => [key.keyId, key]));
  }

  get signing(): ClusterKey {
    return this.#signing;
  }

  get acceptedIds(): string[] {
    return [...this.#accepted.keys()];
  }

  /** Only of those that are accepted. */
  find(keyId: string): ClusterKey | undefined {
    return this.#accepted.get(keyId);
  }

  isRetired(keyId: string): boolean {
    return this.#retired.has(keyId);
  }

  /** Keeps one more secret; what is signed and accepted stays as it is. */
  hold(secret: Secret): ClusterKey {
    const key = deriveKey(secret, this.#salt);
    this.#held.set(key.keyId, { secret, key });
    return key;
  }

  secretOf(keyId: string): Secret | undefined {
    return this.#held.get(keyId)?.secret;
  }

  /** False, and nothing changes, when this node does not have the secret that is to sign. */
  follow({ signs, accepts, retired }: KeyChoice): boolean {
    const signing = this.#held.get(signs)?.key;
    if (signing === undefined) return false;
    const accepted = accepts.flatMap((keyId) => this.#held.get(keyId)?.key ?? []);
    this.#signing = signing;
    this.#accepted = new Map([signing, ...accepted].map((key) => [key.keyId, key]));
    this.#retired = new Set(retired);
    return true;
  }
}

function deriveKey(secret: Secret, salt: Uint8Array): ClusterKey {
  const macKey = (info: string) => createSecretKey(derive(secret, salt, derivationInfo(info), 32));
  return {
    keyId: keyIdOf(secret),
    macKeys: { node: macKey('record/node'), heartbeat: macKey('record/heartbeat') },
    rosterKey: macKey('roster'),
  };
}

function derive(secret: Secret, salt: Uint8Array, info: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret.reveal(), salt, info, length));
}
