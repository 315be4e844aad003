/**
 * xar, the outer form of a package: members, and from them the header, the table of contents, its checksum and its
 * signatures. Building a package and signing one that exists both end here; the heap is laid out in the order of the
 * members, each behind the one before. Format: docs/package-format.md.
 */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { type ByteSource, joinSources, sourceOfBytes } from './byte-source.ts';
import { type Reserve, tocXml } from './toc-xml.ts';

/** `zlib`: RFC 1950, which the table of contents calls application/x-gzip. */
export type Encoding = 'stored' | 'zlib';

/** Of a member. New packages have sha1, which every reader knows; one that is signed anew keeps what it has. */
export interface MemberChecksum {
  readonly style: 'sha1' | 'sha256' | 'sha512';
  /** Hex. */
  readonly digest: string;
}

export interface FileMember {
  readonly type: 'file';
  /** Without a folder. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  readonly encoding: Encoding;
  /** As they lie in the heap. */
  readonly stored: ByteSource;
  /** Bytes after decoding. */
  readonly size: number;
  /** Of the bytes as they lie in the heap. */
  readonly archived: MemberChecksum;
  /** Of the bytes after decoding. */
  readonly extracted: MemberChecksum;
}

export interface FolderMember {
  readonly type: 'directory';
  readonly name: string;
  readonly mode: number;
  readonly members: readonly Member[];
}

export type Member = FileMember | FolderMember;

/** Signs the checksum of the table of contents. How long both signatures are must be known before there is one to sign. */
export interface ArchiveSigner {
  /** DER, the leaf first, then what leads to the root. */
  readonly chain: readonly Uint8Array[];
  /** Bytes: of the leaf's modulus. */
  readonly rsaBytes: number;
  /** Bytes that are kept free; the rest of them behind the signature is zeros. */
  readonly cmsBytes: number;
  /** `digest`: SHA-1. `epoch`: Unix seconds, the time of signing. */
  sign(digest: Uint8Array, epoch: number): { readonly rsa: Uint8Array; readonly cms: Uint8Array };
}

export interface Archive {
  /** Unix seconds that every member bears. */
  readonly epoch: number;
  readonly members: readonly Member[];
  readonly signer: ArchiveSigner | null;
}

const MAGIC = 0x78617221;
const HEADER_BYTES = 28;
const VERSION = 1;
const SHA1_STYLE = 1;
const SHA1_BYTES = 20;

/** The whole file. */
export function archiveSource(archive: Archive): ByteSource {
  return joinSources([sourceOfBytes(archiveHead(archive)), ...heapOf(archive.members)]);
}

/** All that stands before the first member's bytes. */
function archiveHead({ epoch, members, signer }: Archive): Uint8Array {
  const reserve: Reserve = { checksumBytes: SHA1_BYTES, signer };
  const xml = Buffer.from(tocXml(members, epoch, reserve));
  const toc = deflateSync(xml);
  const digest = createHash('sha1').update(toc).digest();
  const signatures = signer === null ? [] : signed(digest, epoch, signer);
  return Buffer.concat([header(toc.length, xml.length), toc, digest, ...signatures]);
}

function header(stored: number, size: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt16BE(HEADER_BYTES, 4);
  bytes.writeUInt16BE(VERSION, 6);
  bytes.writeBigUInt64BE(BigInt(stored), 8);
  bytes.writeBigUInt64BE(BigInt(size), 16);
  bytes.writeUInt32BE(SHA1_STYLE, 24);
  return bytes;
}

function signed(digest: Uint8Array, epoch: number, signer: ArchiveSigner): Uint8Array[] {
  const { rsa, cms } = signer.sign(digest, epoch);
  if (rsa.length !== signer.rsaBytes || cms.length > signer.cmsBytes) {
    throw new RangeError('a signature is longer than the place that was kept for it');
  }
  return [rsa, cms, new Uint8Array(signer.cmsBytes - cms.length)];
}

function heapOf(members: readonly Member[]): ByteSource[] {
  return members.flatMap((member) => (member.type === 'file' ? [member.stored] : heapOf(member.members)));
}
