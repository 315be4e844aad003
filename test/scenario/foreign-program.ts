/** Programs of others as witnesses (curl, openssl, strings, sqlite3): what they say, or that they are not here. */
import { spawn } from 'node:child_process';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** With nothing on stdin. Null when this machine does not have the program. */
export function runForeign(program: string, ...args: string[]): Promise<Ran | null> {
  return feedForeign(new Uint8Array(), program, ...args);
}

/** With these bytes on stdin. */
export function feedForeign(input: Uint8Array, program: string, ...args: string[]): Promise<Ran | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe' });
    child.stdin.once('error', () => {}); // it ended before it had read all
    child.stdin.end(input);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve(null) : reject(error),
    );
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
