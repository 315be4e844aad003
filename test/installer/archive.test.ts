import { describe, expect, it } from 'vitest';
import type { ArchiveSigner } from '../../src/installer/archive.ts';
import { makeFolder } from '../fakes/folder.ts';
import { python, run } from './foreign.ts';
import { build, EPOCH, serverPlan } from './plans.ts';

/** Signs nothing: shows what it was given, and takes the room that a signature takes. */
class StandIn implements ArchiveSigner {
  readonly chain = [Buffer.alloc(100, 1), Buffer.alloc(99, 2)];
  readonly rsaBytes = 256;
  readonly cmsBytes = 9216;
  asked: [digest: string, epoch: number][] = [];

  sign(digest: Uint8Array, epoch: number) {
    this.asked.push([Buffer.from(digest).toString('hex'), epoch]);
    return { rsa: Buffer.alloc(this.rsaBytes, 0xaa), cms: Buffer.alloc(1000, 0xbb) };
  }
}

interface Found {
  readonly digest: string;
  readonly isWhole: boolean;
  readonly signatures: Record<string, { offset: number; bytes: string; chain: string[] }>;
}

describe('an archive with a signer', () => {
  it('keeps the room of both signatures before its members, and fills what is left with zeros', async () => {
    const signer = new StandIn();
    const path = await build(await makeFolder(), await serverPlan({ signer }));
    const { digest, isWhole, signatures } = python('xar_check.py', [path]) as Found;
    expect(isWhole).toBe(true);
    expect(signer.asked).toEqual([[digest, EPOCH]]);
    const { RSA, CMS } = signatures;
    expect([RSA?.offset, RSA?.bytes]).toEqual([20, 'aa'.repeat(256)]);
    expect([CMS?.offset, CMS?.bytes]).toEqual([276, `${'bb'.repeat(1000)}${'00'.repeat(8216)}`]);
    for (const chain of [RSA?.chain, CMS?.chain]) {
      expect(chain?.map((text) => Buffer.from(text, 'base64'))).toEqual(signer.chain);
    }
    run('7zz', ['t', '-tXar', path]);
    run('bsdtar', ['-tf', path]);
  });
});
