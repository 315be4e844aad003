/** A file that the user names, written whole or not at all: it bears its name once every byte is on disk. Mode 0600. */
import { createHash } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { AtlasError, systemCode } from '../base/errors.ts';

const PRIVATE_MODE = 0o600;

export interface WrittenFile {
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** Rejects with file_exists: what stands there stays. */
export async function refuseExisting(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return;
  throw new AtlasError('file_exists', `${path} is there already`, {
    hint: 'Name another --out, or remove the file.',
  });
}

/** `progress`: told of the bytes of each chunk. What was begun is removed when it fails. */
export async function writeNewFile(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  progress: (bytes: number) => void = () => {},
  { mayReplace = false } = {},
): Promise<WrittenFile> {
  if (!mayReplace) await refuseExisting(path);
  const part = `${path}.part`;
  await rm(part, { force: true });
  const file = await open(part, 'wx', PRIVATE_MODE);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      await file.writeFile(chunk);
      size += chunk.length;
      progress(chunk.length);
    }
    await file.sync();
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(part, { force: true });
    throw error;
  }
  return { size, sha256: hash.digest('hex') };
}
