import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteSource, CHUNK_BYTES, joinSources, sourceOfBytes } from '../../src/installer/byte-source.ts';
import { gzipMember } from '../../src/installer/gzip-member.ts';
import { findPython } from '../backends/python.ts';
import { makeFolder } from '../fakes/folder.ts';
import { makeSegment } from '../fakes/segment.ts';
import { run } from './foreign.ts';
import { bytesOf, segmentOf } from './plans.ts';

/** Reads one member, and nothing behind it. */
const ONE_MEMBER = `
import hashlib, sys, zlib
member = zlib.decompressobj(wbits=31)
content = member.decompress(open(sys.argv[1], 'rb').read())
assert member.eof and member.unused_data == b''
print(hashlib.sha256(content).hexdigest())
`;

const inChunksOf = (length: number, bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: async function* () {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  },
});

describe('a gzip member of bytes and segments', () => {
  it('is their concatenation, whatever they are', async () => {
    const piece = fc.record({ isSegment: fc.boolean(), bytes: fc.uint8Array({ maxLength: 2000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const given = pieces.map(({ isSegment, bytes }) => (isSegment ? segmentOf(bytes) : bytes));
        const member = await gzipMember(await Promise.all(given));
        const packed = await bytesOf(member);
        expect(packed.length).toBe(member.size);
        expect(gunzipSync(packed)).toEqual(Buffer.concat(pieces.map(({ bytes }) => bytes)));
      }),
      { numRuns: 40 },
    );
  });

  it('is one ordinary member to gunzip, 7-Zip and Python, with runs and segments longer than a chunk', async () => {
    const noise = randomBytes(CHUNK_BYTES + 77);
    const words = Buffer.alloc(3 * CHUNK_BYTES - 5, 'arm64 x86_64 ');
    const segment = await segmentOf(words);
    const pieces = [
      Buffer.from('head'),
      segment,
      noise,
      Buffer.alloc(0),
      segment,
      segment,
      Buffer.from('end'),
    ];
    const path = join(await makeFolder(), 'member.gz');
    await writeFile(path, await bytesOf(await gzipMember(pieces)));
    run('gunzip', ['-t', path]);
    expect(run('7zz', ['t', '-tgzip', path])).toContain('Everything is Ok');
    const whole = Buffer.concat(pieces.map((piece) => (piece instanceof Uint8Array ? piece : words)));
    const sha256 = createHash('sha256').update(whole).digest('hex');
    expect(run(findPython() ?? 'python3', ['-c', ONE_MEMBER, path]).trim()).toBe(sha256);
  });
});

describe('a segment', () => {
  it('depends on its bytes alone, not on the chunks in which they came', async () => {
    const bytes = Buffer.concat([randomBytes(100_000), Buffer.alloc(CHUNK_BYTES + 3, 'Fleet')]);
    const [whole, ...others] = await Promise.all(
      [bytes.length, 4096, 65_537].map((length) => makeSegment(inChunksOf(length, bytes))),
    );
    for (const other of others) {
      expect({ ...other, deflated: null }).toEqual({ ...whole, deflated: null });
      expect(await bytesOf(other.deflated)).toEqual(await bytesOf(whole?.deflated ?? sourceOfBytes(bytes)));
    }
  });
});

describe('sources that were joined', () => {
  it('come in chunks of at most a megabyte, as often as they are read', async () => {
    const source = joinSources([
      sourceOfBytes(Buffer.alloc(2 * CHUNK_BYTES + 1)),
      sourceOfBytes(Buffer.of(7)),
    ]);
    for (const _ of [1, 2]) {
      const lengths: number[] = [];
      for await (const chunk of source.read()) lengths.push(chunk.length);
      expect(lengths).toEqual([CHUNK_BYTES, CHUNK_BYTES, 1, 1]);
    }
  });

  it('are refused when one is not as long as it said', async () => {
    for (const size of [3, 5]) {
      const source = joinSources([{ ...sourceOfBytes(Buffer.alloc(4)), size }]);
      await expect(bytesOf(source)).rejects.toMatchObject({
        code: 'source_changed',
        message: `A part of the package has 4 bytes where ${size} were announced.`,
      });
    }
  });
});
