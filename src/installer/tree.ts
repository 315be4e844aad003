/**
 * What a package lays down on the Mac, as a list: paths, modes and contents. Nothing of it comes from the builder's own
 * disk, user or umask, so that the same inputs give the same bytes everywhere. Owner and group are root and wheel.
 */
import { cksum, cksumRegister, combineCrc32 } from './checksum.ts';
import type { Segment } from './segment.ts';

/** Contents in order: bytes that stand in this package only, and bytes that were compressed before. */
export type Content = readonly (Uint8Array | Segment)[];

export interface Directory {
  readonly type: 'directory';
  readonly path: string;
  readonly mode: number;
}
export interface File {
  readonly type: 'file';
  readonly path: string;
  readonly mode: number;
  readonly content: Content;
}
export interface Symlink {
  readonly type: 'symlink';
  readonly path: string;
  /** Below the folder that it stands in. */
  readonly target: string;
}
export type Entry = Directory | File | Symlink;

/** `path`: as in `Library/FleetServer/config.yaml`, no leading `./`, no `..`, UTF-8; `mode`: permission bits, as in 0o600. */
export type Tree = readonly Entry[];

/** The path of the folder that all others are in. */
export const ROOT = '.';

const FORMAT_BITS = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;
const SYMLINK_MODE = 0o755;

/** What stat calls st_mode: the kind and the permission bits. */
export function fullMode(entry: Entry): number {
  return FORMAT_BITS[entry.type] | (entry.type === 'symlink' ? SYMLINK_MODE : entry.mode);
}

/** What stands behind the entry's name in a cpio archive, and what its checksum is of. */
export function contentOf(entry: Entry): Content {
  if (entry.type === 'file') return entry.content;
  return entry.type === 'symlink' ? [Buffer.from(entry.target)] : [];
}

/** Bytes. */
export function contentSize(content: Content): number {
  return content.reduce((sum, part) => sum + sizeOf(part), 0);
}

/** What the program `cksum` prints for these bytes. */
export function contentCksum(content: Content): number {
  let register = 0;
  for (const part of content) {
    register =
      part instanceof Uint8Array
        ? cksumRegister(part, register)
        : combineCrc32(register, part.cksumRegister, part.size);
  }
  return cksum(register, contentSize(content));
}

function sizeOf(part: Uint8Array | Segment): number {
  return part instanceof Uint8Array ? part.length : part.size;
}
