/**
 * What a package is and lays down, for people and scripts: names, modes, sizes, and what its configuration holds by name
 * and fingerprint. Of the Payload only two files are read, its own list and config.yaml, and that one is a Secret.
 */
import { decodeUtf8 } from '../base/bytes.ts';
import { AtlasError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { openArchive } from './archive-reader.ts';
import type { BomEntry } from './bom-reader.ts';
import type { RandomSource } from './byte-source.ts';
import type { CpioPart } from './cpio-reader.ts';
import {
  type Progress,
  type ReadComponent,
  type ReadPackage,
  readPackage,
  readPayload,
} from './package-reader.ts';
import { OWN_FILE_MAX_BYTES } from './reading-limits.ts';
import { readSignatures, type SignatureFacts } from './signature-reader.ts';

export interface PackageReport {
  readonly title: string | null;
  /** As Apple names them: arm64, x86_64. */
  readonly architectures: readonly string[];
  readonly minMacos: string | null;
  readonly signature: SignatureFacts | null;
  readonly components: readonly ComponentReport[];
  /** What Atlas Fleet wrote into it about itself; null in a package of somebody else. */
  readonly contents: PackageContents | null;
  /** The text of its config.yaml, secrets and all; null where there is none. */
  readonly config: Secret | null;
}

export interface ComponentReport {
  /** As in `fleet-server.pkg`; empty where the package is this component alone. */
  readonly folder: string;
  readonly identifier: string;
  readonly version: string;
  readonly installLocation: string;
  readonly scripts: readonly string[];
  /** Bytes laid down. */
  readonly installedBytes: number;
  /** By path. */
  readonly entries: readonly BomEntry[];
}

export interface PackageContents {
  /** As in `cluster-node`. */
  readonly kind: string;
  readonly credentials: string;
  readonly items: readonly ContentItem[];
}

export interface ContentItem {
  readonly name: string;
  readonly why: string;
  readonly secret: boolean;
  readonly fingerprint: string | null;
}

/** Throws package_unreadable and package_damaged. Reads the Payload no further than to those two files. */
export async function inspectPackage(
  source: RandomSource,
  progress: Progress = () => {},
): Promise<PackageReport> {
  const whole = await readPackage(await openArchive(source));
  const { archive, components, distribution } = whole;
  return {
    title: distribution?.title ?? null,
    architectures: distribution?.architectures ?? [],
    minMacos: distribution?.minMacos ?? null,
    signature: await readSignatures(archive),
    components: components.map(componentReport),
    ...(await readOwnFiles(whole, progress)),
  };
}

function componentReport({ folder, info, bom }: ReadComponent): ComponentReport {
  const { identifier, version, installLocation, scripts } = info;
  return {
    folder,
    identifier,
    version,
    installLocation,
    scripts: scripts.map(({ path }) => path),
    installedBytes: bom.reduce((sum, { type, size }) => sum + (type === 'directory' ? 0 : size), 0),
    entries: byPath(bom),
  };
}

/** In the order of their bytes. */
function byPath(bom: readonly BomEntry[]): BomEntry[] {
  return bom
    .map((entry) => ({ entry, bytes: Buffer.from(entry.path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry);
}

const CONTENTS_PATH = /^Library\/Fleet[A-Za-z]+\/contents\.json$/;

interface OwnFiles {
  readonly contents: PackageContents | null;
  readonly config: Secret | null;
}

/** What Atlas Fleet wrote into a package about itself. */
async function readOwnFiles({ archive, components }: ReadPackage, progress: Progress): Promise<OwnFiles> {
  for (const component of components) {
    const listed = component.bom.find(({ path }) => CONTENTS_PATH.test(path));
    if (listed === undefined) continue;
    const contents = listed.path;
    const config = contents.replace(/[^/]+$/, 'config.yaml');
    const wanted = component.bom.flatMap(({ path }) => (path === contents || path === config ? [path] : []));
    const found = await findFiles(readPayload(archive, component, progress), wanted);
    const text = found.get(config);
    return {
      contents: contentsOf(found.get(contents) ?? new Uint8Array(0)),
      config: text === undefined ? null : new Secret(text),
    };
  }
  return { contents: null, config: null };
}

/** Reads no further than to the last of them; one that is too long is as one that is not there. */
async function findFiles(
  parts: AsyncIterable<CpioPart>,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  let open: { readonly path: string; readonly chunks: Uint8Array[] } | null = null;
  for await (const part of parts) {
    if (part.kind === 'content') {
      open?.chunks.push(Uint8Array.from(part.bytes));
      continue;
    }
    if (open !== null) found.set(open.path, Buffer.concat(open.chunks));
    if (found.size === wanted.length) return found;
    const { path, size } = part.head;
    open = wanted.includes(path) && size <= OWN_FILE_MAX_BYTES ? { path, chunks: [] } : null;
  }
  if (open !== null) found.set(open.path, Buffer.concat(open.chunks));
  return found;
}

function contentsOf(bytes: Uint8Array): PackageContents {
  const text = decodeUtf8(bytes) ?? '';
  const value = parsed(text);
  const items = value.contents;
  if (typeof value.kind !== 'string' || typeof value.credentials !== 'string' || !Array.isArray(items))
    throw notOurs();
  return { kind: value.kind, credentials: value.credentials, items: items.map(itemOf) };
}

function itemOf(item: unknown): ContentItem {
  const { name, why, secret, fingerprint } = fieldsOf(item);
  if (typeof name !== 'string' || typeof why !== 'string' || typeof secret !== 'boolean') throw notOurs();
  const isPrint = typeof fingerprint === 'string' && /^[0-9a-f]{8,16}$/.test(fingerprint);
  return { name, why, secret, fingerprint: isPrint ? fingerprint : null };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    throw notOurs();
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw notOurs();
  return value as Record<string, unknown>;
}

function notOurs(): AtlasError {
  return new AtlasError('package_damaged', 'contents.json of the package is not the list of its contents.');
}
