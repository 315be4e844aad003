/** The files of this folder, and the programs that made them, which share no code with us. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const fileOf = (name: string) => new URL(name, import.meta.url);

/** Whether this machine can ask them. */
export const HAS_PYTHON = spawnSync('python3', ['-c', 'import cryptography']).status === 0;

export function vectorsOf<Vectors>(name: string): Vectors {
  return JSON.parse(readFileSync(fileOf(`${name}.json`), 'utf8'));
}

/** What the program of that name says of its file. */
export function judgedInPython(name: string): string {
  const { status, stdout, stderr } = spawnSync('python3', [fileOf(`${name}.py`).pathname, 'check'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout : `${stdout}${stderr}exit ${status}`;
}
