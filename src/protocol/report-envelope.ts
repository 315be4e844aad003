/**
 * Seals a report into its envelope, version 1 (docs/protocol/reports.md); sealed-report.ts opens it. Apart from
 * that file because an agent only seals: it must stay small, and the schemas of what it says are none of its load.
 */
import { createCipheriv } from 'node:crypto';
import { encodeBase64 } from '../base/bytes.ts';
import type { Secret } from '../base/secret.ts';

export const REPORT_CIPHER = 'aes-256-gcm';
/** GCM's own nonce length (NIST SP 800-38D, 8.2); random, so a key is good for 2^32 reports. */
export const NONCE_BYTES = 12;

/** The bytes to send, UTF-8 JSON. `nonce` must be fresh random for every call: two sealings under one nonce break GCM. */
export function sealReport(report: unknown, key: Secret, nonce: Uint8Array): Uint8Array {
  if (nonce.byteLength !== NONCE_BYTES) throw new TypeError(`a nonce has ${NONCE_BYTES} bytes`);
  const cipher = createCipheriv(REPORT_CIPHER, key.reveal(), nonce);
  const sealed = Buffer.concat([
    cipher.update(JSON.stringify(report), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  const parts = {
    encrypted: true,
    version: '1',
    nonce: encodeBase64(nonce),
    ciphertext: encodeBase64(sealed),
  };
  return Buffer.from(JSON.stringify(parts), 'utf8');
}
