/** A temporary folder for a foreign server, which may run as another user. */
import { chmodSync, chownSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function makeBackendFolder(
  name: string,
  user?: { readonly uid: number; readonly gid: number },
): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `atlas-${name}-`)));
  chmodSync(folder, 0o700);
  if (user) chownSync(folder, user.uid, user.gid);
  return folder;
}

export function removeBackendFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
