/**
 * Whether the signatures of a package hold, and of whom they are. Both are over the checksum of the table of contents,
 * and that table names the certificates: so no byte of them can be changed unseen. Whether a Mac trusts the root, a Mac
 * knows; here a root is believed only when it was given.
 */
import { constants, publicDecrypt, X509Certificate } from 'node:crypto';
import { encodeHex } from '../base/bytes.ts';
import { heapPart, type ReadArchive } from './archive-reader.ts';
import { chainFault, chainWeaknesses, commonName } from './certificates.ts';
import { verifyCms } from './cms-reader.ts';
import { damaged } from './package-fault.ts';
import { digestInfo } from './signature.ts';
import type { TocSignature } from './toc-reader.ts';

export interface SignatureFacts {
  /** The name on the leaf. */
  readonly signer: string;
  /** The leaf first. */
  readonly certificates: readonly X509Certificate[];
  readonly kinds: readonly TocSignature['kind'][];
  /** As the signer says it; null without a CMS signature. */
  readonly signedAt: Date | null;
  /** What of the signature nothing vouches for; null when there is nothing. */
  readonly beside: string | null;
}

/** null for an unsigned package. Throws package_damaged for a signature that does not hold. */
export async function readSignatures(archive: ReadArchive): Promise<SignatureFacts | null> {
  const { signatures } = archive.toc;
  const [first] = signatures;
  if (first === undefined) return null;
  const certificates = first.certificates.map(readCertificate);
  const [leaf] = certificates;
  if (leaf === undefined) throw damaged('A signature comes without a certificate.');
  const fault = chainFault(certificates);
  if (fault !== null) throw damaged(fault);
  let signedAt: Date | null = null;
  let beside: string | null = null;
  for (const signature of signatures) {
    if (!isSameChain(signature.certificates, first.certificates)) {
      throw damaged('The signatures of the package are of different signers.');
    }
    const bytes = await heapPart(archive, signature).slice(0, signature.length);
    if (signature.kind === 'RSA') checkRsa(archive, leaf, bytes);
    else ({ signedAt, beside } = checkCms(archive, signature, bytes));
  }
  const kinds = signatures.map(({ kind }) => kind);
  return { signer: commonName(leaf), certificates, kinds, signedAt, beside };
}

function checkRsa({ digest, toc }: ReadArchive, leaf: X509Certificate, bytes: Uint8Array): void {
  let signed: Buffer;
  try {
    signed = publicDecrypt({ key: leaf.publicKey, padding: constants.RSA_PKCS1_PADDING }, bytes);
  } catch (cause) {
    throw damaged('The RSA signature is not sound: it is not of the key of its certificate.', cause);
  }
  if (!signed.equals(digestInfo(toc.checksum.style, digest))) {
    throw damaged('The RSA signature is not sound: it is over another checksum.');
  }
}

function checkCms({ digest }: ReadArchive, { certificates: named }: TocSignature, bytes: Uint8Array) {
  const statement = verifyCms(bytes, digest);
  const [leaf] = named;
  if (leaf === undefined || !statement.leaf.raw.equals(leaf)) {
    throw damaged('The CMS signature is of another signer than the table of contents names.');
  }
  const known = new Set(named.map(encodeHex));
  if (!statement.certificates.every((der) => known.has(encodeHex(der)))) {
    throw damaged('The CMS signature carries other certificates than the table of contents.');
  }
  return statement;
}

/** In the same order, which is the order of the chain. */
function isSameChain(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return (
    a.length === b.length && a.every((der, index) => Buffer.compare(der, b[index] ?? new Uint8Array(0)) === 0)
  );
}

function readCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw damaged('A certificate in the table of contents cannot be read.', cause);
  }
}

/** Throws package_damaged where the chain does not lead to one of these roots, or a certificate is not good enough, or not now. */
export function checkTrust(
  { certificates }: SignatureFacts,
  roots: readonly X509Certificate[],
  nowMs: number,
): void {
  const path = pathTo(roots, certificates);
  if (path === null) throw damaged('The signer is not vouched for by the authorities that were given.');
  const [weakness] = chainWeaknesses(path);
  if (weakness !== undefined) throw damaged(weakness);
  for (const certificate of path) {
    if (certificate.validToDate.getTime() <= nowMs || certificate.validFromDate.getTime() > nowMs) {
      throw damaged(`The certificate ${commonName(certificate)} is not good at this time.`);
    }
  }
}

/** The chain up to and with one of these roots, which may stand in it; null where it leads to none. */
function pathTo(
  roots: readonly X509Certificate[],
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] | null {
  const last = certificates.at(-1);
  if (last === undefined) return null;
  if (roots.some(({ raw }) => raw.equals(last.raw))) return certificates;
  const root = roots.find((one) => last.checkIssued(one) && last.verify(one.publicKey));
  return root === undefined ? null : [...certificates, root];
}
