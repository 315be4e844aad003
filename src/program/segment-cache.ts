/**
 * Segments on the disk, named by the SHA-256 of what they hold. One is believed once its compressed bytes have been
 * hashed in this process; a missing or damaged one is made again from where its bytes come from.
 */
import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { AtlasError } from '../base/errors.ts';
import { compressSegment, type Segment } from '../installer/segment.ts';
import type { CacheFolder } from './cache-folder.ts';
import { digestOf } from './digest.ts';

const FILE_MODE = 0o644;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const noted = z.strictObject({
  size: z.int().nonnegative(),
  sha256,
  crc32: z.int(),
  cksumRegister: z.int(),
  /** Of the compressed bytes. */
  deflatedSha256: sha256,
});

export class SegmentCache {
  readonly #folder: CacheFolder;
  readonly #believed = new Map<string, Segment>();

  constructor(folder: CacheFolder) {
    this.#folder = folder;
  }

  /** Undefined when it is not there, or damaged. */
  async find(digest: string): Promise<Segment | undefined> {
    const deflated = await this.#folder.find(nameOf(digest));
    const believed = this.#believed.get(digest);
    if (believed?.deflated.size === deflated?.size) return believed;
    const notes = noted.safeParse(await this.#folder.readJson(notesNameOf(digest)));
    if (deflated === undefined || !notes.success) return undefined;
    const { deflatedSha256, ...facts } = notes.data;
    if (facts.sha256 !== digest || (await digestOf(deflated, 'sha256')) !== deflatedSha256) return undefined;
    return this.#believe({ ...facts, deflated });
  }

  /** Compresses and keeps it where it is missing. Rejects with source_changed when `content` has another digest. */
  async of(digest: string, content: () => AsyncIterable<Uint8Array>): Promise<Segment> {
    const found = await this.find(digest);
    if (found !== undefined) return found;
    const { facts, deflatedSha256 } = await this.#folder.make(nameOf(digest), async (draft) => {
      const made = await compressInto(draft, content());
      if (made.facts.sha256 === digest) return made;
      throw new AtlasError('source_changed', 'A file is not what it was when its digest was taken.', {
        hint: 'Try again; if that fails too, install or bundle the program again.',
      });
    });
    const notes: z.input<typeof noted> = { ...facts, deflatedSha256 };
    await this.#folder.make(notesNameOf(digest), (draft) => writeFile(draft, `${JSON.stringify(notes)}\n`));
    const deflated = await this.#folder.find(nameOf(digest));
    if (deflated !== undefined) return this.#believe({ ...facts, deflated });
    throw new AtlasError('source_changed', 'The cache was emptied meanwhile.', { hint: 'Try again.' });
  }

  #believe(segment: Segment): Segment {
    this.#believed.set(segment.sha256, segment);
    return segment;
  }
}

async function compressInto(path: string, content: AsyncIterable<Uint8Array>) {
  const deflatedSha256 = createHash('sha256');
  const file = await open(path, 'wx', FILE_MODE);
  try {
    const facts = await compressSegment(content, async (deflated) => {
      deflatedSha256.update(deflated);
      await file.writeFile(deflated);
    });
    return { facts, deflatedSha256: deflatedSha256.digest('hex') };
  } finally {
    await file.close();
  }
}

function nameOf(digest: string): string {
  return `segments/${digest}.deflate`;
}

function notesNameOf(digest: string): string {
  return `segments/${digest}.json`;
}
