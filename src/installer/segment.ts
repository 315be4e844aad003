/**
 * Bytes that stand in many packages (a runtime, the program), compressed once. Its deflate blocks refer to nothing before
 * them and end on a byte (RFC 1951, a full flush), so that segments can be put one behind the other into one gzip member.
 */
import type { ByteSource } from './byte-source.ts';

export interface Segment {
  /** Bytes before compression. */
  readonly size: number;
  /** SHA-256 of them, hex: its name in a cache. */
  readonly sha256: string;
  /** CRC-32 as gzip has it (reflected, RFC 1952). */
  readonly crc32: number;
  /** The register of POSIX cksum after these bytes from an initial 0, before the length is fed and the complement taken. */
  readonly cksumRegister: number;
  /** Deflate blocks, none of them the last, ended by a full flush. */
  readonly deflated: ByteSource;
}
