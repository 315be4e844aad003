/**
 * Files that are there whole or not at all: written beside, then renamed over (POSIX rename is atomic). With
 * `durable` the content and the name survive a power cut when the promise resolves.
 */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { shellWord } from '../../base/shell-word.ts';

export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/**
 * The temporary name starts with a dot, which no slot, spool or key file does, and is random: in a shared folder
 * several machines write, each perhaps as process 1, and nobody may take another's file for a leftover of its own.
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array,
  how: { durable: boolean },
): Promise<void> {
  const temporary = await writeBeside(path, bytes, how);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (how.durable) await syncFolder(dirname(path));
}

/** Several of one folder, durable, which come to be in this order: a crash leaves the first of them. */
export async function writeInOrder(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  const beside = await Promise.allSettled(
    files.map(async ({ path, bytes }) => ({
      path,
      temporary: await writeBeside(path, bytes, { durable: true }),
    })),
  );
  const written = beside.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    const failed = beside.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    for (const { path, temporary } of written) await rename(temporary, path);
  } catch (error) {
    await Promise.all(written.map(({ temporary }) => rm(temporary, { force: true })));
    throw error;
  }
  const [first] = files;
  if (first !== undefined) await syncFolder(dirname(first.path));
}

/** Durable, and only where there is nothing: false when somebody was first (link(2) does not replace). */
export async function writeOnce(path: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = await writeBeside(path, bytes, { durable: true });
  try {
    await link(temporary, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

async function writeBeside(path: string, bytes: Uint8Array, how: { durable: boolean }): Promise<string> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', PRIVATE_FILE);
  try {
    await file.writeFile(bytes);
    if (how.durable) await file.sync();
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * At most `limit` bytes of a regular file. Rejects with the system error (ENOENT, ELOOP, …). Never follows
 * a link and never waits for a pipe: whoever can put files here could point them anywhere.
 */
export async function readBounded(path: string, limit: number): Promise<Uint8Array | 'not_a_file'> {
  return await withPlainFile(path, (file) => readUpTo(file, limit));
}

/**
 * The same, of a file that this node alone writes. Rejects with file_of_another where somebody put it into a folder of
 * ours, or of root. A share may show all that is in it as some other user's: then its folder is his too.
 */
export async function readOwn(path: string, limit: number): Promise<Uint8Array | 'not_a_file'> {
  return await withPlainFile(path, async (file, { uid }) => {
    const us = process.geteuid?.() ?? uid;
    if (uid !== 0 && uid !== us && uid !== (await stat(dirname(path))).uid) throw ofAnother(path, uid, us);
    return await readUpTo(file, limit);
  });
}

function ofAnother(path: string, uid: number, us: number): AtlasError {
  return new AtlasError('file_of_another', `${path} belongs to user ${uid}; expected root or user ${us}`, {
    hint: `if you know that it is right: sudo chown ${us} ${shellWord(path)}; else move it away`,
  });
}

async function withPlainFile<T>(
  path: string,
  read: (file: FileHandle, stats: Stats) => Promise<T>,
): Promise<T | 'not_a_file'> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags);
  try {
    const stats = await file.stat();
    return stats.isFile() ? await read(file, stats) : 'not_a_file';
  } finally {
    await file.close();
  }
}

async function readUpTo(file: FileHandle, limit: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(buffer, length, limit - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
