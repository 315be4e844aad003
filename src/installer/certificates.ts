/**
 * What can be said of a chain of certificates by itself: whose it is, whether each was issued by the next, and whether
 * somebody else could have made one of them, or it was meant for something else than packages.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { limitFaults } from './certificate-limits.ts';

/** Bits. What NIST SP 800-57 holds good until 2030. */
export const RSA_MIN_BITS = 2048;
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const SOUND_SIGNATURE = /sha-?(?:256|384|512)|^ed(?:25519|448)$/i;

export function commonName({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ');
}

/** Null where each certificate is signed by the next, and the next one may do that; else a sentence. */
export function chainFault(certificates: readonly X509Certificate[]): string | null {
  for (const [index, certificate] of certificates.entries()) {
    const issuer = certificates[index + 1];
    if (issuer === undefined) return null;
    const which = `Certificate ${index + 1} of the chain, ${commonName(certificate)},`;
    if (!certificate.verify(issuer.publicKey)) return `${which} is not issued by the next one.`;
    if (certificate.checkIssued(issuer)) continue;
    return `${which} is signed by the next one, which may not issue it: by its name, its key usage or its key identifier.`;
  }
  return null;
}

/** A sentence for each reason not to believe what this chain, the leaf first, says of a package. */
export function chainWeaknesses(certificates: readonly X509Certificate[]): string[] {
  return [...certificates.flatMap(weaknessesOf), ...limitFaults(certificates, commonName)];
}

export function rsaBits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}

/** The signature on a root says nothing: it is believed because it was given. */
function weaknessesOf(certificate: X509Certificate): string[] {
  const { publicKey, signatureAlgorithm = 'an unknown algorithm' } = certificate;
  const name = commonName(certificate);
  const isRoot = certificate.checkIssued(certificate);
  return [
    ...(isStrong(publicKey)
      ? []
      : [`The key of the certificate ${name} is too weak: ${wordsOf(publicKey)}.`]),
    ...(isRoot || SOUND_SIGNATURE.test(signatureAlgorithm)
      ? []
      : [`The certificate ${name} is signed with ${signatureAlgorithm}, not with SHA-2.`]),
  ];
}

function isStrong(key: KeyObject): boolean {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  if (kind === 'rsa') return rsaBits(key) >= RSA_MIN_BITS;
  return kind === 'ed25519' || kind === 'ed448' || (kind === 'ec' && CURVES.has(details?.namedCurve));
}

function wordsOf(key: KeyObject): string {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  return kind === 'rsa' ? `RSA with ${rsaBits(key)} bits` : (details?.namedCurve ?? kind ?? 'unknown');
}
