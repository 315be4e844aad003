/**
 * Text to bytes and back, strictly: one text for each value of bytes (RFC 4648, sections 3.5 and 4), so that
 * nothing which was compared, counted or signed has a second spelling. Never guesses, never repairs.
 */
import { timingSafeEqual } from 'node:crypto';

const HEX = /^(?:[0-9a-f]{2})*$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/**
 * Padded base64 in its one canonical spelling, else undefined. Node skips what is no base64, so the way back is the
 * check: it spells no stray character or bit, and leaves no padding out.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function encodeHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Lower-case hex, else undefined. */
export function decodeHex(text: string): Buffer | undefined {
  return HEX.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** UTF-8 without any replacement character of our making; undefined when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Length first, then constant time in the content. The length of what we compare is never a secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
