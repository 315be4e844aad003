/**
 * program.json, which stands beside the bundled program: what version it is, which Node it runs on, and each of its
 * files by size and SHA-256. Written by scripts/bundle.ts; a program that differs from it is not packed.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AtlasError } from '../base/errors.ts';

export const MANIFEST_NAME = 'program.json';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const runtimePin = z.strictObject({
  /** An npm package that holds Node's own file for macOS, unmodified and signed by the Node.js Foundation. */
  package: z.string(),
  version: z.string(),
  /** Of its tarball, as package-lock.json has it: `sha512-` and base64. */
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/),
  /** Of what packages carry of it: the file `node`, and its licence. */
  node: sha256,
  licence: sha256,
});
export type RuntimePin = z.infer<typeof runtimePin>;

/** SHA-512 in hex, of what npm writes in base64. */
export function digestIn({ integrity }: RuntimePin): string {
  return Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
}

const manifest = z.strictObject({
  version: z.string(),
  /** Of Node. */
  node: z.string(),
  /** Unix seconds. */
  epoch: z.int().nonnegative(),
  minMacos: z.string().regex(/^\d+(\.\d+)*$/),
  runtimes: z.strictObject({ arm64: runtimePin, x64: runtimePin }),
  /** By path below the folder of the program; licences lie in `LICENSES/`, beside it once installed. */
  files: z.record(z.string(), z.strictObject({ size: z.int().nonnegative(), sha256 })),
});
export type Manifest = z.infer<typeof manifest>;

/** Rejects with program_missing. */
export async function readManifest(folder: string): Promise<Manifest> {
  try {
    return manifest.parse(JSON.parse(await readFile(join(folder, MANIFEST_NAME), 'utf8')));
  } catch (cause) {
    throw new AtlasError('program_missing', 'the program that packages carry is not bundled here', {
      hint: 'in a checkout, run npm run bundle; on a Mac, install Atlas Fleet again',
      cause,
    });
  }
}
