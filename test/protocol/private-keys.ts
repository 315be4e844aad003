/** Keys from the 32 bytes that vectors give: PKCS#8 as RFC 8410 has it. */
import { createPrivateKey, type KeyObject } from 'node:crypto';

const PREFIX = {
  ed25519: '302e020100300506032b657004220420',
  x25519: '302e020100300506032b656e04220420',
} as const;

export function privateKeyOf(type: keyof typeof PREFIX, hex: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(PREFIX[type] + hex, 'hex'), format: 'der', type: 'pkcs8' });
}
