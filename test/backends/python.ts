/** A Python 3 that has the package `cryptography`: Debian's python3-cryptography, or whatever python3 is first in PATH. */
import { spawnSync } from 'node:child_process';

const PROGRAMS = ['python3', '/usr/bin/python3'];

export function findPython(): string | undefined {
  return PROGRAMS.find((program) => spawnSync(program, ['-c', 'import cryptography']).status === 0);
}
