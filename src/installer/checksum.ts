/**
 * The two CRC-32 of a package, of a whole from those of its parts, so that bytes which were summed once are never read
 * for a sum again: gzip's (RFC 1952) and that of POSIX cksum, which a Bom bears. They share the polynomial; cksum takes
 * the bits of each byte the other way round. Here its remainders are kept mirrored, and one arithmetic serves both.
 */
import { crc32 } from 'node:zlib';

/** Without x^32, the highest power in the lowest bit. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;
const ALL_BITS = 0xffffffff;
/** Bytes that are mirrored at a time. */
const MIRROR_BYTES = 65_536;

/** x^(2^n) for n = 0…31; the next would be the first again, since the polynomial is irreducible. */
const SQUARES = squares();

/** The sum of two parts together. `secondBytes`: the length of the second part. */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  return (multiply(powerOfBytes(secondBytes), first) ^ second) >>> 0;
}

/** The mirrored remainder of cksum after these bytes, begun with what the bytes before them left. */
export function cksumRegister(bytes: Uint8Array, before = 0): number {
  let register = before;
  for (let at = 0; at < bytes.length; at += MIRROR_BYTES) {
    const mirrored = mirrorBytes(bytes.subarray(at, at + MIRROR_BYTES));
    register = (crc32(mirrored, (register ^ ALL_BITS) >>> 0) ^ ALL_BITS) >>> 0;
  }
  return register;
}

/** What the program `cksum` prints. `size`: how many bytes led to the mirrored remainder. */
export function cksum(register: number, size: number): number {
  const length: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) length.push(rest % 256);
  return (mirrorWord(cksumRegister(Uint8Array.from(length), register)) ^ ALL_BITS) >>> 0;
}

/** x^(8·bytes) modulo the polynomial. */
function powerOfBytes(bytes: number): number {
  let power = ONE;
  let square = 3;
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(SQUARES[square % 32] ?? 0, power);
    square += 1;
  }
  return power;
}

/** The product of two polynomials modulo ours. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}

function squares(): readonly number[] {
  const powers = [ONE >>> 1];
  while (powers.length < 32) {
    const last = powers.at(-1) ?? 0;
    powers.push(multiply(last, last));
  }
  return powers;
}

/** Each byte with its bits in the opposite order. Four at a time: order among bytes is left as it is. */
function mirrorBytes(bytes: Uint8Array): Uint8Array {
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  const mirrored = new Uint8Array(words.buffer, 0, bytes.length);
  mirrored.set(bytes);
  for (let at = 0; at < words.length; at += 1) words[at] = mirrorEachByte(words[at] ?? 0);
  return mirrored;
}

function mirrorEachByte(word: number): number {
  const pairs = ((word >>> 1) & 0x55555555) | ((word & 0x55555555) << 1);
  const nibbles = ((pairs >>> 2) & 0x33333333) | ((pairs & 0x33333333) << 2);
  return ((nibbles >>> 4) & 0x0f0f0f0f) | ((nibbles & 0x0f0f0f0f) << 4);
}

function mirrorWord(word: number): number {
  const each = mirrorEachByte(word);
  const swapped = ((each >>> 8) & 0x00ff00ff) | ((each & 0x00ff00ff) << 8);
  return ((swapped >>> 16) | (swapped << 16)) >>> 0;
}
