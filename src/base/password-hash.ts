/**
 * How a hashed password is written: argon2id (RFC 9106) as a PHC string, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. One
 * from outside is read strictly, and what it may cost is bounded: every login pays it. Nothing here computes one.
 */

/** Bounds of what is accepted; memory in KiB, salt and hash in bytes. Arbitrary; the memory is 64 MiB. */
const BOUNDS = {
  memory: { min: 8, max: 65_536 },
  passes: { min: 1, max: 10 },
  parallelism: { min: 1, max: 4 },
  salt: { min: 8, max: 64 },
  hash: { min: 16, max: 64 },
} as const;
const PHC_MAX_LENGTH = 256;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

export interface PasswordHash {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** Whether it is argon2id at all, at whatever cost: for the words of a refusal. */
export function isArgon2id(phc: string): boolean {
  return phc.length <= PHC_MAX_LENGTH && PHC.test(phc);
}

/** Undefined for anything that is not argon2id within the bounds, in its one canonical spelling. */
export function parsePasswordHash(phc: string): PasswordHash | undefined {
  const [, m, t, p, salt64, hash64] = (phc.length <= PHC_MAX_LENGTH && PHC.exec(phc)) || [];
  if (salt64 === undefined || hash64 === undefined) return undefined;
  const parsed = {
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
    salt: Buffer.from(salt64, 'base64'),
    hash: Buffer.from(hash64, 'base64'),
  };
  return isAffordable(parsed) && formatPasswordHash(parsed) === phc ? parsed : undefined;
}

export function formatPasswordHash({ memory, passes, parallelism, salt, hash }: PasswordHash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`;
}

function isAffordable({ memory, passes, parallelism, salt, hash }: PasswordHash): boolean {
  return (
    isWithin(memory, BOUNDS.memory) &&
    memory >= 8 * parallelism &&
    isWithin(passes, BOUNDS.passes) &&
    isWithin(parallelism, BOUNDS.parallelism) &&
    isWithin(salt.byteLength, BOUNDS.salt) &&
    isWithin(hash.byteLength, BOUNDS.hash)
  );
}

function isWithin(value: number, { min, max }: { min: number; max: number }): boolean {
  return value >= min && value <= max;
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
