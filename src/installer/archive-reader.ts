/**
 * Opens a xar: header, table of contents and its checksum, which all else rests on. What is returned agreed with it; the
 * members are read through here as well, and each byte of them is judged. Only the table of contents is held in memory.
 * Format: docs/package-format.md.
 */
import { createHash, type Hash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { equalBytes } from '../base/bytes.ts';
import { type Allowances, allowancesOf } from './allowance.ts';
import type { MemberChecksum } from './archive.ts';
import { type ByteSource, CHUNK_BYTES, type RandomSource } from './byte-source.ts';
import { type Inflating, inflated } from './inflate.ts';
import { damaged, unreadable } from './package-fault.ts';
import { TOC_MAX_BYTES, TOC_STORED_MAX_BYTES } from './reading-limits.ts';
import {
  type Extent,
  type MemberData,
  type ReadFile,
  type ReadMember,
  readToc,
  type Toc,
} from './toc-reader.ts';

export interface ReadArchive {
  readonly source: RandomSource;
  readonly toc: Toc;
  /** Of the table of contents: what a signature signs. */
  readonly digest: Uint8Array;
  /** Bytes before the heap. */
  readonly heapAt: number;
  /** Bytes of it. */
  readonly heapBytes: number;
  /** Used up by whatever is read of it. */
  readonly allowances: Allowances;
}

const MAGIC = 0x78617221;
const HEADER_BYTES = 28;
const VERSION = 1;
const STYLE_OF_NUMBER: Readonly<Record<number, MemberChecksum['style']>> = {
  1: 'sha1',
  3: 'sha256',
  4: 'sha512',
};
const DIGEST_BYTES: Readonly<Record<MemberChecksum['style'], number>> = { sha1: 20, sha256: 32, sha512: 64 };

export async function openArchive(source: RandomSource): Promise<ReadArchive> {
  const header = readHeader(await source.slice(0, HEADER_BYTES));
  const heapAt = HEADER_BYTES + header.stored;
  if (heapAt > source.size) throw damaged('The file ends within its table of contents.');
  const stored = await source.slice(HEADER_BYTES, header.stored);
  const toc = readToc(inflateToc(stored, header.size));
  if (toc.checksum.style !== header.style || toc.checksum.length !== DIGEST_BYTES[header.style]) {
    throw damaged('Header and table of contents name different checksums.');
  }
  const digest = createHash(header.style).update(stored).digest();
  refuseOverlap(toc);
  const allowances = allowancesOf(source.size);
  const archive = { source, toc, digest, heapAt, heapBytes: source.size - heapAt, allowances };
  const written = await heapPart(archive, toc.checksum).slice(0, digest.length);
  if (!equalBytes(written, digest)) throw damaged('The table of contents does not match its checksum.');
  return archive;
}

function readHeader(bytes: Uint8Array) {
  const header = Buffer.from(bytes);
  if (header.length < HEADER_BYTES || header.readUInt32BE(0) !== MAGIC) {
    throw unreadable('The file is no package: it does not begin as a xar archive does.');
  }
  if (header.readUInt16BE(4) !== HEADER_BYTES || header.readUInt16BE(6) !== VERSION) {
    throw unreadable('The file is a xar archive of another version.');
  }
  const style = STYLE_OF_NUMBER[header.readUInt32BE(24)];
  if (style === undefined) throw unreadable('The archive has a checksum of a kind that is not known.');
  const stored = Number(header.readBigUInt64BE(8));
  const size = Number(header.readBigUInt64BE(16));
  if (stored > TOC_STORED_MAX_BYTES || size > TOC_MAX_BYTES) {
    throw unreadable('The table of contents is too long to be read.');
  }
  return { stored, size, style };
}

function inflateToc(stored: Uint8Array, size: number): Uint8Array {
  let result: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    // With `info`, Node returns more than the types of it say.
    result = inflateSync(stored, { maxOutputLength: size, info: true }) as never;
  } catch (cause) {
    throw damaged('The table of contents cannot be decompressed.', cause);
  }
  const isWhole = result.buffer.length === size && result.engine.bytesWritten === stored.length;
  if (!isWhole) throw damaged('The table of contents has another length than the header says.');
  return result.buffer;
}

