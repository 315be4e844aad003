/** DER (X.690, section 10) by the schemas of RFC 5280 and RFC 5652: bytes from their objects, and what both sides of CMS name. */
import { Attribute } from '@peculiar/asn1-cms';
import {
  AsnArray,
  AsnConvert,
  AsnObjectIdentifierConverter,
  AsnType,
  AsnTypeTypes,
} from '@peculiar/asn1-schema';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';

export const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
export const SHA256 = '2.16.840.1.101.3.4.2.1';
const NULL = Buffer.from([5, 0]);

/** As they are signed: as a SET of their own, not as the field that they are stored in (RFC 5652, 5.4). */
export class SignedAttributes extends AsnArray<Attribute> {}
AsnType({ type: AsnTypeTypes.Set, itemType: Attribute })(SignedAttributes);

export function serialize(value: object): Buffer {
  return Buffer.from(AsnConvert.serialize(value));
}

export function serializeOid(oid: string): Buffer {
  return Buffer.from(AsnObjectIdentifierConverter.toASN(oid).toBER());
}

/** RSA wants a NULL behind its name (RFC 3279, 2.2.1), a digest nothing (RFC 5754, 2). */
export function algorithm(oid: string): AlgorithmIdentifier {
  return new AlgorithmIdentifier(
    oid === RSA_ENCRYPTION ? { algorithm: oid, parameters: exactBuffer(NULL) } : { algorithm: oid },
  );
}

/** Both spellings of "no parameters" are in use. */
export function hasNoParameters({ parameters }: AlgorithmIdentifier): boolean {
  return parameters === undefined || parameters === null || Buffer.from(parameters).equals(NULL);
}

export function isSame(a: object, b: object): boolean {
  return serialize(a).equals(serialize(b));
}

/** Of these bytes alone: a Buffer may be a part of a larger one. */
export function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
