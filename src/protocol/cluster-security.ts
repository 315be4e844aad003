/**
 * The seeds' object API: sign and verify the data of a node with the shared secret. Stateless: it proves the
 * MAC, the type and the window, and promises nothing about replay inside the window; memory of what was seen
 * lives in the member table, which servers use. This is the package's public library.
 */
import { encodeBase64 } from '../base/bytes.ts';
import { type Clock, systemClock, unixSeconds } from '../base/clock.ts';
import { type Canonical, inSubset, isObject, type JsonObject, plainCopy } from './canonical-json.ts';
import { checkWindow } from './freshness.ts';
import { deriveClusterId, generateSecretText, Keyring, parseSecret, type RecordType } from './keyring.ts';
import { CLOCK_TOLERANCE_SECONDS, HEARTBEAT_MAX_AGE_SECONDS, NODE_RECORD_MAX_AGE_SECONDS } from './limits.ts';
import { checkEnvelope, macOf, signedBytes } from './record.ts';
import type { RefusalCode } from './refusal.ts';
import { type SecurityStatus, securityStatus } from './security-level.ts';
import { SECURITY_VERSION } from './security-version.ts';

export type { RefusalCode } from './refusal.ts';
export type { SecurityStatus } from './security-level.ts';

export type SignedData<T extends JsonObject = JsonObject> = T & {
  readonly _timestamp: number;
  readonly _security_version: string;
  readonly _type: RecordType;
  readonly _signature?: string;
};

export interface Verification {
  readonly valid: boolean;
  /** The seeds' words, such as "Invalid signature - data tampered!"; null when valid. */
  readonly error: string | null;
  readonly code: RefusalCode | null;
}

export interface ClusterSecurityOptions {
  /** 32 hex digits; derived from the secret when absent, as a server does for a hand-written config. */
  clusterId?: string;
  clock?: Clock;
  /** Seconds that data may be ahead of the clock, 5 unless given. */
  clockToleranceSeconds?: number;
}

const VALID: Verification = { valid: true, error: null, code: null };

export class ClusterSecurity {
  readonly #keyring: Keyring | null;
  readonly #clock: Clock;
  readonly #tolerance: number;

  /**
   * `clusterSecret`: base64 of at least 32 bytes. null is level 1: everything passes, and the status warns.
   * Throws TypeError for a secret that is there and bad: a bad secret never means no secret.
   */
  constructor(clusterSecret: string | null, options: ClusterSecurityOptions = {}) {
    this.#keyring = clusterSecret === null ? null : keyringOf(clusterSecret, options.clusterId);
    this.#clock = options.clock ?? systemClock;
    this.#tolerance = options.clockToleranceSeconds ?? CLOCK_TOLERANCE_SECONDS;
  }

  /** A fresh cluster secret, base64 of 32 random bytes. */
  static generateClusterSecret(): string {
    return generateSecretText();
  }

  signNodeData<T extends JsonObject>(data: T): SignedData<T> {
    return this.#sign(data, 'node');
  }

  verifyNodeData(signed: unknown, options: { maxAgeSeconds?: number } = {}): Verification {
    return this.#verify(signed, 'node', options.maxAgeSeconds ?? NODE_RECORD_MAX_AGE_SECONDS);
  }

  signHeartbeat(nodeId: string): SignedData<{ node_id: string }> {
    return this.#sign({ node_id: nodeId }, 'heartbeat');
  }

  verifyHeartbeat(signed: unknown, options: { maxAgeSeconds?: number } = {}): Verification {
    return this.#verify(signed, 'heartbeat', options.maxAgeSeconds ?? HEARTBEAT_MAX_AGE_SECONDS);
  }

  getSecurityStatus(): SecurityStatus {
    const keyring = this.#keyring;
    return securityStatus(keyring && { clusterId: keyring.clusterId, keyId: keyring.signing.keyId }, false);
  }

  #sign<T extends JsonObject>(data: T, type: RecordType): SignedData<T> {
    const keyring = this.#keyring;
    const unsigned = {
      ...(keyring === null ? data : (plainCopy(data) as T)),
      _security_version: SECURITY_VERSION,
      _type: type,
      _timestamp: unixSeconds(this.#clock),
      ...(keyring && { _cluster: keyring.clusterId, _key_id: keyring.signing.keyId }),
    };
    if (keyring === null) return unsigned;
    const bytes = signedBytes(inSubset(unsigned));
    return { ...unsigned, _signature: encodeBase64(macOf(bytes, keyring.signing, type)) };
  }

  #verify(signed: unknown, type: RecordType, maxAgeSeconds: number): Verification {
    if (this.#keyring === null) return VALID;
    const copy = snapshot(signed);
    if (copy === undefined) return { valid: false, error: 'Not the shape of a record', code: 'malformed' };
    const window = {
      nowSeconds: unixSeconds(this.#clock),
      maxAgeSeconds,
      clockToleranceSeconds: this.#tolerance,
    };
    const refusal =
      checkEnvelope(copy, this.#keyring, type) ?? checkWindow(Number(copy.value._timestamp), window);
    return refusal ? { valid: false, error: refusal.reason, code: refusal.code } : VALID;
  }
}

function keyringOf(text: string, clusterId: string | undefined): Keyring {
  const parsed = parseSecret(text);
  if (!parsed.ok) throw new TypeError(`cluster_secret: ${parsed.sentence}`);
  return new Keyring(clusterId ?? deriveClusterId(parsed.secret), [parsed.secret]);
}

/** A copy by value, inside the subset: whatever it was made from cannot show one thing now and another later. */
function snapshot(value: unknown): Canonical | undefined {
  if (!isObject(value)) return undefined;
  try {
    return inSubset(plainCopy(value));
  } catch {
    return undefined;
  }
}
