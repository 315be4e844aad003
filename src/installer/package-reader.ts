/**
 * A package as it is put together: its components, each with Bom, Payload, PackageInfo and perhaps Scripts, and the
 * Distribution around them. A package that is one component alone has them at the top. Every member that is read
 * through here is checked on the way.
 */
import type { Allowance } from './allowance.ts';
import { contentOfMember, filesOf, type ReadArchive, unpacked } from './archive-reader.ts';
import { type BomEntry, readBom } from './bom-reader.ts';
import type { ByteSource } from './byte-source.ts';
import { type CpioPart, readCpio } from './cpio-reader.ts';
import {
  type ReadDistribution,
  type ReadPackageInfo,
  readDistribution,
  readPackageInfo,
} from './manifest-reader.ts';
import { damaged, unreadable } from './package-fault.ts';
import { COMPONENTS_MAX, SCRIPTS_MAX_BYTES } from './reading-limits.ts';
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

export async function readPackage(archive: ReadArchive): Promise<ReadPackage> {
  const { members } = archive.toc;
  const distribution = fileIn(members, 'Distribution');
  const parts: Part[] = [{ folder: '', members }];
  for (const member of members) {
    if (member.type === 'directory') parts.push({ folder: member.path, members: member.members });
  }
  const described = parts.filter(({ members: own }) => fileIn(own, 'PackageInfo'));
  if (described.length > COMPONENTS_MAX) {
    throw damaged(`The package has ${described.length} components, and ${COMPONENTS_MAX} are the most.`);
  }
  const components: ReadComponent[] = [];
  const known = new Set<ReadFile | undefined>([distribution]);
  for (const part of described) {
    components.push(await readComponent(archive, part));
    for (const name of ['PackageInfo', 'Bom', 'Payload', 'Scripts']) known.add(fileIn(part.members, name));
  }
  if (components.length === 0) throw unreadable('The archive is no package: it has no component.');
  return {
    archive,
    components,
    distribution: distribution
      ? readDistribution(await wholeMember(archive, distribution, archive.allowances.manifests))
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
  const { manifests } = archive.allowances;
  return {
    folder,
    info: readPackageInfo(await wholeMember(archive, infoFile, manifests), infoFile.path),
    bom: await bomOf(archive, bomFile),
    payload,
    scripts: fileIn(members, 'Scripts') ?? null,
  };
}

async function bomOf(archive: ReadArchive, file: ReadFile): Promise<BomEntry[]> {
  const { boms, paths, pathLength } = archive.allowances;
  const bom = readBom(await wholeMember(archive, file, boms));
  paths.spend(bom.length);
  pathLength.spend(bom.reduce((sum, { path }) => sum + path.length, 0));
  return bom;
}

/** What the Payload holds; the Bom has said how much that is. */
export function readPayload(
  archive: ReadArchive,
  component: ReadComponent,
  progress: Progress,
): AsyncIterable<CpioPart> {
  const announced = component.bom.reduce((sum, { path, size }) => sum + size + overhead(path), 0);
  return readPacked(archive, component.payload, { maxBytes: announced + PADDING_MAX_BYTES, progress });
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
  const bytes = isGzip ? unpacked(archive, member, { form: 'gzip', maxBytes, what: path }) : member.read();
  for await (const part of readCpio(bytes, path)) {
    if (part.kind === 'head') archive.allowances.entries.spend(1);
    yield part;
  }
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

async function wholeMember(archive: ReadArchive, file: ReadFile, allowance: Allowance): Promise<Uint8Array> {
  allowance.spend(file.data?.size ?? 0);
  const chunks: Uint8Array[] = [];
  for await (const chunk of contentOfMember(archive, file)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

function fileIn(members: readonly ReadMember[], name: string): ReadFile | undefined {
  return members.find(
    (member): member is ReadFile => member.type === 'file' && member.path.split('/').at(-1) === name,
  );
}
