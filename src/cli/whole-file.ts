/**
 * A file that is there whole or as it was, also after a power cut: it has its name once its content is on the disk, and
 * the name is there when this returns. Whoever takes something away afterwards, because the file has it, may do so.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** `mode`: whatever the umask says. One writer at a time: what an earlier one left unfinished is removed. */
export function writeWhole(path: string, content: string | Uint8Array, mode: number): void {
  const unfinished = `${path}.unfinished`;
  rmSync(unfinished, { force: true });
  withOpen(openSync(unfinished, 'wx', mode), (file) => {
    fchmodSync(file, mode);
    writeFileSync(file, content);
    fsyncSync(file);
  });
  renameSync(unfinished, path);
  withOpen(openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY), fsyncSync);
}

function withOpen(descriptor: number, act: (descriptor: number) => void): void {
  try {
    act(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
