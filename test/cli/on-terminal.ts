/** The same on a terminal of its own (script of util-linux), where somebody answers a question by keys. */
import { spawn } from 'node:child_process';
import { shellWord } from '../../src/base/shell-word.ts';
import { LAUNCHER } from './atlas-fleet.ts';

/** `keys` are struck once `question` is shown. Resolves to all that was shown, and how it ended. */
export function onTerminal(
  args: readonly string[],
  { question, keys }: { readonly question: string; readonly keys: string },
): Promise<{ readonly code: number | null; readonly shown: string }> {
  const command = [LAUNCHER, ...args].map(shellWord).join(' ');
  const env = { PATH: process.env.PATH ?? '', TERM: 'dumb' };
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: '/', env });
  let shown = '';
  let isAsked = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text.replaceAll('\r\n', '\n');
    if (isAsked || !shown.includes(question)) return;
    isAsked = true;
    child.stdin.write(keys);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, shown }));
  });
}
