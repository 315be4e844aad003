/** What a door speaks TLS with: the node's own key under a certificate made now, or files that were given. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { AtlasError } from '../base/errors.ts';
import { checkCertificate, makeOwnCertificate, spkiSha256 } from './certificate.ts';

export type TlsChoice =
  | { readonly kind: 'off' }
  | { readonly kind: 'own'; readonly key: KeyObject; readonly names: readonly string[] }
  | { readonly kind: 'files'; readonly certPath: string; readonly keyPath: string };

export interface Tls {
  readonly context: SecureContextOptions;
  /** SHA-256 of the public key (SPKI), base64: what agents pin. */
  readonly pin: string;
}

/** Null for plain http. Rejects with certificate_invalid. */
export async function openTls(choice: TlsChoice, nowMs: number): Promise<Tls | null> {
  if (choice.kind === 'off') return null;
  if (choice.kind === 'own') {
    const context = await makeOwnCertificate({ names: choice.names, key: choice.key, nowMs });
    return { context, pin: spkiSha256(choice.key) };
  }
  const [cert, pem] = await Promise.all([readPem(choice.certPath), readPem(choice.keyPath)]);
  const key = readKey(pem);
  return { context: checkCertificate(cert, key, nowMs), pin: spkiSha256(key) };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AtlasError('certificate_invalid', `${path} cannot be read`, {
      cause,
      hint: 'see tls_cert and tls_key',
    });
  }
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new AtlasError(
      'certificate_invalid',
      'tls_key is not a private key in PEM form without a passphrase.',
      { cause },
    );
  }
}
