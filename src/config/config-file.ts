/**
 * Writes config.yaml so that a crash leaves the old text or the new one, never half of one, and so that nobody's
 * edit is lost: a file that changed since it was read is left alone, and the writer is told. Between the last look
 * and the rename lies a moment of microseconds, which no call of POSIX closes.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decodeUtf8 } from '../base/bytes.ts';
import { AtlasError, systemCode } from '../base/errors.ts';

const PRIVATE_MODE = 0o600;

/**
 * Replaces the text of the file by what `edit` makes of it; keeps its owner, and of its mode what 0600 allows. A
 * symbolic link is followed and stays. Throws AtlasError `config_changed` when somebody else wrote meanwhile, and
 * `config_invalid` for a file with a second hard link, under which the old text, and its secret, would live on.
 */
export function editConfig(path: string, edit: (text: string) => string): void {
  const target = realpathSync(path);
  const { mode, uid, gid, nlink } = statSync(target);
  if (nlink > 1) {
    throw new AtlasError(
      'config_invalid',
      `${target} has a second hard link, which would keep the old text`,
      {
        hint: 'Remove the other name, or make a copy of this one: `cp -p config.yaml x && mv x config.yaml`.',
      },
    );
  }
  removeLeftovers(target);
  const before = readFileSync(target);
  const text = decodeUtf8(before);
  if (text === undefined) throw new AtlasError('config_invalid', `${target} is not UTF-8 text`);
  const temporary = writeBeside(target, edit(text), mode & PRIVATE_MODE, { uid, gid });
  try {
    if (!readFileSync(target).equals(before)) throw changed(target);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw systemCode(error) === 'ENOENT' ? changed(target) : error;
  }
  syncFolder(dirname(target));
}

function changed(path: string): AtlasError {
  return new AtlasError('config_changed', `${path} was changed by somebody else at the same time`, {
    hint: 'Nothing was written; try again.',
  });
}

/** Makes the file with mode 0600. Throws AtlasError `file_exists` rather than touch one that is there. */
export function createConfig(path: string, text: string): void {
  const temporary = writeBeside(path, text, PRIVATE_MODE);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    const hint = 'Name another folder, or move the file away first.';
    throw new AtlasError('file_exists', `${path} is there already`, { hint });
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(path));
}

const temporaryPrefix = (path: string) => `.${basename(path)}.`;
const TEMPORARY_SUFFIX = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What a writer that was killed left behind holds secrets, so it goes. Taking it from one that lives is harmless:
 * its rename fails, and it says that somebody else was there.
 */
function removeLeftovers(path: string): void {
  const prefix = temporaryPrefix(path);
  for (const name of readdirSync(dirname(path))) {
    const isOurs = name.startsWith(prefix) && TEMPORARY_SUFFIX.test(name.slice(prefix.length));
    if (isOurs) rmSync(join(dirname(path), name), { force: true });
  }
}

function writeBeside(path: string, text: string, mode: number, owner?: { uid: number; gid: number }): string {
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${crypto.randomUUID()}`);
  const descriptor = openSync(temporary, 'wx', mode);
  try {
    fchmodSync(descriptor, mode);
    if (owner !== undefined && process.geteuid?.() === 0) fchownSync(descriptor, owner.uid, owner.gid);
    const bytes = Buffer.from(text, 'utf8');
    for (let written = 0; written < bytes.byteLength; ) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return temporary;
}

/** A rename is durable only when its folder is. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
