import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cksum, cksumRegister, combineCrc32 } from '../../src/installer/checksum.ts';
import { run } from './foreign.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const cksumOf = (content: Uint8Array) => cksum(cksumRegister(content), content.length);

describe('the CRC-32 of a whole', () => {
  it('is combined from those of its parts', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const whole = crc32(Buffer.concat([a, b]));
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(whole);
      }),
    );
  });

  it('is the same however the lengths are split, as far as 8 TiB', () => {
    const length = fc.integer({ min: 0, max: 2 ** 42 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), length, length, (sum, a, b) => {
        expect(combineCrc32(sum, 0, a + b)).toBe(combineCrc32(combineCrc32(sum, 0, a), 0, b));
      }),
    );
  });
});

describe('the checksum of POSIX cksum', () => {
  it.each([
    ['', 4294967295],
    ['hi\n', 1479881546],
    ['APPL????', 742937289],
  ])('of %j is %i', (text, expected) => {
    expect(cksumOf(Buffer.from(text))).toBe(expected);
  });

  it('is what the program cksum prints, for lengths on either side of each boundary', () => {
    for (const length of [1, 3, 4, 5, 255, 256, 65_535, 65_536, 65_537, 300_001]) {
      const content = Buffer.alloc(length, 'Atlas Fleet');
      expect(run('cksum', [], { input: content })).toBe(`${cksumOf(content)} ${length}\n`);
    }
  });

  it('goes on from what the bytes before left, and combines as CRC-32 does', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const whole = cksumRegister(Buffer.concat([a, b]));
        expect(cksumRegister(b, cksumRegister(a))).toBe(whole);
        expect(combineCrc32(cksumRegister(a), cksumRegister(b), b.length)).toBe(whole);
      }),
    );
  });
});
