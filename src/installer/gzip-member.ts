/**
 * One gzip member (RFC 1952) from bytes that are compressed now and segments that were compressed before: deflate blocks
 * one behind the other, an empty last one, and a CRC-32 combined from those of the parts. Any reader finds one ordinary
 * member; the same pieces give the same bytes.
 */
import { crc32 } from 'node:zlib';
import { type ByteSource, CHUNK_BYTES, joinSources, sourceOfBytes } from './byte-source.ts';
import { combineCrc32 } from './checksum.ts';
import { deflateRun, LAST_BLOCK, type Segment } from './segment.ts';

/** Deflate, no flags, no time, and Unix, wherever it is made. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);

type Part = Pick<Segment, 'size' | 'crc32' | 'deflated'>;

export async function gzipMember(pieces: Iterable<Uint8Array | Segment>): Promise<ByteSource> {
  const sources: ByteSource[] = [sourceOfBytes(HEADER)];
  let sum = 0;
  let size = 0;
  for (const stretch of stretchesOf(pieces)) {
    const part = stretch instanceof Uint8Array ? await compressed(stretch) : stretch;
    sum = combineCrc32(sum, part.crc32, part.size);
    size += part.size;
    sources.push(part.deflated);
  }
  return joinSources([...sources, sourceOfBytes(trailer(sum, size))]);
}

async function compressed(bytes: Uint8Array): Promise<Part> {
  return { size: bytes.length, crc32: crc32(bytes), deflated: sourceOfBytes(await deflateRun(bytes)) };
}

function trailer(sum: number, size: number): Uint8Array {
  const bytes = Buffer.from([...LAST_BLOCK, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeUInt32LE(sum, LAST_BLOCK.length);
  bytes.writeUInt32LE(size % 2 ** 32, LAST_BLOCK.length + 4);
  return bytes;
}

/** Neighbouring bytes together, in stretches of CHUNK_BYTES, so that small files share a window. */
function* stretchesOf(pieces: Iterable<Uint8Array | Segment>): Iterable<Uint8Array | Segment> {
  let waiting: Uint8Array[] = [];
  let count = 0;
  for (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) {
      if (count > 0) yield Buffer.concat(waiting);
      yield piece;
      waiting = [];
      count = 0;
      continue;
    }
    for (let at = 0; at < piece.length; ) {
      const taken = piece.subarray(at, at + CHUNK_BYTES - count);
      waiting.push(taken);
      at += taken.length;
      count += taken.length;
      if (count < CHUNK_BYTES) continue;
      yield Buffer.concat(waiting);
      waiting = [];
      count = 0;
    }
  }
  if (count > 0) yield Buffer.concat(waiting);
}
