/** This program: its version, from its package, and the words that start it from here. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The checkout, or wherever the package lies. */
const ROOT = join(import.meta.dirname, '..', '..');

export const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;

/** The launcher as a person types it in this folder: relative where that is shorter. */
export const PROGRAM: string = shorter(join(ROOT, 'bin', 'atlas-fleet'));

function shorter(path: string): string {
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}
