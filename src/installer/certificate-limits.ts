/**
 * What the certificates of a chain are for, and what those above allow those below (RFC 5280, 4.2.1 and 6.1.4). An
 * extension that must be understood, and is not here, refuses: whoever set it meant to limit something.
 */
import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { isSame } from './der.ts';

/** Extended key usage of Apple: signs packages for distribution outside the App Store. */
export const INSTALLER_USAGE = '1.2.840.113635.100.4.13';
const CODE_SIGNING_USAGE = '1.3.6.1.5.5.7.3.3';
const ANY_USAGE = '2.5.29.37.0';
const FIT_USAGES = [INSTALLER_USAGE, CODE_SIGNING_USAGE];

/** That a certificate is a Developer ID Installer, and its authority one of those: they limit nothing that counts here. */
const APPLE_MARKS = ['1.2.840.113635.100.6.1.14', '1.2.840.113635.100.6.2.6'];
const UNDERSTOOD: ReadonlySet<string> = new Set([
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
  ...APPLE_MARKS,
]);

interface Limits {
  readonly isAuthority: boolean;
  /** Of its own name: it is not counted below another one. */
  readonly isSelfIssued: boolean;
  /** Authorities that may stand between it and the leaf; null: as many as they are. */
  readonly pathLength: number | null;
  /** Bits; null: it may do everything. */
  readonly keyUsage: number | null;
  /** null: any. */
  readonly extendedUsages: readonly string[] | null;
  /** Extensions that cannot be passed over. */
  readonly notUnderstood: readonly string[];
}

/** Throws whatever the parser does, and RangeError for what says two things at once. */
function readLimits({ raw }: X509Certificate): Limits {
  const { extensions = [], subject, issuer } = AsnConvert.parse(raw, Certificate).tbsCertificate;
  const byId = new Map(extensions.map((extension) => [extension.extnID, extension]));
  if (byId.size !== extensions.length) throw new RangeError('an extension stands there twice');
  const partOf = <T>(id: string, schema: new () => T): T | null => {
    const value = byId.get(id)?.extnValue;
    return value === undefined ? null : AsnConvert.parse(value.buffer, schema);
  };
  const basic = partOf(id_ce_basicConstraints, BasicConstraints);
  const usages = partOf(id_ce_extKeyUsage, ExtendedKeyUsage);
  return {
    isAuthority: basic?.cA ?? false,
    isSelfIssued: isSame(subject, issuer),
    pathLength: pathLengthOf(basic),
    keyUsage: partOf(id_ce_keyUsage, KeyUsage)?.toNumber() ?? null,
    extendedUsages: usages && [...usages],
    notUnderstood: extensions
      .filter(({ extnID, critical }) => isPressing(extnID, critical))
      .map(({ extnID }) => extnID),
  };
}

/** Limits of names are to be critical (4.2.1.10), and are none that may be passed over where they are not. */
function isPressing(id: string, critical: boolean): boolean {
  return id === id_ce_nameConstraints || (critical && !UNDERSTOOD.has(id));
}

function pathLengthOf(basic: BasicConstraints | null): number | null {
  const length = basic?.pathLenConstraint;
  if (length === undefined) return null;
  if (basic?.cA && Number.isSafeInteger(length) && length >= 0) return length;
  throw new RangeError('a length of paths that is none');
}

interface Link {
  readonly name: string;
  readonly limits: Limits;
}

/**
 * A sentence for each limit that this chain, the leaf first, does not keep; that an authority is for issuing certificates
 * at all, `chainFault` has asked. `nameOf`: for the sentences.
 */
export function limitFaults(
  certificates: readonly X509Certificate[],
  nameOf: (certificate: X509Certificate) => string,
): string[] {
  const chain: Link[] = [];
  for (const certificate of certificates) {
    const name = nameOf(certificate);
    try {
      chain.push({ name, limits: readLimits(certificate) });
    } catch {
      return [`The extensions of the certificate ${name} cannot be read.`];
    }
  }
  return [
    ...chain.flatMap(({ name, limits }) => limits.notUnderstood.map((id) => notUnderstood(name, id))),
    ...chain.slice(0, 1).flatMap(leafFaults),
    ...chain.slice(1).flatMap((link, index) => authorityFaults(link, chain.slice(1, index + 1))),
    ...usageFaults(chain),
  ];
}

function notUnderstood(name: string, id: string): string {
  const what = id === id_ce_nameConstraints ? 'nameConstraints' : id;
  return `The certificate ${name} sets a limit that is not understood here: ${what}.`;
}

function leafFaults({ name, limits }: Link): string[] {
  const { keyUsage } = limits;
  return keyUsage === null || (keyUsage & KeyUsageFlags.digitalSignature) !== 0
    ? []
    : [`The certificate ${name} is not for signatures: its key usage does not say so.`];
}

/** `below`: the authorities between it and the leaf. */
function authorityFaults({ name, limits }: Link, below: readonly Link[]): string[] {
  const { isAuthority, pathLength } = limits;
  const count = below.filter((link) => !link.limits.isSelfIssued).length;
  const faults: string[] = [];
  if (!isAuthority) faults.push(`The certificate ${name} is no authority, and has issued another one.`);
  if (pathLength !== null && count > pathLength)
    faults.push(`The certificate ${name} allows ${pathLength} authorities below it, and there are ${count}.`);
  return faults;
}

/** One use that fits must be left from the leaf up to the root: an authority for web servers makes no signer. */
function usageFaults(chain: readonly Link[]): string[] {
  let left = FIT_USAGES;
  for (const [index, { name, limits }] of chain.entries()) {
    const usages = limits.extendedUsages;
    if (usages === null || usages.includes(ANY_USAGE)) continue;
    left = left.filter((usage) => usages.includes(usage));
    if (left.length > 0) continue;
    const what = index === 0 ? 'is' : 'is an authority';
    return [`The certificate ${name} ${what} for another use than signing packages or code.`];
  }
  return [];
}
