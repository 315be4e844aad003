/**
 * The control socket: the same routes behind a Unix socket of mode 0600. Who can open it can read config.yaml
 * too, so no password is asked. It is also the lock of the data folder: two servers with one identity would
 * call each other a clone.
 */
import { chmod, lstat, rmdir, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { AtlasError, systemCode } from '../base/errors.ts';
import type { App } from './app.ts';

const PRIVATE_SOCKET = 0o600;
const ANYONE_ELSE = 0o077;

/** Rejects with folder_in_use when another server answers there, or something lies there that no server left. */
export async function claimControlSocket(path: string): Promise<void> {
  const left = await lstat(path).catch((error) => {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (left === null) return;
  if (!left.isSocket()) {
    throw new AtlasError('folder_in_use', `${path} is not the socket of a server`, {
      hint: 'look at it, and move it away',
    });
  }
  if (await answers(path)) {
    throw new AtlasError('folder_in_use', `another server runs on this data folder (${path} answers)`, {
      hint: 'stop it first, or give this one a data_dir of its own',
    });
  }
  await unlink(path); // left by a server that was killed
}

export async function listenOnControlSocket(app: App, path: string): Promise<void> {
  const before = process.umask(ANYONE_ELSE);
  try {
    await app.listen({ path });
  } finally {
    process.umask(before);
  }
  await chmod(path, PRIVATE_SOCKET);
}

/** The socket went with its server. A folder that was made for it alone is empty now, and goes too. */
export async function leaveControlSocket(path: string): Promise<void> {
  await rmdir(dirname(path)).catch(() => {}); // as a rule the data folder, which is never empty
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(systemCode(error) ?? '')) resolve(false);
      else reject(error);
    });
  });
}
