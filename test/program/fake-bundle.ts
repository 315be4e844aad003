/** A bundled program of a few files, as scripts/bundle.ts leaves it in a checkout or a package on a Mac. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Manifest } from '../../src/program/manifest.ts';

export const BIG_FILE = 'main.js';

const FILES: Readonly<Record<string, string>> = {
  [BIG_FILE]: '// the program\n'.repeat(6000),
  'chunk-ABCDEFGH.js': 'export {};\n',
  'console/index.html': '<!doctype html>\n',
  'node_modules/@fastify/swagger-ui/static/logo.svg': '<svg/>\n',
  'node_modules/better-sqlite3-multiple-ciphers/lib/index.js': 'module.exports = {};\n',
  'node_modules/better-sqlite3-multiple-ciphers/prebuilds/darwin-arm64.node': 'arm64\n',
  'node_modules/better-sqlite3-multiple-ciphers/prebuilds/darwin-x64.node': 'x64\n',
  'LICENSES/packages.txt': 'As they are.\n',
};

export interface BundlePlan {
  readonly folder: string;
  readonly runtimes: Manifest['runtimes'];
  /** Where its licences lie; inside, when nothing else is said. */
  readonly licences?: string;
}

export async function fakeBundle({ folder, runtimes, licences }: BundlePlan): Promise<void> {
  const files: Manifest['files'] = {};
  for (const [name, text] of Object.entries(FILES)) {
    const inLicences = name.startsWith('LICENSES/') && licences !== undefined;
    const path = inLicences ? join(licences, name.slice('LICENSES/'.length)) : join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    files[name] = { size: text.length, sha256: createHash('sha256').update(text).digest('hex') };
  }
  const manifest: Manifest = {
    version: '0.1.0',
    node: '1.2.3',
    epoch: 1_700_000_000,
    minMacos: '13.5',
    runtimes,
    files,
  };
  await writeFile(join(folder, 'program.json'), JSON.stringify(manifest));
}
