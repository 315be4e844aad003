/**
 * Where the control socket of a server lies: `<data_dir>/ctl`. A socket's path has to fit into a fixed field of
 * the kernel (104 bytes on macOS), so a deep data folder gets one in a private folder below the temporary one.
 */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of a path that fit everywhere. */
const PATH_MAX_BYTES = 100;

export function controlPath(dataDir: string): string {
  const path = join(dataDir, 'ctl');
  if (Buffer.byteLength(path) <= PATH_MAX_BYTES) return path;
  const name = createHash('sha256').update(path).digest('hex').slice(0, 16);
  return join(tmpdir(), `atlas-fleet-${name}`, 'ctl');
}
