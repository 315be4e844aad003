/**
 * The packages of a release: a server that stands alone and an agent, for each kind of Mac, with no secret in them. Each
 * is read back from the disk and checked in all its parts before it counts. The same program gives the same bytes,
 * wherever and whenever.
 */
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { AtlasError } from '../src/base/errors.ts';
import { withNewFile } from '../src/cli/new-file.ts';
import { type ConfigOfPackage, standaloneConfig, unfilledAgentConfig } from '../src/config/package-config.ts';
import { rowOf } from '../src/config/schema.ts';
import type { ArchiveSigner } from '../src/installer/archive.ts';
import { productOf } from '../src/installer/product.ts';
import { ARCHITECTURES, type Architecture, type Program } from '../src/installer/program.ts';
import { verifyPackage } from '../src/installer/verify.ts';
import { sourceOfFile } from '../src/program/file-source.ts';
import { packageFile } from '../src/services/packages/package-file.ts';
import { FILE_NAMES } from '../src/services/packages/package-kinds.ts';
import { programContent } from '../src/services/packages/package-readiness.ts';

export interface ReleaseOrder {
  readonly program: Program;
  /** A folder that is there. */
  readonly out: string;
  readonly signer: ArchiveSigner | null;
}

export interface ReleasedFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

const KINDS = ['standalone', 'agent'] as const;
type Kind = (typeof KINDS)[number];

/** Holds nothing that anybody may not have. */
const FILE_MODE = 0o644;

/** In the order of their names, as they come. Rejects as packageFile(), and with package_damaged. */
export async function* releasePackages(order: ReleaseOrder): AsyncIterable<ReleasedFile> {
  for (const kind of KINDS)
    for (const architecture of ARCHITECTURES) yield await releasePackage(order, kind, architecture);
}

async function releasePackage(
  { program, out, signer }: ReleaseOrder,
  kind: Kind,
  architecture: Architecture,
): Promise<ReleasedFile> {
  const config = configOf(kind);
  const contents = [...config.contents, programContent(program)];
  const build = { kind, architecture, credentials: 'none', contents } as const;
  const source = await packageFile({ build, config, existingConfig: 'keep', program, signer });
  const name = FILE_NAMES[kind].replace('.pkg', `-${program.version}-${architecture}.pkg`);
  const file = await writeReleased(out, name, source.read());
  await requireSound(join(out, name), file);
  return file;
}

/** In place of an earlier one of that name. */
export async function writeReleased(
  folder: string,
  name: string,
  content: AsyncIterable<Uint8Array>,
): Promise<ReleasedFile> {
  const path = join(folder, name);
  const written = await withNewFile(path, { mayReplace: true }, (file) => file.fill(content));
  await chmod(path, FILE_MODE);
  return { name, ...written };
}

function configOf(kind: Kind): ConfigOfPackage {
  return kind === 'agent'
    ? unfilledAgentConfig(productOf(kind))
    : standaloneConfig({ port: Number(rowOf('server.port').default), place: productOf(kind) });
}

async function requireSound(path: string, { size, sha256 }: ReleasedFile): Promise<void> {
  const terms = { sha256, roots: null, nowMs: Date.now() };
  for await (const { what, result, sentence } of verifyPackage(sourceOfFile(path, size), terms))
    if (result === 'fail')
      throw new AtlasError('package_damaged', `${path} is damaged. ${what}: ${sentence}`);
}
