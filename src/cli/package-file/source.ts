/** A package in a file that the user names, as a source that is read in parts. */
import { stat } from 'node:fs/promises';
import { AtlasError, systemCode } from '../../base/errors.ts';
import type { RandomSource } from '../../installer/byte-source.ts';
import { sourceOfFile } from '../../program/file-source.ts';

/** Rejects with package_missing, and with package_unreadable where it is no file. */
export async function openPackageFile(path: string): Promise<RandomSource> {
  const stats = await stat(path).catch((cause: unknown) => {
    const details = { hint: 'Check the path.', cause };
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new AtlasError('package_missing', `${path}: there is no such file`, details);
    throw new AtlasError('package_unreadable', `${path}: it cannot be read (${code})`, details);
  });
  if (stats.isFile()) return sourceOfFile(path, stats.size);
  throw new AtlasError('package_unreadable', `${path}: it is not a file`, { hint: 'Name a package (.pkg).' });
}
