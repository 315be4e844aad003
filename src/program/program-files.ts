/** Which files of the bundled program a package carries, each held to the digest that program.json has of it. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AtlasError, systemCode } from '../base/errors.ts';
import { MACHINES, type Machine } from '../installer/macho.ts';
import type { Program, ProgramFile, ProgramKind } from '../installer/program.ts';
import { sha256Of } from './digest.ts';
import { sourceOfFile } from './file-source.ts';
import { MANIFEST_NAME, type Manifest } from './manifest.ts';
import type { SegmentCache } from './segment-cache.ts';

/** Below `app/`. Native, so it comes for each kind of Mac. */
const ADD_ON = 'node_modules/better-sqlite3-multiple-ciphers/';
/** What only a browser asks for. */
const PAGES = ['console/', 'node_modules/@fastify/swagger-ui/'];
const LICENCES = 'LICENSES/';
const FILE_MODE = 0o644;
/** Bytes. What is larger is compressed once for all packages. */
const SEGMENT_MIN_BYTES = 65_536;

const MEND = 'In a checkout: npm run bundle. On a Mac: install Atlas Fleet again.';
const NO_SQLITE = {
  what: 'This installation brings no SQLite, in which a standalone server keeps its data.',
  mend: 'Build it on a standalone server, or in a checkout of Atlas Fleet.',
};

export interface ProgramPlace {
  /** What becomes `app/`. */
  readonly folder: string;
  /** What becomes `LICENSES/`. */
  readonly licences: string;
}

export class ProgramFiles {
  readonly #place: ProgramPlace;
  readonly #manifest: Manifest;
  readonly #segments: SegmentCache;

  constructor(place: ProgramPlace, manifest: Manifest, segments: SegmentCache) {
    this.#place = place;
    this.#manifest = manifest;
    this.#segments = segments;
  }

  /** Rejects with program_missing when one is away or is not the released one. */
  async read(kind: ProgramKind, machines: readonly Machine[]): Promise<ProgramFile[]> {
    const manifest = await readFile(join(this.#place.folder, MANIFEST_NAME));
    const files: ProgramFile[] = [{ path: `app/${MANIFEST_NAME}`, mode: FILE_MODE, content: [manifest] }];
    for (const name of this.#namesFor(kind, machines)) {
      const path = name.startsWith(LICENCES) ? name : `app/${name}`;
      files.push({ path, mode: FILE_MODE, content: [await this.#contentOf(name)] });
    }
    return files;
  }

  /** Cheap: no content is read. */
  async lack(kind: ProgramKind, machines: readonly Machine[]): ReturnType<Program['lack']> {
    for (const name of this.#namesFor(kind, machines)) {
      const found = await stat(this.#pathOf(name)).catch(() => undefined);
      if (found?.size === this.#manifest.files[name]?.size) continue;
      return found === undefined && name.startsWith(ADD_ON)
        ? NO_SQLITE
        : { what: sentenceOf(name), mend: MEND };
    }
    return null;
  }

  #namesFor(kind: ProgramKind, machines: readonly Machine[]): string[] {
    const others = MACHINES.filter((machine) => !machines.includes(machine));
    return Object.keys(this.#manifest.files).filter((name) => {
      if (PAGES.some((folder) => name.startsWith(folder))) return kind !== 'agent';
      if (!name.startsWith(ADD_ON)) return true;
      return kind === 'standalone' && !others.some((machine) => name.endsWith(`/darwin-${machine}.node`));
    });
  }

  async #contentOf(name: string) {
    const expected = this.#manifest.files[name];
    const path = this.#pathOf(name);
    if (expected === undefined) throw notWhole(name);
    try {
      if (expected.size > SEGMENT_MIN_BYTES)
        return await this.#segments.of(expected.sha256, sourceOfFile(path, expected.size).read);
      const bytes = await readFile(path);
      if (sha256Of(bytes) === expected.sha256) return bytes;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' && !isChanged(error)) throw error;
    }
    throw notWhole(name);
  }

  #pathOf(name: string): string {
    const { folder, licences } = this.#place;
    return name.startsWith(LICENCES) ? join(licences, name.slice(LICENCES.length)) : join(folder, name);
  }
}

function isChanged(error: unknown): boolean {
  return error instanceof AtlasError && error.code === 'source_changed';
}

function sentenceOf(name: string): string {
  return `The program that packages carry is not whole: ${name} is away or altered.`;
}

function notWhole(name: string): AtlasError {
  return new AtlasError('program_missing', sentenceOf(name), { hint: MEND });
}
