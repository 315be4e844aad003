/** Decompresses as it is read, never more than announced, and leaves no byte behind the end unseen. */
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import { damaged } from './package-fault.ts';

export interface Inflating {
  /** raw: RFC 1951; zlib: RFC 1950; gzip: RFC 1952, whose checksum is checked. */
  readonly form: keyof typeof ENGINES;
  /** Bytes: what is longer is refused when it comes to be. */
  readonly maxBytes: number;
  /** For sentences. */
  readonly what: string;
}

const OUTPUT_BYTES = 262_144;
const ENGINES = { raw: createInflateRaw, zlib: createInflate, gzip: createGunzip };
type Engine = ReturnType<(typeof ENGINES)['raw' | 'zlib' | 'gzip']>;

export async function* inflated(
  stored: ByteSource,
  { form, maxBytes, what }: Inflating,
): AsyncIterable<Uint8Array> {
  const engine = ENGINES[form]({ chunkSize: OUTPUT_BYTES });
  void feed(engine, stored);
  let count = 0;
  try {
    for await (const chunk of engine) {
      count += chunk.length;
      if (count > maxBytes) throw damaged(`${what} is longer than the ${maxBytes} bytes that are announced.`);
      yield chunk;
    }
  } catch (cause) {
    throw isZlibError(cause) ? damaged(`${what} cannot be decompressed.`, cause) : cause;
  } finally {
    engine.destroy();
  }
  if (engine.bytesWritten !== stored.size) throw damaged(`Something stands behind the end of ${what}.`);
}

/** A chunk is ours until the next one is asked for, so each write is waited for. What fails, the engine fails with. */
async function feed(engine: Engine, stored: ByteSource): Promise<void> {
  try {
    for await (const chunk of stored.read()) await write(engine, chunk);
    engine.end();
  } catch (error) {
    engine.destroy(error as Error);
  }
}

function write(engine: Engine, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
