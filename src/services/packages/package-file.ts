/** The file of a package from what was decided for it: the installation on the Mac, wrapped as the Mac's Installer reads it. */
import type { ArchiveSigner } from '../../installer/archive.ts';
import type { ByteSource } from '../../installer/byte-source.ts';
import { assemblePackage } from '../../installer/flat-package.ts';
import { type InstallationPlan, installation } from '../../installer/installation.ts';
import { PROGRAM_OF } from '../../installer/product.ts';
import type { Program } from '../../installer/program.ts';
import type { PackageBuild } from '../../store/package-store.ts';
import type { PackageConfig } from './package-settings.ts';

export interface PackageParts {
  readonly build: Pick<PackageBuild, 'kind' | 'architecture' | 'credentials' | 'contents'>;
  readonly config: PackageConfig;
  readonly existingConfig: InstallationPlan['existingConfig'];
  readonly program: Program;
  readonly signer: ArchiveSigner | null;
}

/** Rejects as Program.files(), installation() and assemblePackage(). */
export async function packageFile({
  build,
  config,
  existingConfig,
  program,
  signer,
}: PackageParts): Promise<ByteSource> {
  const { architecture } = build;
  const kind = PROGRAM_OF[build.kind];
  const { version, epoch, minMacos } = program;
  const files = await program.files(kind, architecture);
  const contents = contentsText(build, program);
  const laidDown = installation({
    kind,
    existingConfig,
    version,
    program: files,
    config: config.text,
    files: config.files,
    contents,
  });
  return assemblePackage({ ...laidDown, version, architecture, minMacos, epoch, signer });
}

/** For contents.json: the same for the same package, whoever builds it and when. */
function contentsText(
  { kind, architecture, credentials, contents }: PackageParts['build'],
  { version, node }: Program,
): string {
  return `${JSON.stringify({ kind, version, node, architecture, credentials, contents }, null, 2)}\n`;
}
