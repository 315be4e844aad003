/** Runs the real `bin/atlas-fleet` in a process of its own, with nothing of our environment but PATH. */
import { spawn } from 'node:child_process';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const LAUNCHER = fileURLToPath(new URL('../../bin/atlas-fleet', import.meta.url));

/** As the program writes itself into the commands that it prints to whoever runs it in the root folder. */
export const PROGRAM = relative('/', LAUNCHER);

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly launcher?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export function atlasFleet(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { launcher = LAUNCHER, cwd = '/', env = {}, stdin = '' } = options;
  const child = spawn(launcher, args, { cwd, env: { PATH: process.env.PATH ?? '', ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined); // of who ends without reading it
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
