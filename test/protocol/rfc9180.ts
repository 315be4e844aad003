/** Opens what HPKE sealed in base mode with DHKEM(X25519) and HKDF-SHA256: from RFC 9180, with node:crypto alone. */
import { createDecipheriv, createHmac, decapsulate, type KeyObject } from 'node:crypto';

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const NOTHING = Buffer.alloc(0);

/** By the AEAD's number in the RFC, table 5. */
const AEADS = {
  1: { name: 'aes-128-gcm', keyBytes: 16 },
  2: { name: 'aes-256-gcm', keyBytes: 32 },
} as const;

export interface Sealed {
  readonly enc: Buffer;
  readonly ciphertext: Buffer;
  readonly info: Buffer;
  readonly aad?: Buffer;
  readonly aead?: keyof typeof AEADS;
}

/** Section 6.1 and 5.1. Throws for what does not open. */
export function openSealed(privateKey: KeyObject, sealed: Sealed): Buffer {
  const { aead = 2, aad = NOTHING, ciphertext } = sealed;
  const { name, keyBytes } = AEADS[aead];
  const suite = Buffer.concat([Buffer.from('HPKE'), Buffer.from([0, 0x20, 0, 0x01, 0, aead])]);
  const extract = (salt: Buffer, label: string, ikm: Buffer) =>
    hmac(salt, Buffer.from('HPKE-v1'), suite, Buffer.from(label), ikm);
  const expand = (prk: Buffer, label: string, context: Buffer, length: number) =>
    hmac(
      prk,
      Buffer.from([0, length]),
      Buffer.from('HPKE-v1'),
      suite,
      Buffer.from(label),
      context,
      Buffer.from([1]),
    ).subarray(0, length);
  const context = Buffer.concat([
    Buffer.from([0]),
    extract(NOTHING, 'psk_id_hash', NOTHING),
    extract(NOTHING, 'info_hash', sealed.info),
  ]);
  const secret = extract(decapsulate(privateKey, sealed.enc), 'secret', NOTHING);
  const key = expand(secret, 'key', context, keyBytes);
  const nonce = expand(secret, 'base_nonce', context, NONCE_BYTES);
  const decipher = createDecipheriv(name, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad).setAuthTag(ciphertext.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]);
}

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  return createHmac('sha256', key).update(Buffer.concat(parts)).digest();
}
