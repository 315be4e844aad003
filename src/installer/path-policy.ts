/** Which paths a package may have. What is refused would leave the folder it was meant for, or hide in it. */
import { AtlasError } from '../base/errors.ts';

/** Bytes. PATH_MAX and NAME_MAX of macOS; the longest path has room for `./` and the NUL. */
const PATH_BYTES_MAX = 1021;
const NAME_BYTES_MAX = 255;

/** Symbolic links of macOS: what is laid down below them replaces them. */
const LINKED_FOLDERS: ReadonlySet<string> = new Set(['etc', 'tmp', 'var']);

/** Throws package_unfit. */
export function checkPath(path: string): void {
  const lack = lackOf(path);
  if (lack === null) return;
  throw new AtlasError('package_unfit', `The path ${JSON.stringify(path.slice(0, 256))} ${lack}.`, {
    hint: 'Paths in a package look like Library/FleetServer/config.yaml.',
  });
}

function lackOf(path: string): string | null {
  if (!path.isWellFormed()) return 'is not text';
  if (/\p{Cc}/u.test(path)) return 'holds a control character';
  if (path.startsWith('/')) return 'is absolute';
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return `is longer than ${PATH_BYTES_MAX} bytes`;
  const names = path.split('/');
  if (LINKED_FOLDERS.has(names[0] ?? ''))
    return `leads through a symbolic link of macOS; write private/${path}`;
  return names.map(nameLack).find((lack) => lack !== null) ?? null;
}

function nameLack(name: string): string | null {
  if (name === '') return 'has an empty name in it';
  if (name === '.' || name === '..') return 'has a dot for a name in it';
  if (name.startsWith('._') || name === '.DS_Store') return "has a name in it that is the Finder's own";
  return Buffer.byteLength(name) > NAME_BYTES_MAX
    ? `has a name in it that is longer than ${NAME_BYTES_MAX} bytes`
    : null;
}
