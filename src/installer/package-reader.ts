/**
 * A package as it is put together: its components, each with Bom, Payload, PackageInfo and perhaps Scripts, and the
 * Distribution around them. A package that is one component alone has them at the top. Every member that is read
 * through here is checked on the way.
 */
import { contentOfMember, filesOf, openArchive, type ReadArchive } from './archive-reader.ts';
import { type BomEntry, readBom } from './bom-reader.ts';
import type { ByteSource, RandomSource } from './byte-source.ts';
import { type CpioPart, readCpio } from './cpio-reader.ts';
import { inflated } from './inflate.ts';
import {
  type ReadDistribution,
  type ReadPackageInfo,
  readDistribution,
  readPackageInfo,
} from './manifest-reader.ts';
import { damaged, unreadable } from './package-fault.ts';
import { BOM_MAX_BYTES, MANIFEST_MAX_BYTES, PAYLOAD_MAX_BYTES, SCRIPTS_MAX_BYTES } from './reading-limits.ts';
import type { ReadFile, ReadMember } from './toc-reader.ts';

export interface ReadComponent {
  /** As in `fleet-server.pkg`; empty where the package is this component alone. */
  readonly folder: string;
  readonly info: ReadPackageInfo;
  readonly bom: readonly BomEntry[];
  readonly payload: ReadFile;
  readonly scripts: ReadFile | null;
}

export interface ReadPackage {
  readonly archive: ReadArchive;
  readonly distribution: ReadDistribution | null;
  readonly components: readonly ReadComponent[];
  /** Members that belong to none of that, such as pictures and licences to show. */
  readonly others: readonly ReadFile[];
}

/** Told of bytes of the file as they are read. */
export type Progress = (bytes: number) => void;

export async function openPackage(source: RandomSource): Promise<ReadPackage> {
  const archive = await openArchive(source);
  const { members } = archive.toc;
  const distribution = fileIn(members, 'Distribution');
  const parts: Part[] = [{ folder: '', members }];
  for (const member of members) {
    if (member.type === 'directory') parts.push({ folder: member.path, members: member.members });
  }
  const components: ReadComponent[] = [];
  const known = new Set<ReadFile | undefined>([distribution]);
  for (const part of parts.filter(({ members: own }) => fileIn(own, 'PackageInfo'))) {
    components.push(await readComponent(archive, part));
    for (const name of ['PackageInfo', 'Bom', 'Payload', 'Scripts']) known.add(fileIn(part.members, name));
  }
  if (components.length === 0) throw unreadable('The archive is no package: it has no component.');
  return {
    archive,
    components,
    distribution: distribution
      ? readDistribution(await wholeMember(archive, distribution, MANIFEST_MAX_BYTES))
      : null,
    others: filesOf(members).filter((file) => !known.has(file)),
  };
}

interface Part {
  readonly folder: string;
  readonly members: readonly ReadMember[];
}

async function readComponent(archive: ReadArchive, { folder, members }: Part): Promise<ReadComponent> {
  const [infoFile, bomFile, payload] = ['PackageInfo', 'Bom', 'Payload'].map((name) => fileIn(members, name));
  if (infoFile === undefined || bomFile === undefined || payload === undefined) {
    throw damaged(`The component ${folder} lacks its Bom or its Payload.`);
  }
  return {
    folder,
    info: readPackageInfo(await wholeMember(archive, infoFile, MANIFEST_MAX_BYTES), infoFile.path),
    bom: readBom(await wholeMember(archive, bomFile, BOM_MAX_BYTES)),
    payload,
    scripts: fileIn(members, 'Scripts') ?? null,
  };
}

/** What the Payload holds; the Bom has said how much that is. */
export function readPayload(
  archive: ReadArchive,
  component: ReadComponent,
  progress: Progress,
): AsyncIterable<CpioPart> {
  const announced = component.bom.reduce((sum, { path, size }) => sum + size + overhead(path), 0);
  const maxBytes = Math.min(PAYLOAD_MAX_BYTES, announced + PADDING_MAX_BYTES);
  return readPacked(archive, component.payload, { maxBytes, progress });
}

export function readScripts(archive: ReadArchive, file: ReadFile): AsyncIterable<CpioPart> {
  return readPacked(archive, file, { maxBytes: SCRIPTS_MAX_BYTES, progress: () => {} });
}

/** Bytes. Of a head and a name of cpio, with `./` and the NUL. */
const overhead = (path: string) => 76 + Buffer.byteLength(path) + 3;
/** Bytes. The trailer, and what tools fill a last block with. */
const PADDING_MAX_BYTES = 64 * 1024;

interface Packed {
  readonly maxBytes: number;
  readonly progress: Progress;
}

async function* readPacked(
  archive: ReadArchive,
  file: ReadFile,
  { maxBytes, progress }: Packed,
): AsyncIterable<CpioPart> {
  const { path, data } = file;
  const start = Buffer.from(await firstBytes(archive, file));
  if (start.toString('latin1', 0, 4) === 'pbzx')
    throw unreadable(`${path} is compressed in a way that only macOS reads (pbzx).`);
  const member: ByteSource = {
    size: data?.size ?? 0,
    read: () => counted(contentOfMember(archive, file), progress),
  };
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  yield* readCpio(isGzip ? inflated(member, { form: 'gzip', maxBytes, what: path }) : member.read(), path);
}

async function firstBytes(archive: ReadArchive, file: ReadFile): Promise<Uint8Array> {
  for await (const chunk of contentOfMember(archive, file)) return chunk.slice(0, 4);
  throw damaged(`${file.path} is empty.`);
}

async function* counted(chunks: AsyncIterable<Uint8Array>, progress: Progress): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    progress(chunk.length);
    yield chunk;
  }
}

async function wholeMember(archive: ReadArchive, file: ReadFile, maxBytes: number): Promise<Uint8Array> {
  if ((file.data?.size ?? 0) > maxBytes) throw unreadable(`${file.path} has more than ${maxBytes} bytes.`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of contentOfMember(archive, file)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

function fileIn(members: readonly ReadMember[], name: string): ReadFile | undefined {
  return members.find(
    (member): member is ReadFile => member.type === 'file' && member.path.split('/').at(-1) === name,
  );
}
