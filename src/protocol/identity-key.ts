/**
 * A node's own signature: Ed25519 (RFC 8032). The shared secret says "one of us", this key says which one;
 * its private half never leaves the node's disk. On the wire a public key is its 32 raw bytes in base64.
 */
import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { decodeBase64, encodeBase64 } from '../base/bytes.ts';

const RAW_BYTES = 32;
const SIGNATURE_BYTES = 64;
const FINGERPRINT_DIGITS = 16;
/** To try sealing keys with: what is agreed with it protects nothing. */
const TRIAL = generateKeyPairSync('x25519').privateKey;

export function signAsNode(bytes: Uint8Array, privateKey: KeyObject): string {
  return encodeBase64(sign(null, bytes, privateKey));
}

/** False for anything that is not a valid signature in its one spelling. */
export function verifyAsNode(bytes: Uint8Array, signature: string, publicKey: string): boolean {
  const decoded = decodeBase64(signature);
  const key = importPublicKey(publicKey, 'Ed25519');
  if (key === undefined || decoded?.byteLength !== SIGNATURE_BYTES) return false;
  return verify(null, bytes, key, decoded);
}

/** The public half of a private or public key, as it stands in a node record. Works for Ed25519 and X25519. */
export function publicKeyText(key: KeyObject): string {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return encodeBase64(Buffer.from(jwk.x ?? '', 'base64url'));
}

/** Whether something can be sealed to it: not a point of low order (RFC 7748, section 6.1), with which nothing is secret. */
export function isSealingKey(text: string): boolean {
  const publicKey = importPublicKey(text, 'X25519');
  if (publicKey === undefined) return false;
  try {
    diffieHellman({ privateKey: TRIAL, publicKey });
    return true;
  } catch {
    return false; // all zero, whatever the other key
  }
}

/** What people compare: the first 16 hex digits of the SHA-256 of the raw identity key. */
export function fingerprintOf(identityKey: string): string {
  const raw = decodeBase64(identityKey) ?? new Uint8Array();
  return hash('sha256', raw, 'hex').slice(0, FINGERPRINT_DIGITS);
}

function importPublicKey(text: string, curve: 'Ed25519' | 'X25519'): KeyObject | undefined {
  const raw = decodeBase64(text);
  if (raw?.byteLength !== RAW_BYTES) return undefined;
  try {
    return createPublicKey({
      key: { kty: 'OKP', crv: curve, x: raw.toString('base64url') },
      format: 'jwk',
    });
  } catch {
    return undefined; // 32 bytes that are no point on the curve
  }
}
