/**
 * A tree as it is laid down: every folder listed before what is in it, in the order of the paths' bytes, no path twice.
 * Parents that are missing are added with the modes that macOS gives them, because the Installer sets those of folders
 * that are there already. Throws package_unfit for what would harm a Mac, or what the formats cannot say.
 */
import { AtlasError } from '../base/errors.ts';
import { checkPath } from './path-policy.ts';
import { contentOf, contentSize, type Directory, type Entry, ROOT, type Symlink, type Tree } from './tree.ts';

/** Owned by root and wheel, all of them. Folders of another group, as /Applications, are none of ours. */
const MACOS_MODES: ReadonlyMap<string, number> = new Map([
  [ROOT, 0o755],
  ['Library', 0o755],
  ['Library/LaunchDaemons', 0o755],
  ['private', 0o755],
  ['private/etc', 0o755],
  ['private/etc/newsyslog.d', 0o755],
  ['private/var', 0o755],
  ['private/var/log', 0o755],
]);
/** Of a folder that is the package's own. */
const OWN_MODE = 0o755;
const PERMISSION_BITS = 0o777;
/** Arbitrary, below the 130 560 that a Bom with one branch can name. */
const ENTRIES_MAX = 100_000;
/** Bytes. What four bytes of a Bom can count. */
const TREE_BYTES_MAX = 2 ** 32 - 1;

/** With the folder that all others are in, ROOT, as the first. */
export type Layout = readonly Entry[];

export function layOut(tree: Tree): Layout {
  for (const entry of tree) checkEntry(entry);
  const entries = [...missingFolders(tree.map(({ path }) => path)).map(folder), ...tree];
  if (entries.length > ENTRIES_MAX) throw unfit(`The package has more than ${ENTRIES_MAX} paths.`);
  checkOnce(entries);
  checkParents(entries);
  if (layoutBytes(entries) > TREE_BYTES_MAX) throw unfit('The package holds 4 GiB or more.');
  return inOrder(entries);
}

/** Bytes of all files and of the targets of all links. */
export function layoutBytes(layout: Layout): number {
  return layout.reduce((sum, entry) => sum + contentSize(contentOf(entry)), 0);
}

/** ROOT is its own. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? ROOT : path.slice(0, end);
}

/** As cpio has it: `.` or `./Library`. */
export function archivePath(path: string): string {
  return path === ROOT ? ROOT : `./${path}`;
}

/** By the bytes of UTF-8, which is not the order of the language's strings: a folder comes before what is in it. */
function inOrder(entries: readonly Entry[]): Layout {
  return entries
    .map((entry) => ({ entry, key: Buffer.from(archivePath(entry.path)) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ entry }) => entry);
}

function missingFolders(paths: readonly string[]): string[] {
  const listed = new Set(paths);
  const missing = new Set([ROOT]);
  for (const path of paths) {
    for (let at = parentOf(path); !listed.has(at) && !missing.has(at); at = parentOf(at)) missing.add(at);
  }
  return [...missing];
}

function folder(path: string): Directory {
  const mode = MACOS_MODES.get(path);
  if (mode === undefined && parentOf(path) === ROOT) {
    throw unfit(
      `No mode is known for the folder /${path} of macOS.`,
      'Lay it down below Library, or list the folder.',
    );
  }
  return { type: 'directory', path, mode: mode ?? OWN_MODE };
}

function checkEntry(entry: Entry): void {
  checkPath(entry.path);
  if (entry.type === 'symlink') checkPath(entry.target);
  else checkMode(entry);
}

function checkMode({ path, mode }: Exclude<Entry, Symlink>): void {
  if (!Number.isInteger(mode) || mode < 0 || mode > PERMISSION_BITS) {
    throw unfit(`The mode of ${path} is not one of permission bits alone.`);
  }
  const known = MACOS_MODES.get(path);
  if (known !== undefined && mode !== known) {
    throw unfit(
      `/${path} belongs to macOS, with mode ${known.toString(8)}.`,
      'Leave it out: it is added as it is.',
    );
  }
}

/** The file system of macOS takes two names for one that differ in case or in Unicode's normal forms alone. */
function checkOnce(entries: readonly Entry[]): void {
  const seen = new Set<string>();
  for (const { path } of entries) {
    const folded = path.normalize('NFD').toLowerCase();
    if (seen.has(folded)) throw unfit(`The package has the path ${path} twice, as macOS compares names.`);
    seen.add(folded);
  }
}

function checkParents(entries: readonly Entry[]): void {
  const folders = new Set(entries.filter(({ type }) => type === 'directory').map(({ path }) => path));
  for (const { path } of entries) {
    const parent = parentOf(path);
    if (!folders.has(parent)) throw unfit(`${path} lies below ${parent}, which is not a folder.`);
  }
}

function unfit(sentence: string, hint?: string): AtlasError {
  return new AtlasError('package_unfit', sentence, hint === undefined ? {} : { hint });
}
