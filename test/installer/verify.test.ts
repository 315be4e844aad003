/** What the verifier finds: every byte that was changed, and every part that says something else than the others. */

import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { CHUNK_BYTES, type RandomSource, sourceOfBytes } from '../../src/installer/byte-source.ts';
import { assemblePackage } from '../../src/installer/flat-package.ts';
import { archiveSigner } from '../../src/installer/signature.ts';
import { checkTrust } from '../../src/installer/signature-reader.ts';
import { signerOfPem } from '../../src/installer/signing-identity.ts';
import { type PackageCheck, type VerifyTerms, verifyPackage } from '../../src/installer/verify.ts';
import { appending, type Change, forged, inBlock, inBom, replacing, withToc } from './forgery.ts';
import { bytesOf, file, serverPlan } from './plans.ts';
import { SigningAuthority } from './signing-authority.ts';

const TERMS: VerifyTerms = { roots: null, nowMs: 0 };

async function checksOf(source: RandomSource, terms: Partial<VerifyTerms> = {}): Promise<PackageCheck[]> {
  const checks: PackageCheck[] = [];
  for await (const check of verifyPackage(source, { ...TERMS, ...terms })) checks.push(check);
  return checks;
}

/** `WHAT: SENTENCE` of what failed, or what was thrown. */
async function faultsOf(bytes: Buffer, terms: Partial<VerifyTerms> = {}): Promise<string[]> {
  try {
    const checks = await checksOf(sourceOfBytes(bytes), terms);
    return checks
      .filter(({ result }) => result === 'fail')
      .map(({ what, sentence }) => `${what}: ${sentence}`);
  } catch (error) {
    if (error instanceof AtlasError && error.code === 'package_unreadable') return [error.message];
    throw error;
  }
}

/** In one byte, 0x01 for 0x0b, CMS has another legal name for RSA: that one is told, not failed. */
async function passesWhole(bytes: Buffer): Promise<boolean> {
  try {
    return (await checksOf(sourceOfBytes(bytes))).every(({ result }) => result === 'pass');
  } catch (error) {
    if (error instanceof AtlasError && error.code === 'package_unreadable') return false;
    throw error;
  }
}

let authority: SigningAuthority;
let plain: Buffer;
let signed: Buffer;
beforeAll(async () => {
  authority = new SigningAuthority();
  plain = await bytesOf(await assemblePackage(await serverPlan()));
  const signer = archiveSigner(authority.signer());
  signed = await bytesOf(await assemblePackage(await serverPlan({ signer })));
});
afterAll(() => authority.remove());

describe('a package as it was built', () => {
  it('passes in all its parts', async () => {
    const checks = await checksOf(sourceOfBytes(signed));
    expect(checks.map(({ what, result }) => `${what} ${result}`)).toEqual([
      'Archive pass',
      'Heap pass',
      'Signature pass',
      'Manifests pass',
      'fleet-server.pkg/Payload pass',
      'fleet-server.pkg/Bom pass',
      'fleet-server.pkg/PackageInfo pass',
      'fleet-server.pkg/Scripts pass',
      'fleet-server.pkg/Scripts pass',
      'Distribution pass',
    ]);
  });

  it('passes without a signature too, and that nobody vouches for it is said', async () => {
    const checks = await checksOf(sourceOfBytes(plain));
    expect(checks.filter(({ result }) => result !== 'pass')).toEqual([
      { what: 'Signature', result: 'unchecked', sentence: expect.stringMatching(/not signed/), signer: null },
    ]);
  });

  it('passes with more paths than one leaf of its Bom can hold', async () => {
    const payload = Array.from({ length: 700 }, (_, at) => file(`Library/FleetServer/app/${at}`, `${at}`));
    expect(await faultsOf(await bytesOf(await assemblePackage(await serverPlan({ payload }))))).toEqual([]);
  });

  it('is never read by more than a chunk at a time', async () => {
    const content = [
      Buffer.alloc(5 * CHUNK_BYTES, 'no two alike, hardly ').map((byte, at) => (byte * at) ^ (at >> 9)),
    ];
    const payload = [{ type: 'file' as const, path: 'Library/FleetServer/large', mode: 0o644, content }];
    const inner = sourceOfBytes(await bytesOf(await assemblePackage(await serverPlan({ payload }))));
    let most = 0;
    const source: RandomSource = {
      ...inner,
      slice: (offset, length) => {
        most = Math.max(most, length);
        return inner.slice(offset, length);
      },
    };
    expect((await checksOf(source)).filter(({ result }) => result === 'fail')).toEqual([]);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(CHUNK_BYTES);
  });
});

