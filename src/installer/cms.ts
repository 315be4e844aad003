/**
 * Makes a detached CMS signature (RFC 5652) with one RSA signer, as a package carries it over its checksum: SHA-256,
 * the time of signing among the signed attributes, the whole chain inside. Same content, chain, key and time: same
 * bytes. Schemas: @peculiar/asn1-cms.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';
import {
  Attribute,
  CertificateChoices,
  CertificateSet,
  ContentInfo,
  DigestAlgorithmIdentifiers,
  EncapsulatedContentInfo,
  IssuerAndSerialNumber,
  id_contentType,
  id_data,
  id_messageDigest,
  id_signedData,
  id_signingTime,
  SignedData,
  SignerIdentifier,
  SignerInfo,
  SignerInfos,
  SigningTime,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';
import { AtlasError } from '../base/errors.ts';
import {
  algorithm,
  exactBuffer,
  RSA_ENCRYPTION,
  SHA256,
  SignedAttributes,
  serialize,
  serializeOid,
} from './der.ts';

export interface CmsSigner {
  /** DER, the leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly key: KeyObject;
}

/** In the order of DER. */
function signedAttributes(content: Uint8Array, epoch: number): Attribute[] {
  const digest = createHash('sha256').update(content).digest();
  const attribute = (attrType: string, value: Buffer) =>
    new Attribute({ attrType, attrValues: [exactBuffer(value)] });
  return [
    attribute(id_contentType, serializeOid(id_data)),
    attribute(id_signingTime, serialize(new SigningTime(new Date(epoch * 1000)))),
    attribute(id_messageDigest, serialize(new OctetString(digest))),
  ].sort((a, b) => serialize(a).compare(serialize(b)));
}

/** `epoch`: Unix seconds. */
export function signCms(content: Uint8Array, { chain, key }: CmsSigner, epoch: number): Uint8Array {
  const certificates = chain.map((der) => AsnConvert.parse(der, Certificate));
  const [leaf] = certificates;
  if (leaf === undefined) throw new RangeError('a signer has a certificate');
  const signedAttrs = signedAttributes(content, epoch);
  const info = new SignerInfo({
    version: 1,
    sid: new SignerIdentifier({
      issuerAndSerialNumber: new IssuerAndSerialNumber({
        issuer: leaf.tbsCertificate.issuer,
        serialNumber: leaf.tbsCertificate.serialNumber,
      }),
    }),
    digestAlgorithm: algorithm(SHA256),
    signedAttrs,
    signatureAlgorithm: algorithm(RSA_ENCRYPTION),
    signature: new OctetString(sign('sha256', serialize(new SignedAttributes(signedAttrs)), key)),
  });
  const data = new SignedData({
    version: 1,
    digestAlgorithms: new DigestAlgorithmIdentifiers([algorithm(SHA256)]),
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: id_data }),
    certificates: new CertificateSet(
      certificates.map((certificate) => new CertificateChoices({ certificate })),
    ),
    signerInfos: new SignerInfos([info]),
  });
  const cms = serialize(
    new ContentInfo({ contentType: id_signedData, content: exactBuffer(serialize(data)) }),
  );
  // A certificate in another form than DER would have been put into another one, which nobody signed.
  if (chain.every((der) => cms.includes(der))) return cms;
  throw new AtlasError('signer_invalid', 'A certificate of the chain is not in DER form.', {
    hint: 'Export the certificates again.',
  });
}
