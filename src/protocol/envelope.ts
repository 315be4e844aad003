/**
 * What only one node may read: a cluster secret in a roster step, or the credentials that a joiner is given, sealed to
 * that node's X25519 key by HPKE (RFC 9180, base mode; docs/protocol/rotation.md, "Envelopes"). It says for whom and
 * not by whom: whoever reads one knows its author from the signed step, or the pinned connection, that it came in.
 */
import type { KeyObject } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { decodeBase64, encodeBase64 } from '../base/bytes.ts';
import { canonicalText } from './canonical-json.ts';
import type { Envelope } from './roster-step.ts';
import { signingPrefix } from './security-version.ts';

const PREFIX = signingPrefix('envelope');
const KEY_BYTES = 32;

const SUITE = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** What an envelope is bound to: moved to another node, step, cluster or use, it does not open. */
export interface EnvelopeInfo {
  readonly purpose: 'cluster_secret' | 'join';
  readonly clusterId: string;
  /** Of the step that carries the secret, or that admits the joiner. */
  readonly epoch: number;
  readonly nodeId: string;
}

/** `sealingKey`: of the node, as it stands in the roster. TypeError for a key that no secret can be agreed with. */
export async function sealTo(
  sealingKey: string,
  plaintext: Uint8Array,
  info: EnvelopeInfo,
): Promise<Envelope> {
  const raw = decodeBase64(sealingKey);
  if (raw?.byteLength !== KEY_BYTES) throw new TypeError('a sealing key is 32 bytes in base64');
  const recipientPublicKey = await SUITE.kem.deserializePublicKey(raw);
  const sender = await SUITE.createSenderContext({ recipientPublicKey, info: infoBytes(info) }).catch(
    (cause: unknown) => {
      // A point of low order (RFC 7748, section 6.1): everybody would know what is agreed with it.
      throw new TypeError(`the sealing key of ${info.nodeId} is no X25519 key to seal to`, { cause });
    },
  );
  const sealed = await sender.seal(plaintext);
  return {
    enc: encodeBase64(new Uint8Array(sender.enc)),
    ciphertext: encodeBase64(new Uint8Array(sealed)),
  };
}

/** Undefined for whatever does not open, and no word about why. `privateKey`: the node's own, X25519. */
export async function openEnvelope(
  envelope: Envelope,
  privateKey: KeyObject,
  info: EnvelopeInfo,
): Promise<Uint8Array | undefined> {
  const enc = decodeBase64(envelope.enc);
  const ciphertext = decodeBase64(envelope.ciphertext);
  if (enc?.byteLength !== KEY_BYTES || ciphertext === undefined) return undefined;
  const recipientKey = await SUITE.kem.importKey('jwk', privateKey.export({ format: 'jwk' }), false);
  try {
    const recipient = await SUITE.createRecipientContext({ recipientKey, enc, info: infoBytes(info) });
    return new Uint8Array(await recipient.open(ciphertext));
  } catch {
    return undefined; // fail closed: a bad point, a bad tag and another info are one answer
  }
}

function infoBytes({ purpose, clusterId, epoch, nodeId }: EnvelopeInfo): Uint8Array {
  return Buffer.from(PREFIX + canonicalText({ purpose, cluster: clusterId, epoch, node_id: nodeId }), 'utf8');
}
