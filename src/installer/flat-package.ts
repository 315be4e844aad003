/**
 * A macOS product archive (flat package) from its parts, as a stream whose length is known before its first byte: xar
 * around one component with Bom, Payload, Scripts and PackageInfo, and a Distribution. The same plan gives the same
 * bytes. In memory stands all but the segments, which are read twice: for the checksum of the payload, and to be sent.
 * Format: docs/package-format.md.
 */
import { createHash } from 'node:crypto';
import { deflate } from 'node:zlib';
import { AtlasError } from '../base/errors.ts';
import { type Archive, type ArchiveSigner, archiveSource, type FileMember } from './archive.ts';
import { encodeBom } from './bom.ts';
import { type ByteSource, sourceOfBytes } from './byte-source.ts';
import { cpioPieces } from './cpio.ts';
import { distribution } from './distribution.ts';
import { gzipMember } from './gzip-member.ts';
import { type Layout, layOut, layoutBytes } from './layout.ts';
import { type Component, packageInfo } from './package-info.ts';
import type { Architecture } from './program.ts';
import type { Tree } from './tree.ts';

export interface PackagePlan {
  /** As in `com.fleet.server`: names the receipt for ever. */
  readonly identifier: string;
  /** `1`, `1.2` or `1.2.3`, up to four numbers. */
  readonly version: string;
  readonly title: string;
  readonly architecture: Architecture;
  /** As in `13.5`. */
  readonly minMacos: string;
  /** Unix seconds. */
  readonly epoch: number;
  /** Parents that are missing are added, with the modes that macOS gives them. */
  readonly payload: Tree;
  /** `preinstall` and `postinstall`, and what they read. */
  readonly scripts: Tree;
  readonly signer: ArchiveSigner | null;
}
export type FlatPackage = ByteSource;

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9][A-Za-z0-9-]*)+$/;
const VERSION = /^\d+(?:\.\d+){0,3}$/;
const MACOS = /^\d+(?:\.\d+){0,2}$/;
/** Characters. */
const TEXT_MAX = 128;
/** Seconds. What four bytes can count. */
export const EPOCH_MAX = 2 ** 32 - 1;
const MEMBER_MODE = 0o644;
const FOLDER_MODE = 0o755;

/** Rejects with package_unfit for a plan that no package can be made of, and with source_changed. */
export async function assemblePackage(plan: PackagePlan): Promise<FlatPackage> {
  checkPlan(plan);
  const { epoch, signer } = plan;
  const payload = layOut(plan.payload);
  const scripts = layOut(plan.scripts);
  const component: Component = {
    identifier: plan.identifier,
    version: plan.version,
    paths: payload.length,
    kilobytes: Math.ceil(layoutBytes(payload) / 1024),
  };
  const folder = folderName(plan.identifier);
  const members = [
    await packedMember('Bom', encodeBom(payload, epoch)),
    await storedMember('Payload', await gzipMember(cpioPieces(payload, epoch))),
    await storedMember('Scripts', await gzipMember(cpioPieces(scripts, epoch))),
    await packedMember('PackageInfo', packageInfo(component, pathsOf(scripts))),
  ];
  const product = await packedMember('Distribution', distribution({ ...plan, folder }, component));
  const archive: Archive = {
    epoch,
    members: [{ type: 'directory', name: folder, mode: FOLDER_MODE, members }, product],
    signer,
  };
  return archiveSource(archive);
}

/** `com.fleet.server` → `fleet-server.pkg`: nothing in it that a reference by name would have to escape. */
function folderName(identifier: string): string {
  return `${identifier.split('.').slice(1).join('-')}.pkg`;
}

function pathsOf(layout: Layout): ReadonlySet<string> {
  return new Set(layout.map(({ path }) => path));
}

function checkPlan({ identifier, version, minMacos, title, epoch }: PackagePlan): void {
  const short = (text: string) => text.length <= TEXT_MAX;
  if (!IDENTIFIER.test(identifier) || !short(identifier)) throw unfit('identifier', 'com.fleet.server');
  if (!VERSION.test(version) || !short(version)) throw unfit('version', '1.2.3');
  if (!MACOS.test(minMacos) || !short(minMacos)) throw unfit('oldest macOS', '13.5');
  if (/\p{Cc}/u.test(title) || title === '' || !short(title)) throw unfit('title', 'Fleet Server');
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > EPOCH_MAX) throw unfit('time', '1700000000');
}

function unfit(what: string, example: string): AtlasError {
  return new AtlasError('package_unfit', `The ${what} of the package cannot be written into it.`, {
    hint: `It looks like ${example}.`,
  });
}

/** As it is: a compressed archive, which the Installer wants to find so. */
async function storedMember(name: string, stored: ByteSource): Promise<FileMember> {
  const checksum = { style: 'sha1', digest: await sha1(stored) } as const;
  return {
    type: 'file',
    name,
    mode: MEMBER_MODE,
    encoding: 'stored',
    stored,
    size: stored.size,
    archived: checksum,
    extracted: checksum,
  };
}

/** Compressed, as Apple's tools have all but the two archives. */
async function packedMember(name: string, content: Uint8Array | string): Promise<FileMember> {
  const bytes = Buffer.from(content);
  const stored = sourceOfBytes(await zlibStream(bytes));
  return {
    type: 'file',
    name,
    mode: MEMBER_MODE,
    encoding: 'zlib',
    stored,
    size: bytes.length,
    archived: { style: 'sha1', digest: await sha1(stored) },
    extracted: { style: 'sha1', digest: await sha1(sourceOfBytes(bytes)) },
  };
}

function zlibStream(bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    deflate(bytes, (error, deflated) => (error === null ? resolve(deflated) : reject(error)));
  });
}

async function sha1(source: ByteSource): Promise<string> {
  const hash = createHash('sha1');
  for await (const chunk of source.read()) hash.update(chunk);
  return hash.digest('hex');
}
