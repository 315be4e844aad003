import { describe, expect, it } from 'vitest';
import { filesOfTar } from '../../src/program/tarball.ts';
import { tarFile } from '../fakes/runtime-tarball.ts';

const END = Buffer.alloc(1024);

/** In chunks of this many bytes, as a stream would come. */
async function* inChunks(bytes: Buffer, chunk: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
}

async function read(
  bytes: Buffer,
  chunk = 4096,
  skip: readonly string[] = [],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, content } of filesOfTar(inChunks(bytes, chunk))) {
    if (skip.includes(name)) continue;
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    found[name] = Buffer.concat(pieces).toString();
  }
  return found;
}

const tar = Buffer.concat([
  ...tarFile('package/a', Buffer.from('x'.repeat(700))),
  ...tarFile('package/empty', Buffer.alloc(0)),
  ...tarFile('package/b', Buffer.from('y'.repeat(512))),
  END,
]);

describe('a tarball of npm', () => {
  it.each([1, 511, 512, 513, 100_000])(
    'gives its files, however it comes: %i bytes at a time',
    async (chunk) => {
      expect(await read(tar, chunk)).toEqual({
        'package/a': 'x'.repeat(700),
        'package/empty': '',
        'package/b': 'y'.repeat(512),
      });
    },
  );

  it('passes over what nobody reads, and over all but plain files', async () => {
    expect(Object.keys(await read(tar, 100, ['package/a']))).toEqual(['package/empty', 'package/b']);
    const links = Buffer.concat([
      ...tarFile('package/link', Buffer.alloc(0), '2'),
      ...tarFile('pax', Buffer.from('30 path=../../etc/passwd\n'), 'x'),
      ...tarFile('package/c', Buffer.from('z')),
      END,
    ]);
    expect(await read(links)).toEqual({ 'package/c': 'z' });
  });

  it('is refused when it ends too early or a header was changed', async () => {
    const short = 'This archive of Node cannot be read: it ends too early.';
    await expect(read(tar.subarray(0, 1000))).rejects.toMatchObject({ message: short });
    await expect(read(tar.subarray(0, 300))).rejects.toMatchObject({ message: short });
    const changed = Buffer.from(tar);
    changed.write('B', 0);
    await expect(read(changed)).rejects.toMatchObject({
      code: 'runtime_refused',
      message: 'This archive of Node cannot be read: a header in it is damaged.',
    });
  });
});
