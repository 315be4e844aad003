/** Signed packages, read by programs that are not ours; and what of a signature can be changed unseen: nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { openArchive } from '../../src/installer/archive-reader.ts';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import { signCms } from '../../src/installer/cms.ts';
import { verifyCms } from '../../src/installer/cms-reader.ts';
import { assemblePackage } from '../../src/installer/flat-package.ts';
import { signedPackage } from '../../src/installer/sign.ts';
import { archiveSigner, rsaKey } from '../../src/installer/signature.ts';
import { readSignatures } from '../../src/installer/signature-reader.ts';
import { signerDoubts, signerName, signerOfPem } from '../../src/installer/signing-identity.ts';
import { makeFolder } from '../fakes/folder.ts';
import { ask, python, run } from './foreign.ts';
import { bytesOf, EPOCH, serverPlan } from './plans.ts';
import { INSTALLER, SigningAuthority } from './signing-authority.ts';

let authority: SigningAuthority;
let signed: Buffer;
let unsigned: Buffer;
beforeAll(async () => {
  authority = new SigningAuthority();
  unsigned = await bytesOf(await assemblePackage(await serverPlan()));
  const signer = archiveSigner(authority.signer());
  signed = await bytesOf(await assemblePackage(await serverPlan({ signer })));
});
afterAll(() => authority.remove());

const resign = async (bytes: Buffer) =>
  bytesOf(signedPackage(await openArchive(sourceOfBytes(bytes)), archiveSigner(authority.signer())));

/** The pieces, as a reader in Python cuts them out. */
async function pieces() {
  const folder = await makeFolder();
  const path = join(folder, 'signed.pkg');
  writeFileSync(path, signed);
  const read = python('xar_check.py', [path]) as {
    digest: string;
    signatures: Record<'RSA' | 'CMS', { bytes: string; chain: string[] }>;
  };
  const put = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const { RSA, CMS } = read.signatures;
  return {
    path,
    digest: put('digest', Buffer.from(read.digest, 'hex')),
    other: put('other', Buffer.alloc(20, 7)),
    rsa: put('rsa', Buffer.from(RSA.bytes, 'hex')),
    cms: put('cms', Buffer.from(CMS.bytes, 'hex')),
    leaf: put('leaf.der', Buffer.from(RSA.chain[0] ?? '', 'base64')),
    publicKey: join(folder, 'public.pem'),
    chains: [RSA.chain, CMS.chain],
  };
}

describe('a signed package', () => {
  it('is read by bsdtar and 7-Zip as an unsigned one is', async () => {
    const { path } = await pieces();
    expect(run('bsdtar', ['-tf', path])).toContain('fleet-server.pkg/Payload');
    expect(run('7zz', ['t', '-tXar', path])).toMatch(/Everything is Ok/);
  });

  it('has an RSA signature over its checksum that openssl finds good, and not over another', async () => {
    const { rsa, leaf, digest, other, publicKey } = await pieces();
    run('openssl', ['x509', '-inform', 'DER', '-in', leaf, '-pubkey', '-noout', '-out', publicKey]);
    const verify = (content: string) =>
      ask('openssl', [
        'pkeyutl',
        '-verify',
        '-pubin',
        '-inkey',
        publicKey,
        '-sigfile',
        rsa,
        '-in',
        content,
        '-pkeyopt',
        'digest:sha1',
      ]);
    expect(verify(digest)).toMatchObject({
      status: 0,
      output: expect.stringContaining('Verified Successfully'),
    });
    expect(verify(other).status).not.toBe(0);
  });

  it('has a CMS signature that openssl follows to the root, and not over another checksum', async () => {
    const { cms, digest, other } = await pieces();
    const verify = (content: string, ...more: string[]) =>
      ask('openssl', [
        'cms',
        '-verify',
        '-inform',
        'DER',
        '-in',
        cms,
        '-content',
        content,
        '-binary',
        '-CAfile',
        authority.path('root.pem'),
        '-purpose',
        'any',
        '-out',
        '/dev/null',
        ...more,
      ]);
    expect(verify(digest, '-ignore_critical')).toMatchObject({
      status: 0,
      complaint: expect.stringContaining('successful'),
    });
    expect(verify(digest)).toMatchObject({
      complaint: expect.stringContaining('unhandled critical extension'),
    });
    expect(verify(other, '-ignore_critical').status).not.toBe(0);
  });

  it('names the whole chain beside both signatures, its own certificate first', async () => {
    const { chains } = await pieces();
    const expected = ['leaf', 'intermediate', 'root'].map((name) =>
      authority.pem(name).replace(/-----[^-]+-----|\s/g, ''),
    );
    for (const chain of chains) expect(chain.map((text) => text.replace(/\s/g, ''))).toEqual(expected);
  });

  it('is the same, byte for byte, whether it was signed when it was built or afterwards', async () => {
    expect(await resign(unsigned)).toEqual(signed);
    expect(await resign(signed)).toEqual(signed);
  });
});

