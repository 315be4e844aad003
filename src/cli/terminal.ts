/**
 * Manners: data on stdout, talk on stderr, no colour where none is wanted, and no control character of somebody
 * else's text. Secrets come from a prompt that shows nothing, from stdin or from a file, never from argv.
 */
import { createInterface } from 'node:readline/promises';
import { AtlasError, systemCode } from '../base/errors.ts';
import { escapeControls } from '../base/log.ts';
import { Secret } from '../base/secret.ts';
import { readPrivateFile, SECRET_FILE_MAX_BYTES } from '../config/private-file.ts';
import { type Problem, problemLines } from '../config/problem.ts';

/** Data: what the command was asked for. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(jsonText(value));
}

/** What JSON lets stand and a terminal acts upon, or shows in another order (C1, and the direction of text). */
const LIVELY = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The same value to whoever reads it as JSON. */
export function jsonText(value: unknown): string {
  const unit = (code: number) => `\\u${code.toString(16).padStart(4, '0')}`;
  const escaped = (char: string) =>
    char
      .split('')
      .map((half) => unit(half.charCodeAt(0)))
      .join('');
  return JSON.stringify(value, null, 2).replace(LIVELY, escaped);
}

/** Talk: everything else. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const NOBODY_READS: ReadonlySet<string | undefined> = new Set(['EIO', 'EPIPE']);

/** A terminal that was closed, or a reader that has left, must not cut off a clean-up. */
export function surviveDeadTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (!NOBODY_READS.has(systemCode(error))) throw error;
    });
  }
}

const COLOURS = { red: 31, yellow: 33, dim: 2 } as const;

function paint(colour: keyof typeof COLOURS, text: string): string {
  const wanted = process.stderr.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return wanted ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}

export function sayError(message: string, hint?: string): void {
  say(`${paint('red', 'error:')} ${escapeControls(message)}`);
  if (hint !== undefined) sayHint(hint);
}

export function sayWarning(message: string, hint?: string): void {
  say(`${paint('yellow', 'warning:')} ${escapeControls(message)}`);
  if (hint !== undefined) sayHint(hint);
}

export function sayHint(hint: string): void {
  say(`${paint('dim', 'hint:')} ${escapeControls(hint)}`);
}

/** Each problem of a configuration on two lines, the same wherever they are said. */
export function reportConfigProblems(problems: readonly Problem[]): void {
  for (const problem of problems) {
    const [line, hint] = problemLines(problem);
    say(paint(problem.severity === 'error' ? 'red' : 'yellow', line));
    say(`  ${hint}`);
  }
}

/** Columns as wide as their widest cell, two spaces between. For people; scripts take --json. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) {
    say('(none)');
    return;
  }
  const shown = [head, ...rows.map((row) => row.map(escapeControls))];
  const widths = head.map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  for (const row of shown)
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** On a terminal alone: a script that means it says --yes. Anything but y or yes is a no. */
export async function askYes(question: string): Promise<boolean> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    const hint = 'Run it in a terminal, or give --yes.';
    throw new AtlasError('usage', 'there is no terminal to ask on', { hint });
  }
  const reader = createInterface({ input: stdin, output: stderr });
  try {
    return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `)).trim());
  } finally {
    reader.close();
  }
}

// Secrets

/** Asks on the terminal and shows nothing of what is typed. */
export async function askSecret(question: string): Promise<Secret> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    const hint = 'Run it in a terminal, or give the secret through stdin or a file.';
    throw new AtlasError('usage', 'there is no terminal to ask on', { hint });
  }
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
        if (char === INTERRUPT || char === END)
          return end(() => reject(new AtlasError('usage', 'cancelled')));
        if (ERASE.has(char)) typed.pop();
        else if (char === ERASE_LINE) typed = [];
        else typed.push(char);
      }
    };
    stdin.on('data', onData);
    stdin.resume();
  });
}

/** The whole of stdin, without the newline that ends it. */
export async function readSecretFromStdin(): Promise<Secret> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.byteLength;
    if (length > SECRET_FILE_MAX_BYTES) throw new AtlasError('usage', 'stdin is too long for a secret');
    chunks.push(bytes);
  }
  return secretOf(Buffer.concat(chunks).toString('utf8'), 'stdin');
}

/** A file of mode 0600 that holds one secret. */
export function readSecretFromFile(path: string): Secret {
  const { text, problems } = readPrivateFile(path, SECRET_FILE_MAX_BYTES);
  const [problem] = problems;
  if (problem !== undefined) {
    // The hint for a missing file is about config.yaml.
    const hint = problem.code === 'file_missing' ? 'Check the path.' : problem.hint;
    throw new AtlasError('usage', `${path}: ${problem.sentence}`, { hint });
  }
  return secretOf(text ?? '', path);
}

function secretOf(text: string, from: string): Secret {
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new AtlasError('usage', `${from} holds no secret`);
  return Secret.fromText(secret);
}
