/** An authority and the certificate of a Redis server that it signed, as PEM and as files for redis-server. */
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { makeFolder } from '../fakes/folder.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface RedisCertificates {
  readonly ca: string;
  readonly files: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** For a server of that name, or that address, and of no other. */
export async function makeRedisCertificates(serverName: string, folder?: string): Promise<RedisCertificates> {
  const authority = await makeKeys();
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Authority of a test',
    keys: authority,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const keys = await makeKeys();
  const leaf = await X509CertificateGenerator.create({
    subject: `CN=${serverName}`,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: isIP(serverName) ? 'ip' : 'dns', value: serverName }]),
    ],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  const place = folder ?? (await makeFolder());
  const write = (name: string, text: string) => {
    const path = join(place, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const pem = ca.toString('pem');
  const files = {
    cert: write('cert.pem', leaf.toString('pem')),
    key: write('key.pem', key),
    ca: write('ca.pem', pem),
  };
  return { ca: pem, files };
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
