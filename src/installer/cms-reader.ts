/**
 * What a detached CMS signature (RFC 5652) says, and whether it holds. Strict: every byte that the signature does not
 * cover has one value it may have, so that none can be changed unseen. Whom to trust is asked elsewhere.
 */
import { createHash, verify, X509Certificate } from 'node:crypto';
import {
  ContentInfo,
  id_contentType,
  id_data,
  id_messageDigest,
  id_signedData,
  id_signingTime,
  SignedData,
  type SignerInfo,
  SigningTime,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import type { Certificate } from '@peculiar/asn1-x509';
import { AtlasError } from '../base/errors.ts';
import {
  exactBuffer,
  hasNoParameters,
  isSame,
  RSA_ENCRYPTION,
  SHA256,
  SignedAttributes,
  serialize,
  serializeOid,
} from './der.ts';

const DIGESTS: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  [SHA256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const OPEN_LENGTH = 0x80;

export interface CmsStatement {
  /** DER, as they stand in it; no order is promised. */
  readonly certificates: readonly Uint8Array[];
  /** Of those, the one whose key signed. */
  readonly leaf: X509Certificate;
  /** As the signer says it. */
  readonly signedAt: Date | null;
  /** What of it the signature does not cover, and nobody here can judge; null when there is nothing. */
  readonly beside: string | null;
}

/**
 * Throws package_damaged unless it is a signature over this content, and in each byte what its signer wrote.
 * `stored`: zeros may follow it.
 */
export function verifyCms(stored: Uint8Array, content: Uint8Array): CmsStatement {
  try {
    return statementOf(stored, content);
  } catch (cause) {
    if (cause instanceof AtlasError) throw cause;
    throw damaged('it cannot be read', cause);
  }
}

function statementOf(stored: Uint8Array, content: Uint8Array): CmsStatement {
  const { data, isDer } = readSignedData(stored);
  const [info] = data.signerInfos;
  if (info === undefined || data.signerInfos.length !== 1) throw damaged('it has not exactly one signer');
  const digest = checkForm(data, info);
  const certificates = [...(data.certificates ?? [])].map(({ certificate }) => {
    if (certificate === undefined) throw damaged('it carries something else than a certificate');
    return certificate;
  });
  const signer = certificates.find((one) => isNamed(one, info));
  if (signer === undefined) throw damaged('the certificate of its signer is missing');
  const leaf = new X509Certificate(serialize(signer));
  checkAttributes(info, createHash(digest).update(content).digest());
  const attributes = serialize(new SignedAttributes(info.signedAttrs));
  const signature = Buffer.from(info.signature.buffer);
  if (leaf.publicKey.asymmetricKeyType !== 'rsa' || !verify(digest, attributes, leaf.publicKey, signature)) {
    throw damaged('it does not hold');
  }
  return {
    certificates: certificates.map(serialize),
    leaf,
    signedAt: signingTime(info),
    beside: isDer ? besideOf(info) : 'its encoding, which is not DER',
  };
}

interface Reading {
  readonly data: SignedData;
  /** Each byte is what DER wants it to be. */
  readonly isDer: boolean;
}

/** Apple's own tools leave lengths open, as BER allows (X.690, 8.1.3.6); there the same thing has many spellings. */
function readSignedData(stored: Uint8Array): Reading {
  const isDer = stored[1] !== OPEN_LENGTH;
  const bytes = isDer ? stored.subarray(0, derLength(stored)) : stored;
  if (isDer && stored.subarray(bytes.length).some((byte) => byte !== 0))
    throw damaged('something stands behind it');
  const outer = AsnConvert.parse(bytes, ContentInfo);
  const data = AsnConvert.parse(outer.content, SignedData);
  outer.content = exactBuffer(serialize(data));
  if (outer.contentType !== id_signedData || (isDer && !serialize(outer).equals(bytes))) {
    throw damaged('it is not signed data in DER form');
  }
  return { data, isDer };
}

/** Of a definite length with 1 to 4 bytes of it: nobody signs what is longer. */
function derLength(bytes: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view[1] ?? 0;
  if (first < 0x80) return 2 + first;
  const count = first - 0x80;
  if (count < 1 || count > 4 || view.length < 2 + count) throw damaged('its length cannot be read');
  const length = 2 + count + view.readUIntBE(2, count);
  if (length > view.length) throw damaged('it is cut off');
  return length;
}

/** The fields that the signature does not cover have one value each. Returns the digest's name. */
function checkForm(data: SignedData, info: SignerInfo): string {
  const { digestAlgorithm, signatureAlgorithm } = info;
  const [announced] = data.digestAlgorithms;
  const digest = DIGESTS[digestAlgorithm.algorithm];
  if (data.version !== 1 || info.version !== 1) throw damaged('its version is not 1');
  if (data.encapContentInfo.eContentType !== id_data) throw damaged('it is not over plain data');
  if (data.encapContentInfo.eContent !== undefined) throw damaged('it brings its own content');
  if (data.crls !== undefined) throw damaged('it carries revocation lists');
  if (digest === undefined || !hasNoParameters(digestAlgorithm))
    throw damaged('its digest is none that is known');
  if (announced === undefined || data.digestAlgorithms.length !== 1 || !isSame(announced, digestAlgorithm)) {
    throw damaged('it announces another digest than it uses');
  }
  if (!hasNoParameters(signatureAlgorithm) || !isRsaWith(signatureAlgorithm.algorithm, digest)) {
    throw damaged('it is not made with RSA and that digest');
  }
  return digest;
}

/** PKCS#1 with a digest in its name: legal beside RSA_ENCRYPTION (RFC 5754, 3.2), and means the same. */
const RSA_WITH: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
};

function isRsaWith(oid: string, digest: string): boolean {
  return oid === RSA_ENCRYPTION || RSA_WITH[oid] === digest;
}

function isNamed({ tbsCertificate }: Certificate, { sid }: SignerInfo): boolean {
  const { issuerAndSerialNumber: named } = sid;
  return (
    named !== undefined &&
    isSame(named.issuer, tbsCertificate.issuer) &&
    Buffer.from(named.serialNumber).equals(Buffer.from(tbsCertificate.serialNumber))
  );
}

function checkAttributes(info: SignerInfo, digest: Uint8Array): void {
  const type = attributeOf(info, id_contentType);
  if (!type?.equals(serializeOid(id_data))) throw damaged('it says another type of content');
  if (!attributeOf(info, id_messageDigest)?.equals(serialize(new OctetString(digest)))) {
    throw damaged('it is over another checksum');
  }
}

/** The one value of the attribute that stands there once. */
function attributeOf({ signedAttrs = [] }: SignerInfo, type: string): Buffer | undefined {
  const [attribute, second] = signedAttrs.filter(({ attrType }) => attrType === type);
  const [value, another] = attribute?.attrValues ?? [];
  return value === undefined || second !== undefined || another !== undefined
    ? undefined
    : Buffer.from(value);
}

function signingTime(info: SignerInfo): Date | null {
  const value = attributeOf(info, id_signingTime);
  return value === undefined ? null : AsnConvert.parse(value, SigningTime).getTime();
}

function besideOf({ unsignedAttrs = [], signatureAlgorithm }: SignerInfo): string | null {
  if (unsignedAttrs.length > 0)
    return 'attributes beside it, such as a timestamp, which are not checked here';
  if (signatureAlgorithm.algorithm === RSA_ENCRYPTION) return null;
  return 'the name of its algorithm, which is spelled in another way than rsaEncryption';
}

function damaged(why: string, cause?: unknown): AtlasError {
  return new AtlasError('package_damaged', `The CMS signature is not sound: ${why}.`, { cause });
}
