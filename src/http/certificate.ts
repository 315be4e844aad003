/**
 * The TLS side of a node: a certificate that was given, or one made here over the node's own key. Nobody signs
 * that one; agents pin its key (SPKI SHA-256), so it can be renewed at every start without their noticing.
 */
import 'reflect-metadata';
import {
  createHash,
  createPublicKey,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { AtlasError } from '../base/errors.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Days; browsers take no more from a certificate that a person trusted by hand. */
const LIFE_DAYS = 397;
const DAY_MS = 86_400_000;

export interface OwnCertificate {
  readonly names: readonly string[];
  readonly key: KeyObject;
  readonly nowMs: number;
}

export async function makeOwnCertificate({
  names,
  key,
  nowMs,
}: OwnCertificate): Promise<SecureContextOptions> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const [subject] = names;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16)
      .toString('hex')
      .replace(/^[89a-f]/, '1'),
    name: [{ CN: [subject ?? 'atlas-fleet'] }],
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + LIFE_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys: await importPair(key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isAddress(name) ? ('ip' as const) : ('dns' as const), value: name })),
      ),
    ],
  });
  return { cert: certificate.toString('pem'), key: key.export({ type: 'pkcs8', format: 'pem' }) };
}

/** Rejects a pair that does not belong together or has run out: half a TLS set-up answers nobody. */
export function checkCertificate(cert: string, key: KeyObject, nowMs: number): SecureContextOptions {
  const leaf = readLeaf(cert);
  if (!leaf.checkPrivateKey(key)) {
    throw new AtlasError('certificate_invalid', 'tls_key is not the key of tls_cert.', {
      hint: 'Compare: openssl x509 -pubkey -noout -in CERT; openssl pkey -pubout -in KEY',
    });
  }
  if (Date.parse(leaf.validTo) <= nowMs) {
    throw new AtlasError('certificate_invalid', `tls_cert ran out on ${leaf.validTo}.`, {
      hint: 'Renew it.',
    });
  }
  return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }) };
}

function readLeaf(cert: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch (cause) {
    throw new AtlasError('certificate_invalid', 'tls_cert is not a certificate in PEM form.', { cause });
  }
}

/** What agents pin: SHA-256 of the key's SubjectPublicKeyInfo (RFC 7469, 2.4), base64. */
export function spkiSha256(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

async function importPair(key: KeyObject): Promise<CryptoKeyPair> {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']),
    webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
  ]);
  return { privateKey, publicKey } as CryptoKeyPair;
}

function isAddress(name: string): boolean {
  return /^[0-9.]+$/.test(name) || name.includes(':');
}
