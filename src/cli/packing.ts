/** What this installation packs and who signs it, read when somebody asks: most servers never build a package. */
import type { Config } from '../config/config.ts';
import type { Program } from '../installer/program.ts';
import type { Packing } from '../package-parts.ts';
import { PROGRAM_FOLDER } from '../place.ts';

export function packing({ package: identity }: Pick<Config, 'package'>): Packing {
  let opened: Promise<Program> | null = null;
  return {
    program: () => {
      opened ??= open().catch((error: unknown) => {
        opened = null; // it may be bundled by the time somebody asks again
        throw error;
      });
      return opened;
    },
    signing: async () => {
      if (identity.signKey === null) return null;
      const { signingIdentity } = await import('./signing.ts');
      return signingIdentity(identity);
    },
  };
}

async function open(): Promise<Program> {
  const { openCache, openProgram } = await import('../program/open-program.ts');
  return openProgram({ folder: PROGRAM_FOLDER, cache: openCache() });
}
