/**
 * Who signs packages: a chain of certificates, the leaf first, and the leaf's key. What does not belong together is
 * refused; what a Mac will make of it cannot be known here, so that is only warned of.
 */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { AtlasError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { INSTALLER_USAGE } from './certificate-limits.ts';
import { chainFault, chainWeaknesses, commonName } from './certificates.ts';
import { type PackageSigner, rsaKey } from './signature.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
/** Certificates of a chain. Arbitrary: Apple's have three. */
const CHAIN_MAX_LENGTH = 8;
const APPLE_ROOT = /^CN=Apple Root CA$/m;

/** `chain`: PEM, the leaf first, each issued by the next. Throws signer_invalid. */
export function signerOfPem(chain: string, key: Secret): PackageSigner {
  return signerOf((chain.match(CERTIFICATE) ?? []).map(readCertificate), key);
}

/** Throws signer_invalid. */
export function signerOf(certificates: readonly X509Certificate[], key: Secret): PackageSigner {
  const [leaf] = certificates;
  if (leaf === undefined)
    throw invalid('There is no certificate to sign with.', 'Name a file that holds one.');
  if (certificates.length > CHAIN_MAX_LENGTH) {
    throw invalid(
      `The chain has more than ${CHAIN_MAX_LENGTH} certificates.`,
      'Leave out what is not of the chain.',
    );
  }
  if (!leaf.publicKey.equals(createPublicKey(rsaKey(key)))) {
    throw invalid(
      'The first certificate of the chain is not that of the key.',
      'Put the certificate of the key first.',
    );
  }
  const stray = chainFault(certificates);
  if (stray !== null) throw invalid(stray, 'Put each certificate before the one that issued it.');
  return { chain: certificates.map(({ raw }) => raw), key };
}

/** As it stands on the certificate, as in "Developer ID Installer: Example (ABCDE12345)". */
export function signerName({ chain }: PackageSigner): string {
  return chain[0] === undefined ? '' : commonName(new X509Certificate(chain[0]));
}

export interface SignerDoubt {
  readonly sentence: string;
  readonly hint: string;
}

/** Why a Mac may refuse what this identity signs. */
export function signerDoubts({ chain }: PackageSigner, nowMs: number): SignerDoubt[] {
  const certificates = chain.map((der) => new X509Certificate(der));
  const [leaf] = certificates;
  const last = certificates.at(-1);
  if (leaf === undefined || last === undefined) return [];
  const hint =
    'Let its authority issue it anew: RSA of 2048 bits or more, signed with SHA-256, for signing code.';
  const doubts = [
    ...certificates.flatMap((certificate) => timeDoubts(certificate, nowMs)),
    ...chainWeaknesses(certificates).map((sentence) => ({ sentence, hint })),
  ];
  if (!leaf.keyUsage?.includes(INSTALLER_USAGE)) {
    doubts.push({
      sentence: `${commonName(leaf)} is no installer certificate.`,
      hint: 'Sign with a certificate "Developer ID Installer", not with one for applications or servers.',
    });
  }
  if (!APPLE_ROOT.test(last.subject) && !APPLE_ROOT.test(last.issuer)) {
    doubts.push({
      sentence: `The chain of ${commonName(leaf)} does not lead to Apple. A Mac that does not trust it refuses the package, though it would install it unsigned.`,
      hint: 'Sign only for Macs that were told to trust this authority; leave the package unsigned for all others.',
    });
  }
  return doubts;
}

function timeDoubts(certificate: X509Certificate, nowMs: number): SignerDoubt[] {
  const name = commonName(certificate);
  if (certificate.validToDate.getTime() <= nowMs) {
    return [
      {
        sentence: `The certificate ${name} ran out on ${certificate.validTo}; a Mac refuses what it signs.`,
        hint: 'Renew it.',
      },
    ];
  }
  if (certificate.validFromDate.getTime() <= nowMs) return [];
  return [
    {
      sentence: `The certificate ${name} is good from ${certificate.validFrom} on, and not yet.`,
      hint: 'Check the clock.',
    },
  ];
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new AtlasError('signer_invalid', 'A certificate of the chain cannot be read.', { cause });
  }
}

function invalid(sentence: string, hint: string): AtlasError {
  return new AtlasError('signer_invalid', sentence, { hint });
}
