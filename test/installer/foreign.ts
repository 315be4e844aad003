/** Programs that are not ours and read what we write. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findPython } from '../backends/python.ts';

interface Options {
  readonly folder?: string;
  readonly input?: Uint8Array;
}

export interface Answer {
  readonly status: number | null;
  readonly output: string;
  readonly complaint: string;
}

/** Bytes. A listing of some thousand paths is longer than what Node takes for enough. */
const OUTPUT_MAX = 67_108_864;

export function ask(program: string, args: readonly string[], { folder, input }: Options = {}): Answer {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    input,
    encoding: 'utf8',
    maxBuffer: OUTPUT_MAX,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  });
  if (error) throw error;
  return { status, output: stdout, complaint: stderr };
}

/** What it printed. Throws with its complaint unless it ends well. */
export function run(program: string, args: readonly string[], options: Options = {}): string {
  const { status, output, complaint } = ask(program, args, options);
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${complaint}${output}`);
  return output;
}

/** A program of this folder, with what it prints as JSON. */
export function python(script: string, args: readonly string[]): unknown {
  return JSON.parse(run(findPython() ?? 'python3', [join(import.meta.dirname, script), ...args]));
}
