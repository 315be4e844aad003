/**
 * Passwords are kept as argon2id (RFC 9106; base/password-hash.ts bounds what one may cost). At most HASHES_AT_ONCE are
 * computed at a time; each that we make costs 19 MiB.
 */
import { type Argon2Parameters, argon2, randomBytes } from 'node:crypto';
import { equalBytes } from '../../base/bytes.ts';
import { AtlasError } from '../../base/errors.ts';
import { formatPasswordHash, type PasswordHash, parsePasswordHash } from '../../base/password-hash.ts';
import { Places } from '../limits/places.ts';

/** KiB, passes and lanes of what we make: OWASP's first choice for argon2id. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

export const PASSWORD_MIN_LENGTH = 12;
export const PASSWORD_MAX_LENGTH = 1024;
const PASSWORD_MIN_DISTINCT = 5;

/** Two, because they share libuv's four threads with the disk. */
const HASHES_AT_ONCE = 2;
/** Requests that may wait for a hash; more are sent away. Arbitrary: about a second and a half of work. */
const HASHES_WAITING_MAX = 64;

/** Throws password_weak. Length counts characters as people see code points, not bytes. */
export function checkNewPassword(password: string, username: string): void {
  const characters = [...password];
  if (characters.length < PASSWORD_MIN_LENGTH) {
    throw new AtlasError('password_weak', `A password has at least ${PASSWORD_MIN_LENGTH} characters.`, {
      hint: 'Four or five random words are easy to remember.',
    });
  }
  if (password.length > PASSWORD_MAX_LENGTH) {
    throw new AtlasError('password_weak', `A password has at most ${PASSWORD_MAX_LENGTH} characters.`);
  }
  if (new Set(characters).size < PASSWORD_MIN_DISTINCT || password.toLowerCase() === username.toLowerCase()) {
    throw new AtlasError('password_weak', 'This password is too easy to guess.', {
      hint: 'Take at least five different characters, and not the user name.',
    });
  }
}

/** One for a process: it is what bounds the hashes that run at once. Methods reject with rate_limited beyond it. */
export class PasswordHasher {
  readonly #places = new Places({ running: HASHES_AT_ONCE, waiting: HASHES_WAITING_MAX }, tooManyHashes);

  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const parameters = { memory: MEMORY_KIB, passes: PASSES, parallelism: LANES, salt };
    const hash = await this.#derive(password, parameters, HASH_BYTES);
    return formatPasswordHash({ ...parameters, hash });
  }

  /**
   * `phc` undefined stands for "there is no such user": it takes as long as a wrong password and is false. So is
   * a string that does not parse, which only somebody who writes to the store can have put there.
   */
  async verify(phc: string | undefined, password: string): Promise<boolean> {
    const stored = phc === undefined ? undefined : parsePasswordHash(phc);
    const expected = stored ?? NOBODY;
    const hash = await this.#derive(password, expected, expected.hash.byteLength);
    return equalBytes(hash, expected.hash) && stored !== undefined;
  }

  async #derive(password: string, cost: Omit<PasswordHash, 'hash'>, tagLength: number): Promise<Uint8Array> {
    return this.#places.take(() =>
      runArgon2({
        message: Buffer.from(password.normalize('NFKC'), 'utf8'),
        nonce: cost.salt,
        memory: cost.memory,
        passes: cost.passes,
        parallelism: cost.parallelism,
        tagLength,
      }),
    );
  }
}

function tooManyHashes(): AtlasError {
  return new AtlasError(
    'rate_limited',
    `No more than ${HASHES_WAITING_MAX} passwords wait at the same time to be checked.`,
    { hint: 'Wait, then try again.', retryAfterSeconds: 5 },
  );
}

/** What a login of an unknown user is checked against; the hash is of nothing that anybody knows. */
const NOBODY: PasswordHash = {
  memory: MEMORY_KIB,
  passes: PASSES,
  parallelism: LANES,
  salt: randomBytes(SALT_BYTES),
  hash: randomBytes(HASH_BYTES),
};

function runArgon2(parameters: Argon2Parameters): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, derived) => (error ? reject(error) : resolve(derived)));
  });
}
