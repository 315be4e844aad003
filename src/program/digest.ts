/** Digests in hex, of bytes that come in pieces. */
import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ByteSource } from '../installer/byte-source.ts';

const FILE_MODE = 0o644;

export type Algorithm = 'sha256' | 'sha512';

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function digestOf(source: ByteSource, algorithm: Algorithm): Promise<string> {
  const hash = createHash(algorithm);
  for await (const bytes of source.read()) hash.update(bytes);
  return hash.digest('hex');
}

/** The same bytes; once they are read to the end, the hash has seen them all. */
export function hashed({ size, read }: ByteSource, hash: Hash): ByteSource {
  return {
    size,
    read: async function* () {
      for await (const bytes of read()) {
        hash.update(bytes);
        yield bytes;
      }
    },
  };
}

/** Into a file that must not be there yet. */
export async function writeHashed(
  path: string,
  content: AsyncIterable<Uint8Array>,
  algorithm: Algorithm,
): Promise<string> {
  const hash = createHash(algorithm);
  const file = await open(path, 'wx', FILE_MODE);
  try {
    for await (const bytes of content) {
      hash.update(bytes);
      await file.writeFile(bytes);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