describe('a package that was changed on its way', () => {
  it('is found by any one byte', async () => {
    const one = fc.tuple(fc.nat(signed.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(one, async ([at, bits]) => {
        const changed = Buffer.from(signed);
        changed[at] = (changed[at] ?? 0) ^ bits;
        return !(await passesWhole(changed));
      }),
      { numRuns: 200 },
    );
  });

  it('is found when it is cut off anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(plain.length - 1),
        async (end) => (await faultsOf(plain.subarray(0, end))).length > 0,
      ),
      { numRuns: 50 },
    );
  });

  it('is found when something stands behind it', async () => {
    expect(await faultsOf(Buffer.concat([plain, Buffer.alloc(3)]))).toEqual([
      'Heap: 3 bytes stand behind the end of the archive.',
    ]);
  });

  it('is found by the SHA-256 that it shall have', async () => {
    expect(await faultsOf(plain, { sha256: '0'.repeat(64) })).toEqual([
      expect.stringMatching(/^File: Its SHA-256 is/),
    ]);
  });
});

describe('a signature', () => {
  const root = (pem: string) => [new X509Certificate(pem)];

  it('is vouched for by the authority that is given, and by no other', async () => {
    const now = Date.now();
    expect(await faultsOf(signed, { roots: root(authority.pem('root')), nowMs: now })).toEqual([]);
    const other = new SigningAuthority();
    expect(await faultsOf(signed, { roots: root(other.pem('root')), nowMs: now })).toEqual([
      'Signature: The signer is not vouched for by the authorities that were given.',
    ]);
    other.remove();
  });

  it('is asked for where an authority is given, and counts while its certificates do', async () => {
    const roots = root(authority.pem('root'));
    expect(await faultsOf(plain, { roots })).toEqual([expect.stringMatching(/a signature was asked for/)]);
    expect(await faultsOf(signed, { roots, nowMs: Date.now() + 400 * 86_400_000 })).toEqual([
      expect.stringMatching(/is not good at this time/),
    ]);
  });

  it.each([
    ['installer', 'rsa:1024', 'sha256', 'The key of the certificate leaf is too weak: RSA with 1024 bits.'],
    [
      'installer',
      'rsa:2048',
      'md5',
      'The certificate leaf is signed with md5WithRSAEncryption, not with SHA-2.',
    ],
    [
      'installer',
      'rsa:2048',
      'sha1',
      'The certificate leaf is signed with sha1WithRSAEncryption, not with SHA-2.',
    ],
    [
      'server',
      'rsa:2048',
      'sha256',
      'The certificate leaf is for another use than signing packages or code.',
    ],
    ['code', 'rsa:2048', 'sha256', null],
    ['plain', 'rsa:3072', 'sha256', null],
  ] as const)(
    'counts only of a certificate that nobody else can have made, for this use: %s %s %s',
    (as, key, digest, fault) => {
      authority.issue('issued', { subject: 'leaf', by: 'root', as, key, digest });
      const [leaf, given] = [new X509Certificate(authority.pem('issued')), root(authority.pem('root'))];
      const facts = {
        signer: 'leaf',
        certificates: [leaf, ...given],
        kinds: [],
        signedAt: null,
        beside: null,
      };
      const judge = () => checkTrust(facts, given, Date.now());
      if (fault === null) expect(judge).not.toThrow();
      else expect(judge).toThrow(expect.objectContaining({ code: 'package_damaged', message: fault }));
    },
  );

  it('of a certificate for a web server is told where no authority is given, and fails where one is', async () => {
    authority.issue('web', { subject: 'web.example', by: 'root', as: 'server' });
    const signer = signerOfPem(authority.pem('web') + authority.pem('root'), authority.key('web'));
    const made = await bytesOf(await assemblePackage(await serverPlan({ signer: archiveSigner(signer) })));
    const sentence = 'The certificate web.example is for another use than signing packages or code.';
    const checks = await checksOf(sourceOfBytes(made), { nowMs: Date.now() });
    expect(checks.filter(({ result }) => result !== 'pass')).toEqual([
      {
        what: 'Signature',
        result: 'unchecked',
        sentence: expect.stringContaining(sentence),
        signer: 'web.example',
      },
    ]);
    const roots = root(authority.pem('root'));
    expect(await faultsOf(made, { roots, nowMs: Date.now() })).toEqual([`Signature: ${sentence}`]);
  });

  it('ends with its own certificate, though the authorities are still good', async () => {
    authority.issue('brief', { subject: 'brief', by: 'root', as: 'installer', days: 1 });
    const signer = signerOfPem(authority.pem('brief') + authority.pem('root'), authority.key('brief'));
    const made = await bytesOf(await assemblePackage(await serverPlan({ signer: archiveSigner(signer) })));
    const roots = root(authority.pem('root'));
    const faultsIn = (days: number) => faultsOf(made, { roots, nowMs: Date.now() + days * 86_400_000 });
    expect(await faultsIn(0)).toEqual([]);
    expect(await faultsIn(2)).toEqual(['Signature: The certificate brief is not good at this time.']);
  });

  it('of one package is none of another', async () => {
    const named = withToc(signed, (xml) => xml.replace('<user>root</user>', '<user>hugo</user>'));
    expect(await faultsOf(named)).toEqual([expect.stringMatching(/^Signature: .*over another checksum/)]);
  });
});

