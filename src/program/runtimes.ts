/** Where the Node for each kind of Mac comes from: this installation's own where it has one, else npm's in the cache. */
import { AtlasError } from '../base/errors.ts';
import type { RandomSource } from '../installer/byte-source.ts';
import { refused } from '../installer/code-signature.ts';
import type { Machine } from '../installer/macho.ts';
import type { Lack } from '../installer/program.ts';
import type { Manifest } from './manifest.ts';
import type { NpmRuntimes, Runtime } from './npm-runtimes.ts';
import { findOwnNode, type OwnNode, prepareOwnNode, readOwnNode } from './own-runtime.ts';
import type { SegmentCache } from './segment-cache.ts';

const MACHINE_WORDS: Readonly<Record<Machine, string>> = { arm64: 'Apple silicon', x64: 'Intel Macs' };

export interface RuntimeSources {
  /** The folder of the installation, or of what only looks like one. */
  readonly root: string;
  readonly segments: SegmentCache;
  readonly npm: NpmRuntimes;
}

export class Runtimes {
  readonly #sources: RuntimeSources;
  readonly #manifest: Manifest;
  readonly #own = new Map<Machine, Promise<OwnNode>>();

  constructor(sources: RuntimeSources, manifest: Manifest) {
    this.#sources = sources;
    this.#manifest = manifest;
  }

  /** Null when there is one, sound or not. */
  async lack(machine: Machine): Promise<Lack | null> {
    try {
      const { root, npm } = this.#sources;
      const found = (await findOwnNode(root, machine)) ?? (await npm.find(this.#manifest.runtimes[machine]));
      if (found !== undefined) return null;
    } catch (error) {
      if (!(error instanceof AtlasError)) throw error;
      return { what: error.message, mend: error.hint ?? 'Install Atlas Fleet again.' };
    }
    const what = `The Node for ${MACHINE_WORDS[machine]} is not here.`;
    return { what, mend: `atlas-fleet runtime fetch --arch ${machine}` };
  }

  /** Rejects with runtime_missing or runtime_refused. */
  async prepare(machine: Machine): Promise<Runtime> {
    const own = await findOwnNode(this.#sources.root, machine);
    const runtime = await (own === undefined
      ? this.#sources.npm.prepare(this.#manifest.runtimes[machine])
      : this.#prepareOwn(machine, own));
    const { about } = runtime;
    if (about.machine !== machine) throw refused(`it is for ${MACHINE_WORDS[about.machine]}`);
    if (about.minMacos !== this.#manifest.minMacos)
      throw refused(`it needs macOS ${about.minMacos}, and this version says ${this.#manifest.minMacos}`);
    return runtime;
  }

  /** It is read once; its segments are asked for each time, since they may be damaged meanwhile. */
  async #prepareOwn(machine: Machine, slice: RandomSource): Promise<Runtime> {
    const { root, segments } = this.#sources;
    const read = this.#own.get(machine) ?? readOwnNode(root, slice);
    this.#own.set(machine, read);
    read.catch(() => this.#own.delete(machine));
    return prepareOwnNode(await read, slice, segments);
  }
}
