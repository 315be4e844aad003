/** An authority as Apple's is built (root, intermediate, installer certificate), made by openssl for one test file. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../src/base/secret.ts';
import type { PackageSigner } from '../../src/installer/signature.ts';
import { signerOfPem } from '../../src/installer/signing-identity.ts';
import { run } from './foreign.ts';

export const INSTALLER = 'Developer ID Installer: Example (ABCDE12345)';

const EXTENSIONS = `[authority]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
[installer]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,1.2.840.113635.100.4.13
1.2.840.113635.100.6.1.14=critical,DER:0500
[server]
basicConstraints=critical,CA:FALSE
extendedKeyUsage=serverAuth
[code]
basicConstraints=critical,CA:FALSE
extendedKeyUsage=serverAuth,codeSigning
[plain]
basicConstraints=critical,CA:FALSE
`;

export class SigningAuthority {
  readonly folder = mkdtempSync(join(tmpdir(), 'atlas-authority-'));

  constructor() {
    writeFileSync(this.path('extensions'), EXTENSIONS);
    this.#openssl('req', '-x509', ...this.#request('root', 'Root'), '-days', '3650', '-out', 'root.pem');
    this.issue('intermediate', { subject: 'Intermediate', by: 'root', as: 'authority' });
    this.issue('leaf', { subject: INSTALLER, by: 'intermediate', as: 'installer' });
    writeFileSync(
      this.path('chain.pem'),
      ['leaf', 'intermediate', 'root'].map((name) => this.pem(name)).join(''),
    );
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  pem(name: string): string {
    return readFileSync(this.path(`${name}.pem`), 'utf8');
  }

  key(name: string): Secret {
    return new Secret(readFileSync(this.path(`${name}.key`)));
  }

  /** Makes NAME.key and NAME.pem. */
  issue(name: string, { subject, by, as, days = 365, key, digest = 'sha256' }: Issue): void {
    this.#openssl('req', '-new', ...this.#request(name, subject, key), '-out', `${name}.csr`);
    const signer = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    const terms = ['-extfile', 'extensions', '-extensions', as, '-days', String(days), `-${digest}`];
    this.#openssl('x509', '-req', '-in', `${name}.csr`, ...signer, ...terms, '-out', `${name}.pem`);
  }

  /** Another kind of certificate, by its lines in a file of extensions of openssl. */
  allow(as: string, ...lines: readonly string[]): void {
    appendFileSync(this.path('extensions'), `[${as}]\n${lines.join('\n')}\n`);
  }

  signer(): PackageSigner {
    return signerOfPem(this.pem('chain'), this.key('leaf'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #request(name: string, subject: string, key = 'rsa:2048'): string[] {
    return ['-newkey', key, '-nodes', '-keyout', `${name}.key`, '-subj', `/CN=${subject}`];
  }

  #openssl(...args: string[]): void {
    run('openssl', args, { folder: this.folder });
  }
}

interface Issue {
  readonly subject: string;
  readonly by: string;
  /** authority, installer, server, code, plain, or what `allow` was told. */
  readonly as: string;
  readonly days?: number;
  /** As openssl takes it: `rsa:2048`, if nothing else is said. */
  readonly key?: string;
  readonly digest?: 'md5' | 'sha1' | 'sha256';
}
