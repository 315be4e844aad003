/**
 * Node for Macs as npm has it, kept in the cache as the tarball that it is and believed by the digest that the program
 * was released with. What is taken out of it is checked page by page, compressed once and kept; if that is damaged, it
 * is taken out again.
 */
import { writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { AtlasError } from '../base/errors.ts';
import { type RandomSource, sourceOfBytes } from '../installer/byte-source.ts';
import { checkMachO, MACHINES, type MachO } from '../installer/macho.ts';
import type { Segment } from '../installer/segment.ts';
import type { CacheFolder } from './cache-folder.ts';
import { digestOf, sha256Of, writeHashed } from './digest.ts';
import { sourceOfFile } from './file-source.ts';
import { digestIn, type RuntimePin } from './manifest.ts';
import type { SegmentCache } from './segment-cache.ts';
import { filesOfTar } from './tarball.ts';

/** A Node for one kind of Mac, ready to be packed. */
export interface Runtime {
  readonly about: MachO;
  readonly node: Segment;
  readonly licence: Segment;
}

const NODE = 'package/bin/node';
const LICENCE = 'package/LICENSE';
/** Bytes. Arbitrary: Node's has 54 MB. */
const TARBALL_MAX_BYTES = 268_435_456;
const LICENCE_MAX_BYTES = 1_048_576;
const NOTES_MODE = 0o644;

const prepared = z.strictObject({
  /** Of the tarball that it was taken from. */
  integrity: z.string(),
  about: z.strictObject({
    machine: z.enum(MACHINES),
    minMacos: z.string(),
    signature: z
      .strictObject({ identifier: z.string(), teamId: z.string().nullable(), pages: z.int() })
      .nullable(),
  }),
});

export class NpmRuntimes {
  readonly #folder: CacheFolder;
  readonly #segments: SegmentCache;
  readonly #preparing = new Map<string, Promise<Runtime>>();

  constructor(folder: CacheFolder, segments: SegmentCache) {
    this.#folder = folder;
    this.#segments = segments;
  }

  /** The tarball; not whether it is sound, which `prepare` finds. */
  find(pin: RuntimePin): Promise<RandomSource | undefined> {
    return this.#folder.find(`${nameOf(pin)}.tgz`);
  }

  /** Keeps a tarball. Rejects with runtime_refused when it is not the pinned one, and then keeps nothing. */
  keep(pin: RuntimePin, tarball: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#folder.make(`${nameOf(pin)}.tgz`, async (draft) => {
      const digest = await writeHashed(draft, bounded(tarball, TARBALL_MAX_BYTES), 'sha512');
      if (digest === digestIn(pin)) return;
      throw new AtlasError(
        'runtime_refused',
        `This is not ${pin.package} ${pin.version} as it was released.`,
        {
          hint: `Its digest differs from the pinned one. Bring it anew: npm pack ${pin.package}@${pin.version}`,
        },
      );
    });
  }

  /** What was found when it was prepared; null when it never was. */
  async about(pin: RuntimePin): Promise<MachO | null> {
    const notes = prepared.safeParse(await this.#folder.readJson(`${nameOf(pin)}.json`));
    return notes.success && notes.data.integrity === pin.integrity ? notes.data.about : null;
  }

  /** Seconds for the first time, then next to nothing. Rejects with runtime_missing or runtime_refused. */
  prepare(pin: RuntimePin, signal?: AbortSignal): Promise<Runtime> {
    const running = this.#preparing.get(pin.integrity);
    if (running !== undefined) return running;
    const started = this.#prepare(pin, signal).finally(() => this.#preparing.delete(pin.integrity));
    this.#preparing.set(pin.integrity, started);
    return started;
  }

  async #prepare(pin: RuntimePin, signal?: AbortSignal): Promise<Runtime> {
    return (await this.#findPrepared(pin)) ?? this.#takeOut(pin, await this.#soundTarball(pin), signal);
  }

  async #findPrepared(pin: RuntimePin): Promise<Runtime | undefined> {
    const about = await this.about(pin);
    if (about === null) return undefined;
    const node = await this.#segments.find(pin.node);
    const licence = await this.#segments.find(pin.licence);
    return node && licence && { about, node, licence };
  }

  async #soundTarball(pin: RuntimePin): Promise<RandomSource> {
    const tarball = await this.find(pin);
    if (tarball === undefined) throw missing(pin, 'is not here');
    if ((await digestOf(tarball, 'sha512')) !== digestIn(pin)) throw missing(pin, 'is damaged on this disk');
    return tarball;
  }

  #takeOut(pin: RuntimePin, tarball: RandomSource, signal?: AbortSignal): Promise<Runtime> {
    return this.#folder.borrow(`${nameOf(pin)}.node`, async (draft) => {
      const { digest, size, licence } = await extract(tarball, draft, signal);
      if (digest !== pin.node || sha256Of(licence) !== pin.licence) throw notPinned(pin);
      const file = sourceOfFile(draft, size);
      const about = await checkMachO(file);
      const runtime = {
        about,
        node: await this.#segments.of(pin.node, () => until(signal, file.read())),
        licence: await this.#segments.of(pin.licence, sourceOfBytes(licence).read),
      };
      const notes: z.input<typeof prepared> = { integrity: pin.integrity, about };
      await this.#folder.make(`${nameOf(pin)}.json`, (path) =>
        writeFile(path, `${JSON.stringify(notes)}\n`, { mode: NOTES_MODE }),
      );
      return runtime;
    });
  }
}

