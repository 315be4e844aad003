import { describe, expect, it } from 'vitest';
import { checkNewPassword, PasswordHasher } from '../../src/services/people/password.ts';

const cheap = `$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$${'A'.repeat(43)}`;

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher();

  it('verifies the password it hashed, and no other', async () => {
    const stored = await hasher.hash('correct horse battery');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await hasher.verify(stored, 'correct horse battery')).toBe(true);
    expect(await hasher.verify(stored, 'correct horse batterz')).toBe(false);
    expect(await hasher.verify(stored, '')).toBe(false);
  });

  it('verifies a string of the reference implementation (phc-winner-argon2, test.c)', async () => {
    const reference =
      '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await hasher.verify(reference, 'password')).toBe(true);
    expect(await hasher.verify(reference, 'Password')).toBe(false);
  });

  it('salts: one password has two hashes', async () => {
    expect(await hasher.hash('correct horse battery')).not.toBe(await hasher.hash('correct horse battery'));
  });

  it('takes the two Unicode spellings of one password for the same', async () => {
    const stored = await hasher.hash('Zürich-Bahnhof'.normalize('NFC'));
    expect(await hasher.verify(stored, 'Zürich-Bahnhof'.normalize('NFD'))).toBe(true);
  });

  it('verifies nothing against nobody, nor against a string that does not parse', async () => {
    expect(await hasher.verify(undefined, 'correct horse battery')).toBe(false);
    expect(await hasher.verify('$2b$10$abc', 'correct horse battery')).toBe(false);
  });

  it('lets two run at a time and sends away what does not fit into the queue', async () => {
    const crowded = new PasswordHasher();
    const many = await Promise.allSettled(Array.from({ length: 70 }, () => crowded.verify(cheap, 'x')));
    const refused = many.filter(({ status }) => status === 'rejected');
    expect(many.filter(({ status }) => status === 'fulfilled')).toHaveLength(66);
    expect(refused).toHaveLength(4);
    expect(refused[0]).toMatchObject({
      reason: {
        code: 'rate_limited',
        message: 'No more than 64 passwords wait at the same time to be checked.',
        retryAfterSeconds: 5,
      },
    });
    expect(await crowded.verify(cheap, 'x')).toBe(false);
  });
});

describe('checkNewPassword', () => {
  it.each([
    ['eleven characters', 'abcdefghijk', 'A password has at least 12 characters.'],
    [
      'eleven characters of two code units each',
      '😀😁😂😃😄😅😆😇😈😉😊',
      'A password has at least 12 characters.',
    ],
    ['more than 1024 characters', 'abcdef'.repeat(171), 'A password has at most 1024 characters.'],
    ['four different characters', 'abcdabcdabcd', 'This password is too easy to guess.'],
    ['the user name', 'Administrator', 'This password is too easy to guess.'],
  ])('refuses %s', (_, password, message) => {
    expect(() => checkNewPassword(password, 'administrator')).toThrow(
      expect.objectContaining({ code: 'password_weak', message }),
    );
  });

  it('accepts twelve characters of any script', () => {
    expect(() => checkNewPassword('пароль из слов', 'admin')).not.toThrow();
  });
});
