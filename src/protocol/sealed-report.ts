/**
 * Opens a report in its envelope, version 1: AES-256-GCM under the shared encryption_key, no additional data
 * (docs/protocol/reports.md; what agents in the field send). Opening tells only that it failed, never why:
 * one answer for a bad envelope, a bad key, a changed byte and a content that is no report.
 */
import { createDecipheriv } from 'node:crypto';
import { z } from 'zod';
import { decodeBase64, decodeUtf8 } from '../base/bytes.ts';
import type { Secret } from '../base/secret.ts';
import { parseReport, type Report } from './report.ts';
import { NONCE_BYTES, REPORT_CIPHER } from './report-envelope.ts';

const TAG_BYTES = 16;
/** Of four members and three texts, whatever its spaces, order and escapes. */
const ENVELOPE_QUOTES = 14;
const QUOTE = 0x22;
const BRACKET = 0x5b;
/** Bytes of a body that is parsed though it is no envelope, so that a report in clear is told so. Arbitrary. */
const PLAIN_MAX_BYTES = 8 * 1024;

/** Strict: a member more or a member less is another envelope, not this one. */
const envelope = z.strictObject({
  encrypted: z.literal(true),
  version: z.literal('1'),
  nonce: z.string(),
  ciphertext: z.string(),
});

export interface OpenedReport {
  readonly report: Report;
  /** Names this very sealing: the same report sent again has the same nonce. 12 bytes. */
  readonly nonce: Uint8Array;
}

export type Opening =
  | { readonly kind: 'opened'; readonly opened: OpenedReport }
  /** A JSON object that never was an envelope: somebody sends reports in clear. */
  | { readonly kind: 'plain' }
  | { readonly kind: 'refused' };

const REFUSED: Opening = { kind: 'refused' };

export function openReport(body: Uint8Array, key: Secret): Opening {
  const isWorthParsing = body.byteLength <= PLAIN_MAX_BYTES || looksSealed(body);
  const value = isWorthParsing ? parseJson(body) : undefined;
  if (isPlain(value)) return { kind: 'plain' };
  const parsed = envelope.safeParse(value);
  if (!parsed.success) return REFUSED;
  const nonce = decodeBase64(parsed.data.nonce);
  const sealed = decodeBase64(parsed.data.ciphertext);
  if (nonce?.byteLength !== NONCE_BYTES || sealed === undefined || sealed.byteLength < TAG_BYTES)
    return REFUSED;
  const content = decrypt(sealed, key, nonce);
  const report = content && parseReport(parseJson(content));
  return report ? { kind: 'opened', opened: { report, nonce } } : REFUSED;
}

/** JSON of nothing but brackets or names can be made to cost thirty times an envelope of its length. */
function looksSealed(body: Uint8Array): boolean {
  if (body.includes(BRACKET)) return false;
  let quotes = 0;
  for (let at = body.indexOf(QUOTE); at >= 0; at = body.indexOf(QUOTE, at + 1)) {
    quotes += 1;
    if (quotes > ENVELOPE_QUOTES) return false;
  }
  return quotes === ENVELOPE_QUOTES;
}

/** Plain means that it has no part of an envelope, so one changed byte cannot turn an envelope into a plain report. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !('ciphertext' in value) && !('nonce' in value);
}

function decrypt(sealed: Uint8Array, key: Secret, nonce: Uint8Array): Uint8Array | undefined {
  const split = sealed.byteLength - TAG_BYTES;
  const decipher = createDecipheriv(REPORT_CIPHER, key.reveal(), nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(split));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, split)), decipher.final()]);
  } catch {
    return undefined; // fail closed: final() throws when the tag does not fit
  }
}

function parseJson(bytes: Uint8Array): unknown {
  const decoded = decodeUtf8(bytes);
  if (decoded === undefined) return undefined;
  try {
    return JSON.parse(decoded);
  } catch {
    return undefined;
  }
}