const CONFIG = 'Library/FleetServer/config.yaml';

describe('a package that lies, with all checksums right', () => {
  it.each<[string, string, Change, RegExp]>([
    [
      'a mode in the Payload',
      'Payload',
      replacing('100600', '100644'),
      /differ in the mode of .*config\.yaml/,
    ],
    [
      'an owner in the Payload',
      'Payload',
      replacing('100600000000000000', '100600000765000000'),
      /differ in the owner of/,
    ],
    [
      'content of the same length',
      'Payload',
      replacing('enabled: true', 'enabled: flse'),
      /differ in the checksum of .*config\.yaml/,
    ],
    [
      'a target of a link',
      'Payload',
      replacing('bin/node07', 'bin/nodf07'),
      /checksum and target of .*current/,
    ],
    [
      'a path that the Bom does not have',
      'Payload',
      replacing('config.yaml', 'config.yamm'),
      /is in the Payload and not in the Bom/,
    ],
    [
      'a path twice',
      'Payload',
      replacing('FleetServer/app\0', 'FleetServer/bin\0'),
      /is in the Payload twice/,
    ],
    ['a mode in the Bom', 'Bom', inBom(CONFIG, 5, 0xa4), /differ in the mode of .*config\.yaml/],
    ['a size in the Bom', 'Bom', inBom(CONFIG, 21, 26), /differ in the size of .*config\.yaml/],
    ['a checksum in the Bom', 'Bom', inBom(CONFIG, 26, 1), /differ in the checksum of .*config\.yaml/],
    ['a group in the Bom', 'Bom', inBom(CONFIG, 13, 80), /differ in the group of .*config\.yaml/],
    ['a type in the Bom', 'Bom', inBom(CONFIG, 0, 4), /differ in the type of .*config\.yaml/],
    [
      'a number of files',
      'PackageInfo',
      replacing('numberOfFiles="20"', 'numberOfFiles="21"'),
      /says 21 files, and there are 20/,
    ],
    [
      'less than it lays down',
      'PackageInfo',
      replacing('installKBytes="255"', 'installKBytes="253"'),
      /says 253 KB, and there are 255/,
    ],
    [
      'a script that is not there',
      'PackageInfo',
      replacing('./preinstall', './preinstalk'),
      /preinstall script preinstalk is missing/,
    ],
    ['a script that cannot be run', 'Scripts', replacing('100755', '100644'), /cannot be executed/],
    [
      'another component',
      'Distribution',
      replacing('#fleet-server.pkg', '#fleet-sewer.pkgg'),
      /which is not in the package/,
    ],
    [
      'another version',
      'Distribution',
      replacing('version="0.1.0" onC', 'version="0.1.1" onC'),
      /says version 0\.1\.1/,
    ],
    [
      'another identifier',
      'Distribution',
      replacing('id="com.fleet.server" version="0.1.0" onC', 'id="com.fleet.sewerr" version="0.1.0" onC'),
      /calls fleet-server\.pkg com\.fleet\.sewerr/,
    ],
    [
      'a file of elsewhere',
      'Distribution',
      replacing('#fleet-server.pkg', 'http://evil.test/'),
      /outside of the package/,
    ],
  ])('is found by %s', async (_, member, change, fault) => {
    expect((await faultsOf(await forged(plain, { [member]: change }))).join('\n')).toMatch(fault);
  });

  it('is the test of the one before: nothing changed is nothing found', async () => {
    expect(await faultsOf(await forged(plain, {}))).toEqual([]);
  });
});

