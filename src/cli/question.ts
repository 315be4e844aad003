/**
 * Questions on the terminal: a yes, and a secret of which nothing is shown. They come before anything is changed, so
 * that whoever gives up at one, by Ctrl-C or Ctrl-D, has changed nothing.
 */
import { createInterface } from 'node:readline';
import { AtlasError } from '../base/errors.ts';
import { escapeControls } from '../base/log.ts';
import { Secret } from '../base/secret.ts';

/** For what cannot be taken back; not to be asked where --yes is given. Anything but y or yes is a no. */
export async function requireYes(question: string): Promise<void> {
  requireTerminal('give --yes');
  const { stdin, stderr } = process;
  const reader = createInterface({ input: stdin, output: stderr });
  const answer = await new Promise<string>((resolve, reject) => {
    reader.once('close', () => {
      stderr.write('\n');
      reject(givenUp());
    });
    reader.question(`${escapeControls(question)} [y/N] `, resolve);
  }).finally(() => reader.removeAllListeners('close').close());
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new AtlasError('usage', NOTHING_CHANGED, { hint: 'answer yes, or give --yes' });
}

/** Shows nothing of what is typed. */
export async function askSecret(question: string): Promise<Secret> {
  requireTerminal('give the secret through stdin or a file');
  const { stdin, stderr } = process;
  // Before the question: whoever answers at once must not see the first letters.
  stdin.setRawMode(true);
  stderr.write(`${question}: `);
  stdin.setEncoding('utf8');
  try {
    return Secret.fromText(await typedLine(stdin));
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

const NOTHING_CHANGED = 'nothing was changed';

function requireTerminal(otherwise: string): void {
  if (process.stdin.isTTY) return;
  const hint = `Run it in a terminal, or ${otherwise}.`;
  throw new AtlasError('usage', 'there is no terminal to ask on', { hint });
}

function givenUp(): AtlasError {
  return new AtlasError('interrupted', NOTHING_CHANGED);
}

const ENTER = /[\r\n]/;
const ERASE = new Set(['\u0008', '\u007f']);
const INTERRUPT = '\u0003';
const END = '\u0004';
const ERASE_LINE = '\u0015';

function typedLine(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const end = (settle: () => void) => {
      stdin.off('data', onData);
      settle();
    };
    const onData = (chunk: string) => {
      for (const char of chunk) {
        if (ENTER.test(char)) return end(() => resolve(typed.join('')));
        if (char === INTERRUPT || char === END) return end(() => reject(givenUp()));
        if (ERASE.has(char)) typed.pop();
        else if (char === ERASE_LINE) typed = [];
        else typed.push(char);
      }
    };
    stdin.on('data', onData);
    stdin.resume();
  });
}
