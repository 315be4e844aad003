/** The files of this folder, and the programs that made them, which share no code with us. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findPython } from '../backends/python.ts';

const fileOf = (name: string) => new URL(name, import.meta.url);

const PYTHON = findPython();

/** Whether this machine can ask them. */
export const HAS_PYTHON = PYTHON !== undefined;

export function vectorsOf<Vectors>(name: string): Vectors {
  return JSON.parse(readFileSync(fileOf(`${name}.json`), 'utf8'));
}

/** What the program of that name says of its file. */
export function judgedInPython(name: string): string {
  const { status, stdout, stderr } = spawnSync(
    PYTHON ?? 'python3',
    [fileOf(`${name}.py`).pathname, 'check'],
    {
      encoding: 'utf8',
    },
  );
  return status === 0 ? stdout : `${stdout}${stderr}exit ${status}`;
}
