/**
 * The program that packages carry, from where it lies: the bundle of a checkout with Node out of the cache, or the
 * installation that this server runs from, which brings its own.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MACHINES, machinesOf, universalLayout } from '../installer/macho.ts';
import type { Program, ProgramFile } from '../installer/program.ts';
import type { Content } from '../installer/tree.ts';
import { CacheFolder, defaultCacheFolder } from './cache-folder.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { NpmRuntimes, type Runtime } from './npm-runtimes.ts';
import { ProgramFiles } from './program-files.ts';
import { Runtimes } from './runtimes.ts';
import { SegmentCache } from './segment-cache.ts';

export interface ProgramCache {
  readonly path: string;
  readonly segments: SegmentCache;
  readonly npm: NpmRuntimes;
}

/** One for a process: what it proved sound it need not prove again. Nothing is made before it is needed. */
export function openCache(path: string = defaultCacheFolder()): ProgramCache {
  const folder = new CacheFolder(path);
  const segments = new SegmentCache(folder);
  return { path, segments, npm: new NpmRuntimes(folder, segments) };
}

export interface ProgramOptions {
  /** Holds program.json. */
  readonly folder: string;
  readonly cache: ProgramCache;
}

/** Reads one small file. Rejects with program_missing where the program is not bundled. */
export async function openProgram({ folder, cache }: ProgramOptions): Promise<Program> {
  const manifest = await readManifest(folder);
  const root = dirname(folder);
  const inside = join(folder, 'LICENSES'); // once installed, they stand beside `app/`
  const licences = existsSync(inside) ? inside : join(root, 'LICENSES');
  return new OpenProgram(
    manifest,
    new ProgramFiles({ folder, licences }, manifest, cache.segments),
    new Runtimes({ root, ...cache }, manifest),
  );
}

class OpenProgram implements Program {
  readonly version: string;
  readonly node: string;
  readonly epoch: number;
  readonly minMacos: string;
  readonly #files: ProgramFiles;
  readonly #runtimes: Runtimes;

  constructor({ version, node, epoch, minMacos }: Manifest, files: ProgramFiles, runtimes: Runtimes) {
    this.version = version;
    this.node = node;
    this.epoch = epoch;
    this.minMacos = minMacos;
    this.#files = files;
    this.#runtimes = runtimes;
  }

  async files(...[kind, architecture]: Parameters<Program['files']>): Promise<readonly ProgramFile[]> {
    const machines = machinesOf(architecture);
    const files = await this.#files.read(kind, machines);
    const runtimes = await Promise.all(machines.map((machine) => this.#runtimes.prepare(machine)));
    const licences = runtimes.map(({ licence }) => licence).slice(0, 1); // the same for each kind of Mac
    return [
      { path: 'bin/node', mode: 0o755, content: nodeOf(runtimes) },
      { path: 'LICENSES/node.txt', mode: 0o644, content: licences },
      ...files,
    ];
  }

  async lack(...[kind, architecture]: Parameters<Program['lack']>): ReturnType<Program['lack']> {
    const machines = machinesOf(architecture);
    const lack = await this.#files.lack(kind, machines);
    if (lack !== null) return lack;
    for (const machine of machines) {
      const lack = await this.#runtimes.lack(machine);
      if (lack !== null) return lack;
    }
    return null;
  }
}

/** One as it is, or both in one file. */
function nodeOf(runtimes: readonly Runtime[]): Content {
  const [arm64, x64] = MACHINES.map(
    (machine) => runtimes.find(({ about }) => about.machine === machine)?.node,
  );
  if (arm64 === undefined || x64 === undefined) return runtimes.map(({ node }) => node);
  const slices = { arm64, x64 };
  const layout = universalLayout({ arm64: arm64.size, x64: x64.size });
  return layout.flatMap(({ machine, before }) => [before, slices[machine]]);
}
