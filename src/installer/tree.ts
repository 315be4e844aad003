/**
 * What a package lays down on the Mac, as a list: paths, modes and contents. Nothing of it comes from the builder's own
 * disk, user or umask, so that the same inputs give the same bytes everywhere. Owner and group are root and wheel.
 */
import type { Segment } from './segment.ts';

/** Contents in order: bytes that stand in this package only, and bytes that were compressed before. */
export type Content = readonly (Uint8Array | Segment)[];

export type Entry =
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | { readonly type: 'file'; readonly path: string; readonly mode: number; readonly content: Content }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string };

/** `path`: as in `Library/FleetServer/config.yaml`, no leading `./`, no `..`, UTF-8; `mode`: permission bits, as in 0o600. */
export type Tree = readonly Entry[];
