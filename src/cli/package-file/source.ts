/**
 * A package in a file that the user names, as a source that is read in parts. It is one file for as long as it is held:
 * another one of its name is never seen, and whether its own bytes were changed meanwhile can be asked.
 */
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { AtlasError, systemCode } from '../../base/errors.ts';
import type { RandomSource } from '../../installer/byte-source.ts';
import { sourceOfOpenFile } from '../../program/file-source.ts';

export interface PackageFile extends RandomSource {
  /** Rejects with source_changed. What was read before counts only when this is asked after it. */
  requireUnchanged(): Promise<void>;
}

/** Rejects with package_missing, with package_unreadable where it is no file, and as the work does. */
export async function withPackageFile<T>(path: string, work: (file: PackageFile) => Promise<T>): Promise<T> {
  const file = await opened(path);
  try {
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) {
      const hint = 'Name a package (.pkg).';
      throw new AtlasError('package_unreadable', `${path}: it is not a file`, { hint });
    }
    return await work({
      ...sourceOfOpenFile(file, Number(found.size)),
      requireUnchanged: async () => requireSame(path, found, await file.stat({ bigint: true })),
    });
  } finally {
    await file.close();
  }
}

/** A pipe is opened without waiting for its writer, and refused. */
async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const details = { hint: 'Check the path.', cause };
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new AtlasError('package_missing', `${path}: there is no such file`, details);
    throw new AtlasError('package_unreadable', `${path}: it cannot be read (${code})`, details);
  }
}

/** ctime is one that no program can set; a file that another one took the place of has lost a name. */
const TELLING = ['dev', 'ino', 'nlink', 'size', 'mtimeNs', 'ctimeNs'] as const;

function requireSame(path: string, before: BigIntStats, after: BigIntStats): void {
  if (TELLING.every((fact) => before[fact] === after[fact])) return;
  throw new AtlasError('source_changed', `${path} was changed or replaced while it was read`, {
    hint: 'Copy it to where nobody else writes, and run it again on that.',
  });
}