export function heapPart(
  { source, heapAt, heapBytes }: ReadArchive,
  { offset, length }: Extent,
): RandomSource {
  if (offset + length > heapBytes) throw damaged('The file ends before its last member does.');
  const from = heapAt + offset;
  return {
    size: length,
    slice: (at, count) => source.slice(from + at, Math.max(0, Math.min(count, length - at))),
    read: async function* () {
      for (let at = 0; at < length; at += CHUNK_BYTES) {
        yield await source.slice(from + at, Math.min(CHUNK_BYTES, length - at));
      }
    },
  };
}

/** Every file, those in folders as well. */
export function filesOf(members: readonly ReadMember[]): ReadFile[] {
  return members.flatMap((member) => (member.type === 'file' ? [member] : filesOf(member.members)));
}

/** In the order in which they lie in the heap. */
function extentsOf({ checksum, signatures, members }: Toc): Extent[] {
  const data = filesOf(members).flatMap((file) => file.data ?? []);
  return [checksum, ...signatures, ...data].sort((a, b) => a.offset - b.offset);
}

/** Where bytes may be of many parts, a small file is as much work as a large one. */
function refuseOverlap(toc: Toc): void {
  let end = 0;
  for (const { offset, length } of extentsOf(toc)) {
    if (offset < end) throw damaged('Two parts of the archive lie over each other.');
    end = offset + length;
  }
}

/** No byte of the heap belongs to nothing. */
export function checkHeap({ toc, heapBytes }: ReadArchive): void {
  let end = 0;
  for (const { offset, length } of extentsOf(toc)) {
    if (offset > end) throw damaged(`${offset - end} bytes of the archive belong to nothing.`);
    end = offset + length;
  }
  if (end > heapBytes) throw damaged('The file ends before its last member does.');
  if (end < heapBytes) throw damaged(`${heapBytes - end} bytes stand behind the end of the archive.`);
}

/** What a member holds, decoded. Throws at its end, at the latest, where it is not what the table of contents says. */
export async function* contentOfMember(archive: ReadArchive, file: ReadFile): AsyncIterable<Uint8Array> {
  const { path, data } = file;
  if (data === null) return;
  const stored = heapPart(archive, data);
  const archivedHash = new Checked(path, 'as it is stored', data.archived);
  const watched: RandomSource = { ...stored, read: () => watch(stored.read(), archivedHash) };
  const extractedHash = new Checked(path, 'extracted', data.extracted);
  let count = 0;
  for await (const chunk of decoded(archive, watched, { data, path })) {
    count += chunk.length;
    extractedHash.update(chunk);
    yield chunk;
  }
  archivedHash.end();
  if (count !== data.size) throw damaged(`${path} has ${count} bytes, not ${data.size}.`);
  extractedHash.end();
}

function decoded(
  archive: ReadArchive,
  stored: RandomSource,
  { data, path }: { readonly data: MemberData; readonly path: string },
): AsyncIterable<Uint8Array> {
  if (data.encoding === 'application/octet-stream') return stored.read();
  if (data.encoding === 'application/x-gzip') {
    return unpacked(archive, stored, { form: 'zlib', maxBytes: data.size, what: path });
  }
  throw unreadable(`${path} is compressed in a way that is not known: ${data.encoding}.`);
}

/** Decompressed, at the expense of what the archive may be in all. */
export async function* unpacked(
  { allowances }: ReadArchive,
  stored: ByteSource,
  terms: Inflating,
): AsyncIterable<Uint8Array> {
  for await (const chunk of inflated(stored, terms)) {
    allowances.unpacked.spend(chunk.length);
    yield chunk;
  }
}

async function* watch(chunks: AsyncIterable<Uint8Array>, hash: Checked): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** A member without a checksum is not believed: nothing would tell when it was changed. */
class Checked {
  readonly #hash: Hash;
  readonly #expected: string;
  readonly #what: string;

  constructor(path: string, how: string, expected: MemberChecksum | null) {
    if (expected === null) throw damaged(`${path} has no checksum of its bytes ${how}.`);
    this.#what = `${path}, ${how},`;
    this.#expected = expected.digest;
    this.#hash = createHash(expected.style);
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  end(): void {
    if (this.#hash.digest('hex') !== this.#expected)
      throw damaged(`${this.#what} does not match its checksum.`);
  }
}
