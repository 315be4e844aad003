/** This program: its version, and the words that start it from here. */
import { join, relative } from 'node:path';
import { ROOT } from '../place.ts';

export { VERSION } from '../place.ts';

/** The launcher as a person types it in this folder: relative where that is shorter. */
export const PROGRAM: string = shorter(join(ROOT, 'bin', 'atlas-fleet'));

function shorter(path: string): string {
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}
