/** How a hashed password is written, and what of it is accepted. */
import { describe, expect, it } from 'vitest';
import { formatPasswordHash, parsePasswordHash } from '../../src/base/password-hash.ts';

const SALT = 'c29tZXNhbHRzb21lc2FsdA';
const HASH = 'A'.repeat(43);
const phc = (parameters: string, salt = SALT, hash = HASH) => `$argon2id$v=19$${parameters}$${salt}$${hash}`;
const cheap = phc('m=8,t=1,p=1');

describe('parsePasswordHash', () => {
  it('reads what it formats', () => {
    const parsed = parsePasswordHash(cheap);
    expect(parsed).toMatchObject({ memory: 8, passes: 1, parallelism: 1 });
    expect(parsed && formatPasswordHash(parsed)).toBe(cheap);
  });

  it.each([
    ['another algorithm', cheap.replace('argon2id', 'argon2i')],
    ['another version', cheap.replace('v=19', 'v=16')],
    ['memory beyond 64 MiB', phc('m=65537,t=1,p=1')],
    ['memory of 4 TiB', phc('m=4294967295,t=1,p=1')],
    ['too little memory for its lanes', phc('m=8,t=1,p=2')],
    ['eleven passes', phc('m=8,t=11,p=1')],
    ['five lanes', phc('m=64,t=1,p=5')],
    ['a leading zero', phc('m=08,t=1,p=1')],
    ['its parameters in another order', phc('t=1,m=8,p=1')],
    ['a short salt', phc('m=8,t=1,p=1', 'AAAA')],
    ['a short hash', phc('m=8,t=1,p=1', SALT, 'AAAA')],
    ['a long hash', phc('m=8,t=1,p=1', SALT, 'A'.repeat(120))],
    ['padding', phc('m=8,t=1,p=1', `${SALT}==`)],
    ['stray bits in its last character', phc('m=8,t=1,p=1', SALT, `${'A'.repeat(42)}B`)],
    ['more behind it', `${cheap}$`],
    ['a megabyte', phc('m=8,t=1,p=1', SALT, 'A'.repeat(1_000_000))],
    ['nothing', ''],
  ])('refuses a string with %s', (_, text) => {
    expect(parsePasswordHash(text)).toBeUndefined();
  });
});