describe('a CMS signature', () => {
  const digest = Buffer.alloc(20, 1);
  const cmsOf = () => {
    const { chain, key } = authority.signer();
    return signCms(digest, { chain, key: rsaKey(key) }, EPOCH);
  };

  it('says who signed when, and zeros may follow it', () => {
    const statement = verifyCms(Buffer.concat([cmsOf(), Buffer.alloc(64)]), digest);
    expect(statement).toMatchObject({ signedAt: new Date(EPOCH * 1000), beside: null });
    expect(statement.leaf.subject).toBe(`CN=${INSTALLER}`);
  });

  it.each([
    ['other content', () => verifyCms(cmsOf(), Buffer.alloc(20, 2)), /over another checksum/],
    ['a byte behind it', () => verifyCms(Buffer.concat([cmsOf(), Buffer.of(1)]), digest), /stands behind it/],
    ['its second half gone', () => verifyCms(cmsOf().subarray(0, 900), digest), /cut off/],
    ['nothing', () => verifyCms(new Uint8Array(0), digest), /not sound/],
    ['zeros', () => verifyCms(new Uint8Array(64), digest), /not sound/],
    [
      'a sequence that nests without an end',
      () => verifyCms(Buffer.alloc(60_000, 0x30), digest),
      /not sound/,
    ],
  ])('is refused with %s', (_, read, message) => {
    expect(read).toThrow(
      expect.objectContaining({ code: 'package_damaged', message: expect.stringMatching(message) }),
    );
  });

  it('of openssl is read too', async () => {
    const folder = await makeFolder();
    writeFileSync(join(folder, 'content'), digest);
    const signer = ['-signer', authority.path('leaf.pem'), '-inkey', authority.path('leaf.key')];
    const form = ['-binary', '-outform', 'DER', '-out', 'cms', '-md', 'sha256'];
    run('openssl', ['cms', '-sign', '-in', 'content', ...signer, ...form], { folder });
    expect(verifyCms(readFileSync(join(folder, 'cms')), digest)).toMatchObject({ beside: null });
  });

  it('whose lengths are left open, as by the tools of Apple, is read, and that is said', () => {
    const open = Buffer.concat([Buffer.of(0x30, 0x80), cmsOf().subarray(4), Buffer.alloc(64)]);
    expect(verifyCms(open, digest)).toMatchObject({ beside: expect.stringContaining('not DER') });
  });

  it('cannot be changed in a byte: what is not signed has one form', () => {
    const cms = Buffer.from(cmsOf());
    const chain = authority.signer().chain.map((der) => Buffer.from(der));
    const isSame = (changed: Buffer) => {
      const { certificates, beside } = verifyCms(changed, digest);
      return beside === null && certificates.every((der, index) => chain[index]?.equals(der));
    };
    expect(isSame(cms)).toBe(true);
    fc.assert(
      fc.property(fc.nat(cms.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const changed = Buffer.from(cms);
        changed[at] = (changed[at] ?? 0) ^ bits;
        try {
          return !isSame(changed);
        } catch (error) {
          return error instanceof AtlasError && error.code === 'package_damaged';
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('who signs', () => {
  const refused = (message: RegExp) =>
    expect.objectContaining({ code: 'signer_invalid', message: expect.stringMatching(message) });

  it('is known by the name on the certificate', () => {
    expect(signerName(authority.signer())).toBe(INSTALLER);
  });

  it('is refused with a chain in disorder, another key, no certificate, or a key that is not RSA', () => {
    const [leaf, intermediate, root] = ['leaf', 'intermediate', 'root'].map((name) => authority.pem(name));
    const key = authority.key('leaf');
    expect(() => signerOfPem(`${leaf}${root}${intermediate}`, key)).toThrow(
      refused(/not issued by the next/),
    );
    expect(() => signerOfPem(`${intermediate}${leaf}`, key)).toThrow(refused(/not that of the key/));
    expect(() => signerOfPem('', key)).toThrow(refused(/no certificate/));
    run('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', authority.path('ed.key')]);
    expect(() => signerOfPem(`${leaf}`, authority.key('ed'))).toThrow(refused(/not RSA/));
  });

  it('is refused with a key that others can find', () => {
    authority.issue('short', { subject: 'short', by: 'root', as: 'installer', key: 'rsa:2047' });
    expect(() => signerOfPem(authority.pem('short'), authority.key('short'))).toThrow(
      refused(/RSA with 2047 bits, and anybody could find it: 2048 are the least/),
    );
  });

  it('may have a key of any length beyond that', async () => {
    authority.issue('odd', { subject: 'odd', by: 'root', as: 'installer', key: 'rsa:2049' });
    const odd = signerOfPem(authority.pem('odd') + authority.pem('root'), authority.key('odd'));
    const archive = await openArchive(sourceOfBytes(unsigned));
    const resigned = await bytesOf(signedPackage(archive, archiveSigner(odd)));
    expect(await readSignatures(await openArchive(sourceOfBytes(resigned)))).toMatchObject({ signer: 'odd' });
  });

  it('is warned of when a Mac would refuse what it signs', () => {
    authority.issue('server', { subject: 'server.example', by: 'root', as: 'server' });
    authority.issue('old', { subject: 'old', by: 'root', as: 'installer', digest: 'sha1' });
    const now = Date.now();
    const sentences = (at: number) => signerDoubts(authority.signer(), at).map(({ sentence }) => sentence);
    expect(sentences(now)).toEqual([expect.stringMatching(/does not lead to Apple/)]);
    expect(sentences(now + 400 * 86_400_000)[0]).toMatch(/ran out/);
    expect(sentences(now - 86_400_000)[0]).toMatch(/not yet/);
    const server = signerOfPem(authority.pem('server') + authority.pem('root'), authority.key('server'));
    const told = signerDoubts(server, now).map(({ sentence }) => sentence);
    expect(told).toContain('server.example is no installer certificate.');
    expect(told).toContain(
      'The certificate server.example is for another use than signing packages or code.',
    );
    const old = signerOfPem(authority.pem('old') + authority.pem('root'), authority.key('old'));
    expect(signerDoubts(old, now)[0]).toMatchObject({
      sentence: 'The certificate old is signed with sha1WithRSAEncryption, not with SHA-2.',
    });
  });
});
