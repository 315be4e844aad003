/**
 * The signature inside an executable of macOS: whose it is, and whether each page of the file is what was signed. It
 * does not ask whether Apple vouches for the signer; that is Gatekeeper's, and the digest of the download is ours.
 * Layout: Apple's <kern/cs_blobs.h>; numbers are big-endian.
 */
import { createHash } from 'node:crypto';
import { AtlasError } from '../base/errors.ts';
import { CHUNK_BYTES, type RandomSource } from './byte-source.ts';

export interface CodeSignature {
  readonly identifier: string;
  /** Apple's name of who signed, as in `HX7739G8FX`; null for one that only its own bytes vouch for. */
  readonly teamId: string | null;
  /** How many were recomputed. */
  readonly pages: number;
}

const SUPERBLOB = { magic: 0xfade0cc0, headerBytes: 12, entryBytes: 8, entriesMax: 32 } as const;
const DIRECTORY = { magic: 0xfade0c02, headerBytes: 52, withTeam: 0x20200 } as const;
const SHA256 = { type: 2, bytes: 32 } as const;
/** Bytes. Arbitrary: Node's has about 1.2 MB, nearly all of it digests. */
const SIGNATURE_MAX_BYTES = 16_777_216;
/** Powers of two: 4 KiB and 16 KiB are what there is. */
const PAGE_BITS = { min: 12, max: 14 } as const;

/** Rejects with runtime_refused when a page is not the signed one, or when bytes are left that no digest covers. */
export async function checkCodeSignature(
  source: RandomSource,
  { offset, size }: { readonly offset: number; readonly size: number },
): Promise<CodeSignature> {
  if (size > SIGNATURE_MAX_BYTES || offset + size !== source.size)
    throw refused('its signature does not stand at its end');
  const signature = Buffer.from(await source.slice(offset, size));
  const directory = findDirectory(signature);
  if (directory.codeLimit !== offset) throw refused('its signature does not cover all of it');
  await checkPages(source, directory);
  const { identifier, teamId, pageCount } = directory;
  return { identifier, teamId, pages: pageCount };
}

interface CodeDirectory {
  readonly identifier: string;
  readonly teamId: string | null;
  /** Bytes of the file that the digests cover, from its beginning. */
  readonly codeLimit: number;
  readonly pageBytes: number;
  readonly pageCount: number;
  readonly digests: Buffer;
}

/** The one with SHA-256; older systems were given another beside it. */
function findDirectory(signature: Buffer): CodeDirectory {
  if (signature.length < SUPERBLOB.headerBytes || signature.readUInt32BE(0) !== SUPERBLOB.magic)
    throw refused('its signature cannot be read');
  const count = signature.readUInt32BE(8);
  const end = SUPERBLOB.headerBytes + count * SUPERBLOB.entryBytes;
  if (count > SUPERBLOB.entriesMax || end > signature.length) throw refused('its signature cannot be read');
  for (let at = SUPERBLOB.headerBytes; at < end; at += SUPERBLOB.entryBytes) {
    const blob = signature.subarray(signature.readUInt32BE(at + 4));
    if (blob.length < DIRECTORY.headerBytes || blob.readUInt32BE(0) !== DIRECTORY.magic) continue;
    if (blob.readUInt8(37) === SHA256.type) return readDirectory(blob);
  }
  throw refused('its signature has no digests by SHA-256');
}

function readDirectory(blob: Buffer): CodeDirectory {
  const [version, digestsAt, pageCount] = [
    blob.readUInt32BE(8),
    blob.readUInt32BE(16),
    blob.readUInt32BE(28),
  ];
  const [codeLimit, pageBits] = [blob.readUInt32BE(32), blob.readUInt8(39)];
  const teamAt = version >= DIRECTORY.withTeam ? blob.readUInt32BE(48) : 0;
  if (pageBits < PAGE_BITS.min || pageBits > PAGE_BITS.max) throw refused('its signature cannot be read');
  const pageBytes = 2 ** pageBits;
  const digests = blob.subarray(digestsAt, digestsAt + pageCount * SHA256.bytes);
  const isWhole =
    digests.length === pageCount * SHA256.bytes && pageCount === Math.ceil(codeLimit / pageBytes);
  if (!isWhole) throw refused('its signature cannot be read');
  return {
    identifier: textAt(blob, blob.readUInt32BE(20)),
    teamId: teamAt === 0 ? null : textAt(blob, teamAt),
    codeLimit,
    pageBytes,
    pageCount,
    digests,
  };
}

/** In runs of CHUNK_BYTES, which every size of a page divides. */
async function checkPages(source: RandomSource, directory: CodeDirectory): Promise<void> {
  const { codeLimit, pageBytes, digests } = directory;
  for (let at = 0; at < codeLimit; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, codeLimit - at);
    const run = await source.slice(at, length);
    if (run.length < length) throw refused('it ends too early');
    for (let page = 0; page < run.length; page += pageBytes) {
      const digest = createHash('sha256')
        .update(run.subarray(page, page + pageBytes))
        .digest();
      const expected = ((at + page) / pageBytes) * SHA256.bytes;
      if (!digest.equals(digests.subarray(expected, expected + SHA256.bytes)))
        throw refused(`its bytes from ${at + page} on are not those that were signed`);
    }
  }
}

/** Ends with a zero byte. */
function textAt(blob: Buffer, at: number): string {
  const end = blob.indexOf(0, at);
  return blob.toString('latin1', at, end === -1 ? blob.length : end);
}

export function refused(why: string): AtlasError {
  return new AtlasError('runtime_refused', `This Node cannot be used: ${why}.`, {
    hint: 'Fetch it again: atlas-fleet runtime fetch',
  });
}
