/** Nodes of one cluster with keys of their own, and what they sign: material for tests of records. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { encodeBase64 } from '../../src/base/bytes.ts';
import { Secret } from '../../src/base/secret.ts';
import { canonicalText, inSubset, type JsonObject } from '../../src/protocol/canonical-json.ts';
import type { HeartbeatBody } from '../../src/protocol/heartbeat.ts';
import { publicKeyText, signAsNode } from '../../src/protocol/identity-key.ts';
import { Keyring, type RecordType } from '../../src/protocol/keyring.ts';
import type { NodeRecordBody } from '../../src/protocol/node-record.ts';
import { digestOf, macOf, signedBytes, signRecord } from '../../src/protocol/record.ts';

export const CLUSTER_ID = '000102030405060708090a0b0c0d0e0f';
export const NOW = Date.UTC(2026, 10, 21, 12) / 1000;

export function secretOf(words: string): Secret {
  return new Secret(createHash('sha256').update(words).digest());
}

export const KEYRING = new Keyring(CLUSTER_ID, [secretOf('the secret of the tests')]);
export const OTHER_KEYRING = new Keyring(CLUSTER_ID, [secretOf('another secret')]);

export interface Order {
  readonly timestamp: number;
  readonly incarnation: number;
  readonly sequence: number;
}

const FIRST: Order = { timestamp: NOW, incarnation: NOW * 1000, sequence: 1 };

export class Signer {
  readonly nodeId: string;
  readonly key: KeyObject = generateKeyPairSync('ed25519').privateKey;
  readonly identityKey = publicKeyText(this.key);
  readonly sealing: KeyObject = generateKeyPairSync('x25519').privateKey;
  readonly keyring: Keyring | null;

  constructor(nodeId: string, keyring: Keyring | null = KEYRING) {
    this.nodeId = nodeId;
    this.keyring = keyring;
  }

  nodeBody(changes: Partial<NodeRecordBody> = {}): NodeRecordBody {
    return {
      hostname: `${this.nodeId}.local`,
      host: `${this.nodeId}.example.org`,
      port: 8768,
      version: '0.1.0',
      started_at: NOW,
      identity_key: this.identityKey,
      sealing_key: publicKeyText(this.sealing),
      ...changes,
    };
  }

  heartbeatBody(changes: Partial<HeartbeatBody> = {}): HeartbeatBody {
    return {
      record: digestOf(this.node()),
      state: 'up',
      accepts: this.keyring?.acceptedIds ?? [],
      signs: this.keyring?.signing.keyId ?? null,
      load: { reports_per_minute: 0 },
      seen: {},
      ...changes,
    };
  }

  node(order: Partial<Order> = {}, body: Partial<NodeRecordBody> = {}): Uint8Array {
    return this.#sign('node', order, { ...this.nodeBody(body) });
  }

  heartbeat(order: Partial<Order> = {}, body: Partial<HeartbeatBody> = {}): Uint8Array {
    return this.#sign('heartbeat', order, { ...this.heartbeatBody(body) });
  }

  #sign(type: RecordType, order: Partial<Order>, body: JsonObject): Uint8Array {
    return signRecord({ type, nodeId: this.nodeId, body, ...FIRST, ...order }, this.keyring, this.key);
  }
}

export function fieldsOf(bytes: Uint8Array): JsonObject {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject;
}

export function bytesOf(fields: JsonObject): Uint8Array {
  return Buffer.from(canonicalText(fields), 'utf8');
}

/** Signs whatever it is given, as nobody of ours would. */
export function forge(
  fields: JsonObject,
  by: { readonly key: KeyObject },
  as: { readonly keyring?: Keyring; readonly type?: RecordType } = {},
): JsonObject {
  const { keyring = KEYRING, type = 'node' } = as;
  const over = signedBytes(inSubset(fields));
  return {
    ...fields,
    _signature: encodeBase64(macOf(over, keyring.signing, type)),
    _node_signature: signAsNode(over, by.key),
  };
}

export function without(fields: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));
}
