/**
 * Segments on the disk, named by the SHA-256 of what they hold. One is believed once it was decompressed and hashed in
 * this process, and each reading of it ends in a fault when its bytes are not those any more. What is missing or
 * damaged is made again from where its bytes come from.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { AtlasError } from '../base/errors.ts';
import type { ByteSource } from '../installer/byte-source.ts';
import { compressSegment, readSegment, type Segment, type SegmentFacts } from '../installer/segment.ts';
import type { CacheFolder } from './cache-folder.ts';
import { hashed } from './digest.ts';

const FILE_MODE = 0o644;

export class SegmentCache {
  readonly #folder: CacheFolder;
  readonly #believed = new Map<string, Segment>();

  constructor(folder: CacheFolder) {
    this.#folder = folder;
  }

  /** Undefined when it is not there, or damaged. */
  async find(digest: string): Promise<Segment | undefined> {
    const stored = await this.#folder.find(nameOf(digest));
    const believed = this.#believed.get(digest);
    if (stored === undefined || believed?.deflated.size === stored.size) return stored && believed;
    const hash = createHash('sha256');
    const facts = await readSegment(hashed(stored, hash)).catch(orDamaged);
    return facts?.sha256 === digest ? this.#believe(facts, stored, hash.digest('hex')) : undefined;
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
    const stored = await this.#folder.find(nameOf(digest));
    if (stored !== undefined) return this.#believe(facts, stored, deflatedSha256);
    throw new AtlasError('source_changed', 'The cache was emptied meanwhile.', { hint: 'Try again.' });
  }

  #believe(facts: SegmentFacts, stored: ByteSource, deflatedSha256: string): Segment {
    const deflated = { size: stored.size, read: () => this.#same(facts.sha256, stored, deflatedSha256) };
    const segment = { ...facts, deflated };
    this.#believed.set(facts.sha256, segment);
    return segment;
  }

  /** A disk that lies does so at any time; the next build then makes the segment anew. */
  async *#same(digest: string, stored: ByteSource, deflatedSha256: string): AsyncIterable<Uint8Array> {
    const hash = createHash('sha256');
    yield* hashed(stored, hash).read();
    if (hash.digest('hex') === deflatedSha256) return;
    this.#believed.delete(digest);
    throw new AtlasError('source_changed', 'A part of the package was damaged in the cache.', {
      hint: 'Build it again: the part is then made anew.',
    });
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

function orDamaged(error: unknown): undefined {
  if (!(error instanceof AtlasError && error.code === 'package_damaged')) throw error;
}

function nameOf(digest: string): string {
  return `segments/${digest}.deflate`;
}
