/** A key and its own certificate, as a server without an authority makes them, and the pin of the key. */
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

export interface OwnCertificate {
  readonly key: string;
  readonly cert: string;
  /** `sha256/BASE64` of the SPKI. */
  readonly pin: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

interface CertificatePlan {
  readonly fromDays?: number;
  readonly toDays?: number;
  /** IP addresses that it is good for, beside the name. */
  readonly addresses?: readonly string[];
}

export async function makeCertificate({
  fromDays = -1,
  toDays = 365,
  addresses = [],
}: CertificatePlan = {}): Promise<OwnCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=server-01',
    notBefore: new Date(Date.now() + fromDays * DAY_MS),
    notAfter: new Date(Date.now() + toDays * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions:
      addresses.length === 0
        ? []
        : [new SubjectAlternativeNameExtension(addresses.map((value) => ({ type: 'ip' as const, value })))],
  });
  const spki = await crypto.subtle.exportKey('spki', keys.publicKey);
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    key: PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    cert: certificate.toString('pem'),
    pin: `sha256/${createHash('sha256').update(Buffer.from(spki)).digest('base64')}`,
  };
}
