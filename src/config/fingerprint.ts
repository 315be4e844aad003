/**
 * What may be shown of a secret, to tell two apart: the beginning of its SHA-256. Nothing where a person may have chosen
 * it, because a fingerprint lets guesses be tried.
 */
import type { Secret } from '../base/secret.ts';
import { type KeyPath, rowOf } from './schema.ts';

/** Taken as they stand, in whatever form. */
const TYPED: ReadonlySet<KeyPath> = new Set(['server.api_key', 'agent.api_key']);
/** As `secret generate` and `init` make them: base64 of 32 bytes. */
const MADE = /^[A-Za-z0-9+/]{43}=$/;

export function fingerprintOf(key: KeyPath, secret: Secret): string | null {
  if (rowOf(key).view !== 'secret') return null;
  return TYPED.has(key) && !MADE.test(secret.revealText()) ? null : secret.fingerprint();
}
