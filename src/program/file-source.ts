/** A file as a source of bytes: by its path, or by a descriptor that somebody holds. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { systemCode } from '../base/errors.ts';
import { CHUNK_BYTES, type RandomSource } from '../installer/byte-source.ts';

/** Undefined where there is no such file. */
export async function findFile(path: string): Promise<RandomSource | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? sourceOfFile(path, found.size) : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/**
 * Opened for each reading and closed after it, so that nothing is held open between builds: two readings may be of two
 * files. Who reads more than once knows by a digest what it must be. `size`: as it was found; reading never goes beyond it.
 */
export function sourceOfFile(path: string, size: number): RandomSource {
  return {
    size,
    read: async function* () {
      const file = await open(path, 'r');
      try {
        yield* sourceOfOpenFile(file, size).read();
      } finally {
        await file.close();
      }
    },
    slice: async (offset, length) => {
      const file = await open(path, 'r');
      try {
        return await sourceOfOpenFile(file, size).slice(offset, length);
      } finally {
        await file.close();
      }
    },
  };
}

/** One file for all readings, whatever bears its name meanwhile. It is the caller's to close. */
export function sourceOfOpenFile(file: FileHandle, size: number): RandomSource {
  return {
    size,
    read: async function* () {
      const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, size));
      for (let at = 0; at < size; ) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - at), at);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
        at += bytesRead;
      }
    },
    slice: async (offset, length) => {
      const wanted = Math.max(0, Math.min(length, size - offset));
      const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, offset);
      return buffer.subarray(0, bytesRead);
    },
  };
}