/** Node goes to `path`; all else in the tarball is passed over. */
async function extract(tarball: RandomSource, path: string, signal?: AbortSignal) {
  let node: { digest: string; size: number } | undefined;
  let licence: Uint8Array | undefined;
  await pipeline(
    copiesOf(until(signal, tarball.read())),
    createGunzip(),
    async (tar: AsyncIterable<Uint8Array>) => {
      for await (const file of filesOfTar(tar)) {
        if (file.name === NODE)
          node = { size: file.size, digest: await writeHashed(path, file.content, 'sha256') };
        if (file.name === LICENCE && file.size <= LICENCE_MAX_BYTES) licence = await wholeOf(file.content);
      }
    },
  );
  if (node !== undefined && licence !== undefined) return { ...node, licence };
  throw new AtlasError('runtime_refused', `The archive has no ${node === undefined ? NODE : LICENCE}.`);
}

/** A stream holds on to its chunks longer than a source leaves them valid. */
async function* copiesOf(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const bytes of content) yield Uint8Array.from(bytes);
}

async function* until(signal: AbortSignal | undefined, content: AsyncIterable<Uint8Array>) {
  for await (const bytes of content) {
    signal?.throwIfAborted();
    yield bytes;
  }
}

async function* bounded(content: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<Uint8Array> {
  let count = 0;
  for await (const bytes of content) {
    count += bytes.length;
    if (count > maxBytes) throw new AtlasError('runtime_refused', 'It is too large to be Node.');
    yield bytes;
  }
}

async function wholeOf(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

function nameOf(pin: RuntimePin): string {
  return `runtimes/${pin.package}-${pin.version}`;
}

function missing(pin: RuntimePin, how: string): AtlasError {
  return new AtlasError('runtime_missing', `The Node for Macs (${pin.package} ${pin.version}) ${how}.`, {
    hint: 'Bring it: atlas-fleet runtime fetch',
  });
}

/** The digests of program.json are of another version than its tarball: it was put together wrongly. */
function notPinned({ package: name, version }: RuntimePin): AtlasError {
  return new AtlasError('runtime_refused', `${name} ${version} holds another Node than program.json says.`, {
    hint: 'In a checkout: set RUNTIMES of scripts/bundle.ts, then npm run bundle. On a Mac: install Atlas Fleet again.',
  });
}
