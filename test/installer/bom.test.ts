import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeBom } from '../../src/installer/bom.ts';
import { cpioPieces } from '../../src/installer/cpio.ts';
import { gzipMember } from '../../src/installer/gzip-member.ts';
import { layOut } from '../../src/installer/layout.ts';
import type { Tree } from '../../src/installer/tree.ts';
import { makeFolder } from '../fakes/folder.ts';
import { python, run } from './foreign.ts';
import { bytesOf, EPOCH, file } from './plans.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The golden vector of docs/package-format.md. */
const GOLDEN: Tree = [
  { type: 'directory', path: 'a', mode: 0o755 },
  file('a/f', 'hi\n'),
  { type: 'symlink', path: 'a/l', target: 'f' },
];

/** What bom_check.py finds, with the tree unpacked by bsdtar as its witness. */
async function checked(tree: Tree): Promise<unknown> {
  const folder = await makeFolder();
  const layout = layOut(tree);
  const [bom, payload, root] = ['Bom', 'Payload', 'root'].map((name) => join(folder, name));
  await writeFile(`${bom}`, encodeBom(layout, EPOCH));
  await writeFile(`${payload}`, await bytesOf(await gzipMember(cpioPieces(layout, EPOCH))));
  await mkdir(`${root}`);
  run('bsdtar', ['-xpf', `${payload}`, '-C', `${root}`]);
  return python('bom_check.py', [`${bom}`, `${root}`]);
}

describe('the golden vector', () => {
  const layout = layOut(GOLDEN);

  it('is, as cpio, the bytes that stand in the format', () => {
    const archive = Buffer.concat([...cpioPieces(layout, EPOCH)] as Uint8Array[]);
    expect(archive.length).toBe(413);
    expect(sha256(archive)).toBe('a324f5b59064484026d88119e1dab9c2138d81eadd25e8a096abe5e8d6e381a2');
  });

  it('is, as Bom, the bytes that stand in the format', () => {
    const bom = encodeBom(layout, EPOCH);
    expect(bom.length).toBe(13_515);
    expect(sha256(bom)).toBe('5e50a82111ef99e5e45049cb55e47e97dcf8d3a877905a7559656f5be4957a5a');
    for (const record of [
      '0101000f81a400000000000000006553f10000000003015835334a0000000000000000',
      '0301000fa1ed00000000000000006553f10000000001017f0d07840000000266000000000000000000',
    ]) {
      expect(bom.indexOf(record, 0, 'hex')).toBeGreaterThan(512);
    }
  });
});

describe('a Bom', () => {
  it.each([256, 257, 512, 2010])('of %i paths is what was unpacked', async (count) => {
    const files = Array.from({ length: count - 10 }, (_, at) =>
      file(
        `Library/Many/${at % 7}/${'n'.repeat(at % 40)}${at}`,
        `file ${at}`.repeat(at % 5),
        0o600 + (at % 64),
      ),
    );
    expect(await checked(files)).toMatchObject({ paths: count });
  });
});
