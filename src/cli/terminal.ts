/**
 * Manners: data on stdout, talk on stderr, no colour where none is wanted, and no control character of somebody
 * else's text. Secrets come from stdin, from a file or from a question (question.ts), never from argv.
 */
import { AtlasError, systemCode } from '../base/errors.ts';
import { escapeControls } from '../base/log.ts';
import { Secret } from '../base/secret.ts';
import { readPrivateFile, SECRET_FILE_MAX_BYTES } from '../config/private-file.ts';
import { type Problem, problemLines } from '../config/problem.ts';
import { asStartedHere } from './program.ts';

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

/** Somebody's text, which may be a stranger's: nothing in it acts on the terminal, and commands of ours can be copied. */
export function shown(text: string): string {
  return escapeControls(asStartedHere(text));
}

const COLOURS = { red: 31, yellow: 33, dim: 2 } as const;

function paint(colour: keyof typeof COLOURS, text: string): string {
  const wanted = process.stderr.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return wanted ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}

export function sayError(message: string, hint?: string): void {
  say(`${paint('red', 'error:')} ${shown(message)}`);
  if (hint !== undefined) sayHint(hint);
}

export function sayWarning(message: string, hint?: string): void {
  say(`${paint('yellow', 'warning:')} ${shown(message)}`);
  if (hint !== undefined) sayHint(hint);
}

export function sayHint(hint: string): void {
  say(`${paint('dim', 'hint:')} ${shown(hint)}`);
}

/** Each problem of a configuration on two lines, the same wherever they are said. */
export function reportConfigProblems(problems: readonly Problem[]): void {
  for (const problem of problems) {
    const [line, hint] = problemLines(problem);
    say(paint(problem.severity === 'error' ? 'red' : 'yellow', line));
    say(`  ${asStartedHere(hint)}`);
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

// Secrets

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
