/**
 * Bytes that stand in many packages (a runtime, the program), compressed once. Its deflate blocks refer to nothing before
 * them and end on a byte (RFC 1951, a full flush), so that segments can be put one behind the other into one gzip member.
 */
import { createHash } from 'node:crypto';
import { constants, crc32, deflateRaw } from 'node:zlib';
import { type ByteSource, CHUNK_BYTES, joinSources, sourceOfBytes } from './byte-source.ts';
import { cksumRegister } from './checksum.ts';
import { inflated } from './inflate.ts';

/** What is said of the bytes before compression. */
export interface SegmentFacts {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, hex: its name in a cache. */
  readonly sha256: string;
  /** CRC-32 as gzip has it (RFC 1952). */
  readonly crc32: number;
  /** The remainder of POSIX cksum from an initial 0, before the length is fed, mirrored as checksum.ts has it. */
  readonly cksumRegister: number;
}

export interface Segment extends SegmentFacts {
  /** Deflate blocks, none of them the last, ended by a full flush. */
  readonly deflated: ByteSource;
}

/** zlib's. Level 9 takes more than twice as long for four thousandths (docs/package-format.md, "Measured"). */
const LEVEL = 6;
/** What ends deflate blocks of which none is the last: one of fixed codes that holds its end and nothing else. */
export const LAST_BLOCK = Uint8Array.of(0x03, 0x00);
/** No byte of deflate stands for more bytes than these. */
const DEFLATE_MAX_RATIO = 1032;

/**
 * Compresses in runs of CHUNK_BYTES, whatever the chunks that come, so that the result depends on the bytes alone.
 * `write` is given each run's blocks, in order.
 */
export async function compressSegment(
  source: AsyncIterable<Uint8Array>,
  write: (deflated: Uint8Array) => Promise<void>,
): Promise<SegmentFacts> {
  const sums = new Sums();
  for await (const run of runsOf(source)) {
    sums.add(run);
    await write(await deflateRun(run));
  }
  return sums.facts();
}

/** Of blocks that compressSegment wrote, from what they hold. Rejects with package_damaged when they are none. */
export async function readSegment(deflated: ByteSource): Promise<SegmentFacts> {
  const sums = new Sums();
  const stored = joinSources([deflated, sourceOfBytes(LAST_BLOCK)]);
  const maxBytes = deflated.size * DEFLATE_MAX_RATIO;
  for await (const bytes of inflated(stored, { form: 'raw', maxBytes, what: 'A segment' })) sums.add(bytes);
  return sums.facts();
}

class Sums {
  readonly #sha256 = createHash('sha256');
  #size = 0;
  #crc32 = 0;
  #cksumRegister = 0;

  add(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#size += bytes.length;
    this.#crc32 = crc32(bytes, this.#crc32);
    this.#cksumRegister = cksumRegister(bytes, this.#cksumRegister);
  }

  facts(): SegmentFacts {
    return {
      size: this.#size,
      sha256: this.#sha256.digest('hex'),
      crc32: this.#crc32,
      cksumRegister: this.#cksumRegister,
    };
  }
}

/** Deflate blocks of these bytes alone, none of them the last, ended on a byte. */
export function deflateRun(bytes: Uint8Array): Promise<Uint8Array> {
  const options = { level: LEVEL, finishFlush: constants.Z_FULL_FLUSH };
  return new Promise((resolve, reject) => {
    deflateRaw(bytes, options, (error, deflated) => (error === null ? resolve(deflated) : reject(error)));
  });
}

/** A run is valid until the next one is asked for. */
async function* runsOf(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const run = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.subarray(at, at + CHUNK_BYTES - filled);
      run.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < CHUNK_BYTES) continue;
      yield run;
      filled = 0;
    }
  }
  if (filled > 0) yield run.subarray(0, filled);
}
