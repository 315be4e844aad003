/** What this installation packs, opened when the first package asks for it: most servers never build one. */
import type { Program } from '../installer/program.ts';
import type { Packing } from '../package-parts.ts';
import { PROGRAM_FOLDER } from '../place.ts';

export function packing(): Packing {
  let opened: Promise<Program> | null = null;
  return {
    program: () => {
      opened ??= open().catch((error: unknown) => {
        opened = null; // it may be bundled by the time somebody asks again
        throw error;
      });
      return opened;
    },
    signing: null,
  };
}

async function open(): Promise<Program> {
  const { openCache, openProgram } = await import('../program/open-program.ts');
  return openProgram({ folder: PROGRAM_FOLDER, cache: openCache() });
}
