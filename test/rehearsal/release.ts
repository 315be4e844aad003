/**
 * Atlas Fleet as it is released: the bundled program, under any version, in a folder that a server can run from and
 * pack from. Its Node for Macs is the real one, or a stand-in of a few pages where many packages are built.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import { type Manifest, readManifest } from '../../src/program/manifest.ts';
import { openCache } from '../../src/program/open-program.ts';
import { openRealProgram, RUNTIME_CACHE } from '../backends/real-program.ts';
import { fakeRuntime } from '../fakes/runtime-tarball.ts';
import { CHECKOUT, LOCAL_NODE } from '../mac/checkout.ts';

const BUNDLE = join(CHECKOUT, 'dist', 'program');
/** The one native file: a bundle has those for Macs, and what runs here needs the one of this machine. */
const ADD_ON = join(
  'better-sqlite3-multiple-ciphers',
  'prebuilds',
  `${process.platform}-${process.arch}.node`,
);
const LOCAL_ADD_ON = join(CHECKOUT, 'node_modules', ADD_ON);
/** Below the folder of an installation. */
const ADD_ON_PATH = join('app', 'node_modules', ADD_ON);

export interface Release {
  readonly version: string;
  /** Runs its program. */
  readonly launcher: string;
  /** For a server that is to pack it. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ReleasePlan {
  /** For this release and others. */
  readonly folder: string;
  readonly node: 'real' | 'stand-in';
  /** Of the bundle, where nothing is said. */
  readonly version?: string;
}

export async function makeRelease({ folder, node, version }: ReleasePlan): Promise<Release> {
  const bundled = await readManifest(BUNDLE);
  const manifest = { ...bundled, version: version ?? bundled.version };
  const root = join(folder, manifest.version);
  const app = join(root, 'app');
  cpSync(BUNDLE, app, { recursive: true });
  cpSync(LOCAL_ADD_ON, join(root, ADD_ON_PATH));
  const { cache, runtimes } = node === 'real' ? await realNode(bundled) : await standIns(folder);
  const ours: Manifest = { ...manifest, runtimes };
  writeFileSync(join(app, 'program.json'), JSON.stringify(ours));
  const launcher = join(root, 'bin', 'atlas-fleet');
  mkdirSync(join(root, 'bin'));
  writeFileSync(launcher, `#!/bin/sh\nexec '${LOCAL_NODE}' '${app}/main.js' "$@"\n`, { mode: 0o755 });
  return { version: manifest.version, launcher, env: { ATLAS_FLEET_CACHE: cache } };
}

async function realNode({ runtimes }: Manifest) {
  await openRealProgram();
  return { cache: RUNTIME_CACHE, runtimes };
}

async function standIns(folder: string) {
  const cache = join(folder, 'cache');
  const { npm } = openCache(cache);
  const [arm64, x64] = [fakeRuntime({ machine: 'arm64' }), fakeRuntime({ machine: 'x64' })];
  for (const { pin, tarball } of [arm64, x64]) await npm.keep(pin, sourceOfBytes(tarball).read());
  return { cache, runtimes: { arm64: arm64.pin, x64: x64.pin } };
}

/** What of an installation for Macs does not run on this machine, and what does. */
export const NATIVE_HERE = { path: ADD_ON_PATH, bytes: readFileSync(LOCAL_ADD_ON) };
