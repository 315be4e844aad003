/** Keys that others bring along: which of them can be used at all. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSealingKey, publicKeyText } from '../../src/protocol/identity-key.ts';

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');

describe('a sealing key', () => {
  it('is any public key of X25519', () => {
    for (let i = 0; i < 20; i += 1)
      expect(isSealingKey(publicKeyText(generateKeyPairSync('x25519').privateKey))).toBe(true);
  });

  it.each([
    ['zero', '00'.repeat(32)],
    ['one', `01${'00'.repeat(31)}`],
    ['a point of order eight', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['the prime less one', `ecff${'ff'.repeat(29)}7f`],
    ['the prime', `edff${'ff'.repeat(29)}7f`],
  ])('is not %s, with which everybody agrees on the same', (_, hex) => {
    expect(isSealingKey(base64(hex))).toBe(false);
  });

  it('is nothing of another length or spelling', () => {
    expect(['', 'AAAA', 'x'.repeat(44)].map(isSealingKey)).toEqual([false, false, false]);
  });
});
