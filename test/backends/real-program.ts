/**
 * The program as it is bundled in this checkout, with the real Node for Macs: two downloads of 53 MB, brought once and
 * kept in dist/, which an installation leaves alone, from one run of the tests to the next.
 */
import { join } from 'node:path';
import { MACHINES } from '../../src/installer/macho.ts';
import type { Program } from '../../src/installer/program.ts';
import { PROGRAM_FOLDER, ROOT } from '../../src/place.ts';
import { bringRuntime } from '../../src/program/bring-runtime.ts';
import { readManifest } from '../../src/program/manifest.ts';
import { openCache, openProgram } from '../../src/program/open-program.ts';

/** For ATLAS_FLEET_CACHE. */
export const RUNTIME_CACHE = join(ROOT, 'dist', 'cache');

export async function openRealProgram(): Promise<Program> {
  const cache = openCache(RUNTIME_CACHE);
  const { runtimes } = await readManifest(PROGRAM_FOLDER);
  const { signal } = new AbortController();
  for (const machine of MACHINES)
    await bringRuntime(runtimes[machine], { npm: cache.npm, signal, onStart: () => {}, onBytes: () => {} });
  return openProgram({ folder: PROGRAM_FOLDER, cache });
}
