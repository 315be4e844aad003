/**
 * Where the control socket of a server lies: `<data_dir>/ctl`. A socket's path has to fit into a fixed field of
 * the kernel (104 bytes on macOS), so a deep data folder gets one in a private folder below the temporary one,
 * where anybody may have made a folder of that name before us, to hear the passwords that are told there.
 */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AtlasError, systemCode } from '../base/errors.ts';

/** Bytes of a path that fit everywhere. */
const PATH_MAX_BYTES = 100;
const PRIVATE_FOLDER = 0o700;
const ANYONE_ELSE = 0o077;

export function controlPath(dataDir: string): string {
  const path = join(dataDir, 'ctl');
  if (Buffer.byteLength(path) <= PATH_MAX_BYTES) return path;
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16);
  return join(tmpdir(), `atlas-fleet-${name}`, 'ctl');
}

/** For the server: makes the folder of the socket where it is missing. Rejects as checkControlFolder does. */
export async function makeControlFolder(dataDir: string): Promise<void> {
  if (isInside(dataDir)) return makePrivate(dataDir);
  try {
    await mkdir(dirname(controlPath(dataDir)), { mode: PRIVATE_FOLDER });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  await checkControlFolder(dataDir);
}

/**
 * For both sides, before a word is said: rejects with folder_not_private unless the folder below the temporary one
 * is a real one of this user alone. Never put right: what somebody else made may be changed again. Who may write
 * the data folder itself is up to who configured it. One that is missing harms nobody.
 */
export async function checkControlFolder(dataDir: string): Promise<void> {
  if (isInside(dataDir)) return;
  const folder = dirname(controlPath(dataDir));
  const found = await lstat(folder).catch((error) => {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return;
  const isOwn = found.uid === process.geteuid?.() && (found.mode & ANYONE_ELSE) === 0;
  if (found.isDirectory() && isOwn) return;
  throw new AtlasError('folder_not_private', `${folder} is not a private folder of this user`, {
    hint: 'run it as the user of the server; if nobody else runs one, remove that folder, or choose a shorter data_dir',
  });
}

async function makePrivate(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: PRIVATE_FOLDER });
  const { mode } = await stat(dataDir);
  if ((mode & ANYONE_ELSE) !== 0) await chmod(dataDir, PRIVATE_FOLDER);
}

function isInside(dataDir: string): boolean {
  return controlPath(dataDir) === join(dataDir, 'ctl');
}