describe('a package that attacks its reader', () => {
  it.each<[string, string, Change, RegExp]>([
    [
      'a path upwards',
      'Payload',
      replacing('./Library/FleetServer/app/m', './../../../../../../etc/pas'),
      /a path that is none of a package/,
    ],
    [
      'an absolute path',
      'Payload',
      replacing('./Library/FleetServer/e', '/xLibrary/FleetServer/e'),
      /a path that is none of a package/,
    ],
    ['letters among its digits', 'Payload', replacing('100600', '10060x'), /is no cpio entry/],
    ['a cpio of another kind', 'Payload', replacing('070707', '070701'), /is no cpio entry/],
    [
      'a size beyond its end',
      'Payload',
      replacing('00000000031./Library', '77777777777./Library'),
      /ends too early/,
    ],
    ['something behind its end', 'Payload', appending(Buffer.from('more')), /stands behind the end/],
    [
      'more than was announced',
      'Payload',
      appending(Buffer.alloc(80_000_000)),
      /longer than the \d+ bytes that are announced/,
    ],
    [
      'a second gzip member behind the first',
      'Payload, packed',
      appending(Buffer.from('junk')),
      /cannot be decompressed|stands behind/,
    ],
    [
      'zeros behind its gzip member',
      'Payload, packed',
      appending(Buffer.alloc(9)),
      /stands behind the end of/,
    ],
    [
      'a wrong sum of gzip',
      'Payload, packed',
      (bytes) => Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(4), bytes.subarray(-4)]),
      /cannot be decompressed/,
    ],
    ['a Bom whose leaves go round', 'Bom', inBlock(3, 4, 3), /go round in a circle/],
    ['a Bom whose tree has no leaf', 'Bom', (bom) => inBlock(3, 12, 3)(inBlock(3, 0, 20)(bom)), /too deep/],
    ['a Bom with a block beyond its end', 'Bom', inBlock(3, 12, 0xffffff), /has no block 16777215/],
    ['a Bom with a folder in itself', 'Bom', inBlock(15, 0, 2), /a path that is none|lies in no folder/],
    ['a Bom that counts more paths', 'Bom', inBlock(2, 16, 999), /lists 20 paths and says 999/],
    ['a Bom that is cut off', 'Bom', (bom) => bom.subarray(0, 700), /does not have|no block|beyond its end/],
    ['a Bom that is none', 'Bom', () => Buffer.alloc(600), /does not begin as one/],
    [
      'entities',
      'PackageInfo',
      () => Buffer.from('<!DOCTYPE a [<!ENTITY b "c">]><pkg-info>&b;</pkg-info>'),
      /something else than elements/,
    ],
    [
      'an entity of its own',
      'PackageInfo',
      () => Buffer.from('<pkg-info identifier="&file;"/>'),
      /refers to an entity/,
    ],
    ['elements without an end', 'PackageInfo', () => Buffer.from('<a>'.repeat(100_000)), /nested too deep/],
    [
      'a script of the whole text',
      'PackageInfo',
      () => Buffer.from('<?php echo 1 ?><pkg-info/>'),
      /something else than elements/,
    ],
  ])('is refused for %s', async (_, member, change, fault) => {
    expect((await faultsOf(await forged(plain, { [member]: change }))).join('\n')).toMatch(fault);
  });

  it.each<[string, (xml: string) => string, RegExp]>([
    [
      'a member that lies over another',
      (xml) => xml.replace(/<offset>20</, '<offset>10<'),
      /lie over each other/,
    ],
    [
      'a gap in the heap',
      (xml) =>
        xml.replace(
          /<length>(\d+)<\/length><offset>20</,
          (_, length) => `<length>${Number(length) - 4}</length><offset>24<`,
        ),
      /4 bytes of the archive belong to nothing/,
    ],
    [
      'a member beyond the end',
      (xml) => xml.replace(/<offset>20</, '<offset>999999999999<'),
      /ends before its last member/,
    ],
    [
      'a member with a folder in its name',
      (xml) => xml.replace('<name>Bom<', '<name>../Bom<'),
      /a name that leads elsewhere/,
    ],
    ['a member twice', (xml) => xml.replace('<name>Bom<', '<name>Payload<'), /names a member twice/],
    [
      'a checksum of another kind',
      (xml) => xml.replace('style="sha1"><offset>', 'style="sha256"><offset>'),
      /name different checksums/,
    ],
    [
      'no checksum of a member',
      (xml) => xml.replace(/<extracted-checksum.*<\/extracted-checksum>/, ''),
      /has no checksum of its bytes extracted/,
    ],
    [
      'a size that is no number',
      (xml) => xml.replace(/<size>\d+<\/size>\s*<enc/, '<size>1e9</size><enc'),
      /a data without a size/,
    ],
    ['a member that is a link', (xml) => xml.replace('<type>file<', '<type>symlink<'), /is a symlink/],
    [
      'a compression that is not known',
      (xml) => xml.replace('application/x-gzip', 'application/x-lzma'),
      /in a way that is not known/,
    ],
    [
      'a document type',
      (xml) => xml.replace('<xar>', '<!DOCTYPE xar SYSTEM "file:///etc/passwd"><xar>'),
      /something else than elements/,
    ],
  ])('is refused for a table of contents with %s', async (_, change, fault) => {
    expect((await faultsOf(withToc(plain, change))).join('\n')).toMatch(fault);
  });

  it.each<[string, (head: Buffer) => void, RegExp]>([
    ['of another version', (head) => head.writeUInt16BE(2, 6), /another version/],
    ['longer than it is', (head) => head.writeUInt16BE(32, 4), /another version/],
    ['with a huge table', (head) => head.writeBigUInt64BE(1n << 40n, 8), /too long to be read/],
    [
      'with a table that would be huge',
      (head) => head.writeBigUInt64BE(1n << 62n, 16),
      /too long to be read/,
    ],
    ['with a table of another length', (head) => head.writeBigUInt64BE(300n, 16), /cannot be decompressed/],
    ['without a checksum', (head) => head.writeUInt32BE(0, 24), /a kind that is not known/],
    ['with md5', (head) => head.writeUInt32BE(2, 24), /a kind that is not known/],
  ])('is refused for a header %s', async (_, change, fault) => {
    const bytes = Buffer.from(plain);
    change(bytes);
    expect((await faultsOf(bytes)).join('\n')).toMatch(fault);
  });

  it('ends in a plain refusal, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        const bytes = Buffer.concat([plain.subarray(0, 28), noise]);
        return (await faultsOf(bytes)).length > 0;
      }),
      { numRuns: 100 },
    );
  });
});
