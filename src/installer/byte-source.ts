/** Bytes of a known length that can be read more than once, wherever they lie: the pure rooms never see the file. */
import { AtlasError } from '../base/errors.ts';

export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** From the beginning, in chunks; a chunk is valid until the next one is asked for. */
  read(): AsyncIterable<Uint8Array>;
}

/** A source whose parts can be read alone, as a file can. */
export interface RandomSource extends ByteSource {
  /** Fewer bytes only at the end. */
  slice(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes. What is worked on without a pause: a server that assembles a package goes on answering between two of them. */
export const CHUNK_BYTES = 1_048_576;

export function sourceOfBytes(bytes: Uint8Array): RandomSource {
  return {
    size: bytes.length,
    read: async function* () {
      yield* chunksOf(bytes);
    },
    slice: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** One behind the other, in chunks of at most CHUNK_BYTES. Reading rejects when a part has not the length it said. */
export function joinSources(parts: readonly ByteSource[]): ByteSource {
  return {
    size: parts.reduce((sum, { size }) => sum + size, 0),
    read: async function* () {
      for (const part of parts) yield* readWhole(part);
    },
  };
}

async function* readWhole(part: ByteSource): AsyncIterable<Uint8Array> {
  let count = 0;
  for await (const bytes of part.read()) {
    count += bytes.length;
    yield* chunksOf(bytes);
  }
  if (count === part.size) return;
  throw new AtlasError(
    'source_changed',
    `A part of the package has ${count} bytes where ${part.size} were announced.`,
    { hint: 'Build it again. If that fails too, fetch the runtime again.' },
  );
}

function* chunksOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
