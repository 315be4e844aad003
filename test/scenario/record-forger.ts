/**
 * Makes records as somebody could who holds the cluster secret, and the private key of a node: authentic ones
 * with any time and any place in the sequence, and wrong ones whose signatures are right, so that a refusal shows
 * the one check it is about and no other.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeBase64 } from '../../src/base/bytes.ts';
import { Secret } from '../../src/base/secret.ts';
import { canonicalText, inSubset, type JsonObject } from '../../src/protocol/canonical-json.ts';
import { publicKeyText, signAsNode } from '../../src/protocol/identity-key.ts';
import { Keyring, type RecordType } from '../../src/protocol/keyring.ts';
import { macOf, signedBytes } from '../../src/protocol/record.ts';
import { SECURITY_VERSION } from '../../src/protocol/security-version.ts';
import type { ClusterSecrets } from './live-cluster.ts';

export interface Signing {
  readonly keyring: Keyring;
  readonly type: RecordType;
  readonly identityKey: KeyObject;
}

export class RecordForger {
  readonly keyring: Keyring;

  constructor({ clusterId, clusterSecret }: Pick<ClusterSecrets, 'clusterId' | 'clusterSecret'>) {
    this.keyring = keyringOf(clusterId, clusterSecret);
  }

  /** Canonical bytes with both signatures, whatever the fields say. */
  sign(
    fields: JsonObject,
    { keyring = this.keyring, type, identityKey }: Partial<Signing> & Omit<Signing, 'keyring'>,
  ): Buffer {
    const { _signature, _node_signature, ...unsigned } = fields;
    const bytes = signedBytes(inSubset(unsigned));
    const signatures = {
      _signature: encodeBase64(macOf(bytes, keyring.signing, type)),
      _node_signature: signAsNode(bytes, identityKey),
    };
    return Buffer.from(canonicalText({ ...unsigned, ...signatures }), 'utf8');
  }

  /** The fields of a node record as a server of the same build makes them, now. */
  nodeFields(nodeId: string, identityKey: KeyObject): JsonObject {
    return {
      ...this.#envelope(nodeId, 'node'),
      hostname: `${nodeId}.example.com`,
      host: '10.0.0.66',
      port: 8768,
      version: '0.1.0',
      started_at: nowSeconds(),
      identity_key: publicKeyText(identityKey),
      sealing_key: publicKeyText(generateKeyPairSync('x25519').privateKey),
    };
  }

  /** `record`: the digest of the node record; `seen`: the incarnations of the others. */
  heartbeatFields(nodeId: string, record: string, seen: Record<string, number>): JsonObject {
    return {
      ...this.#envelope(nodeId, 'heartbeat'),
      record,
      state: 'up',
      accepts: this.keyring.acceptedIds,
      signs: this.keyring.signing.keyId,
      load: { reports_per_minute: 0 },
      seen,
    };
  }

  #envelope(nodeId: string, type: RecordType): JsonObject {
    return {
      node_id: nodeId,
      _security_version: SECURITY_VERSION,
      _cluster: this.keyring.clusterId,
      _type: type,
      _key_id: this.keyring.signing.keyId,
      _timestamp: nowSeconds(),
      _incarnation: Date.now(),
      _sequence: 1,
    };
  }
}

export function keyringOf(clusterId: string, secret: string): Keyring {
  return new Keyring(clusterId, [new Secret(Buffer.from(secret, 'base64'))]);
}

export function newIdentityKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** The private key that a server signs with: what a thief of its disk has. */
export function stolenKey(dataDir: string): KeyObject {
  const { signing_key } = JSON.parse(readFileSync(join(dataDir, 'identity.json'), 'utf8'));
  return createPrivateKey(signing_key);
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
