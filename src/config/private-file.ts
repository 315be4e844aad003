/**
 * A file that we rely on, read once through one descriptor, so that what was judged is what was read: a regular
 * file, owned by root or by us, and no larger than a bound; open to nobody else when it holds secrets, written by
 * nobody else when it does not. A file that is too open is still read, so that all that is wrong with it is said
 * at once; the caller must not use its values.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { decodeUtf8 } from '../base/bytes.ts';
import { systemCode } from '../base/errors.ts';
import { shellWord } from '../base/shell-word.ts';
import type { Problem, ProblemCode } from './problem.ts';

/** Bytes of a config file. Arbitrary: one with every key and comment has about 6 KB. */
export const CONFIG_MAX_BYTES = 64 * 1024;
/** Bytes of a file with one secret. Arbitrary. */
export const SECRET_FILE_MAX_BYTES = 4 * 1024;

const PRIVATE_MODE = 0o600;
/** Groups are let be: a umask of 002 is usual where each user has a group of his own. */
const PUBLIC_MODE = 0o775;

export interface GuardedFile {
  /** null when there was nothing to read. */
  readonly text: string | null;
  readonly problems: readonly Problem[];
}

/** A file with secrets. */
export function readPrivateFile(path: string, maxBytes: number): GuardedFile {
  return readGuarded(path, maxBytes, PRIVATE_MODE);
}

/** A file without, such as a certificate; whoever else may write it decides whom we trust. */
export function readPublicFile(path: string, maxBytes: number): GuardedFile {
  return readGuarded(path, maxBytes, PUBLIC_MODE);
}

/** What is wrong with the file, in words. */
type Blame = (code: ProblemCode, sentence: string, hint: string) => Problem;

interface Guard {
  readonly path: string;
  readonly maxBytes: number;
  /** The bits that its mode may have. */
  readonly allowed: number;
  readonly blame: Blame;
}

const unread = (...problems: Problem[]): GuardedFile => ({ text: null, problems });

function readGuarded(path: string, maxBytes: number, allowed: number): GuardedFile {
  const place = { kind: 'file', path, line: 1, column: 1 } as const;
  const blame: Blame = (code, sentence, hint) => {
    return { severity: 'error', code, place, key: null, sentence, hint };
  };
  const opened = openGuarded(path, blame);
  if (typeof opened !== 'number') return unread(opened);
  try {
    return readOpened(opened, { path, maxBytes, allowed, blame });
  } catch (error) {
    const sentence = `it cannot be read (${systemCode(error) ?? 'unknown error'})`;
    return unread(blame('file_unreadable', sentence, 'Check the disk and the path.'));
  } finally {
    closeSync(opened);
  }
}

/** The descriptor, or why there is none. */
function openGuarded(path: string, blame: Blame): number | Problem {
  try {
    // Without O_NONBLOCK a named pipe in this place would hold us until somebody writes to it.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const hint = 'Check the path; `atlas-fleet init` makes a fresh config.yaml.';
      return blame('file_missing', 'there is no such file', hint);
    }
    const sentence = `it cannot be read (${code ?? 'unknown error'})`;
    return blame('file_unreadable', sentence, 'Run as the owner of the file, or as root.');
  }
}

function readOpened(descriptor: number, guard: Guard): GuardedFile {
  const { maxBytes, blame } = guard;
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) return unread(blame('file_irregular', 'it is not a regular file', 'Name a file.'));
  const problems = guardProblems(stats, guard);
  const bytes = readBounded(descriptor, maxBytes + 1);
  if (bytes.byteLength > maxBytes) {
    const sentence = `it is larger than ${maxBytes} bytes, the largest size that is read`;
    return unread(...problems, blame('file_too_large', sentence, 'Remove what does not belong there.'));
  }
  const text = decodeUtf8(bytes);
  if (text !== undefined) return { text, problems };
  return unread(...problems, blame('file_not_utf8', 'it is not UTF-8 text', 'Save it as UTF-8.'));
}

/** Whoever else may read the file has the secrets; whoever else may write it has the server. */
function guardProblems(stats: Stats, { path, allowed, blame }: Guard): Problem[] {
  const problems: Problem[] = [];
  const mode = stats.mode & 0o7777;
  if ((mode & ~allowed) !== 0) {
    const isPrivate = allowed === PRIVATE_MODE;
    const expected = isPrivate ? '0600, open to its owner only' : 'one that others cannot write';
    const mend = `Run \`chmod ${isPrivate ? '600' : 'o-w'} ${shellWord(path)}\`.`;
    problems.push(blame('file_mode', `its mode is ${octal(mode)}; expected ${expected}`, mend));
  }
  const us = process.geteuid?.() ?? stats.uid;
  if (stats.uid !== us && stats.uid !== 0) {
    const sentence = `it belongs to user ${stats.uid}; expected root or user ${us}, who runs this`;
    problems.push(blame('file_owner', sentence, `Run \`sudo chown ${us} ${shellWord(path)}\`.`));
  }
  return problems;
}

const octal = (mode: number) => `0${mode.toString(8).padStart(3, '0')}`;

function readBounded(descriptor: number, limit: number): Buffer {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  while (length < limit) {
    const count = readSync(descriptor, buffer, length, limit - length, null);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}
