/** A disk of a few megabytes that can be filled: a tmpfs, which only root can mount. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIZE = '48m';
const FILLING = 'filling';

/** Why there can be none here. */
export function noSmallDisk(): string | undefined {
  if (process.platform !== 'linux') return 'needs a tmpfs (Linux)';
  return process.getuid?.() === 0 ? undefined : 'needs root, to mount a small tmpfs';
}

export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static mount(): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-disk-'));
    run('mount', '-t', 'tmpfs', '-o', `size=${SIZE},mode=0700`, 'tmpfs', folder);
    return new SmallDisk(folder);
  }

  /** To the last byte. */
  fill(): void {
    const chunk = Buffer.alloc(64 * 1024);
    for (let size = chunk.length; size >= 1; size = Math.floor(size / 16)) {
      try {
        for (;;) writeFileSync(join(this.folder, FILLING), chunk.subarray(0, size), { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }

  free(): void {
    rmSync(join(this.folder, FILLING), { force: true });
  }

  unmount(): void {
    run('umount', this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(`${program}: ${stderr}`);
}
