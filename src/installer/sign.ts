/**
 * A package that exists, signed: the header and the table of contents are made anew, every member is copied as it lies
 * in the heap. A signature that it had is gone. Who calls has verified the package: what is signed is vouched for.
 */
import { createHash } from 'node:crypto';
import {
  type ArchiveSigner,
  archiveSource,
  type Encoding,
  type Member,
  type MemberChecksum,
} from './archive.ts';
import { heapPart, type ReadArchive } from './archive-reader.ts';
import { type ByteSource, sourceOfBytes } from './byte-source.ts';
import { damaged, unreadable } from './package-fault.ts';
import type { ReadFile, ReadMember } from './toc-reader.ts';

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  'application/octet-stream': 'stored',
  'application/x-gzip': 'zlib',
};

/** The time of signing is that of the package, so that the same package and signer give the same bytes. */
export function signedPackage(archive: ReadArchive, signer: ArchiveSigner): ByteSource {
  const members = archive.toc.members.map((member) => copied(archive, member));
  return archiveSource({ epoch: archive.toc.epoch, members, signer });
}

function copied(archive: ReadArchive, member: ReadMember): Member {
  const { type, path, mode } = member;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (type === 'file') return { type, name, mode, ...dataOf(archive, member) };
  return { type, name, mode, members: member.members.map((inner) => copied(archive, inner)) };
}

function dataOf(archive: ReadArchive, { path, data }: ReadFile) {
  if (data === null) return EMPTY;
  const { archived, extracted, size } = data;
  const encoding = ENCODINGS[data.encoding];
  if (encoding === undefined) throw unreadable(`${path} is compressed in a way that is not known.`);
  if (archived === null || extracted === null) throw damaged(`${path} has no checksum.`);
  return { encoding, stored: heapPart(archive, data), size, archived, extracted };
}

const NOTHING: MemberChecksum = { style: 'sha1', digest: createHash('sha1').digest('hex') };
const EMPTY = {
  encoding: 'stored',
  stored: sourceOfBytes(new Uint8Array(0)),
  size: 0,
  archived: NOTHING,
  extracted: NOTHING,
} as const;
