/**
 * `npm run release`: what a first Mac is given. Brings the Node for Macs, and writes packages, checksums (`shasum -c`),
 * the profile for MDM and notes into one folder. Nothing in it is secret, and the same sources give the same bytes.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { AtlasError } from '../src/base/errors.ts';
import { shellWord } from '../src/base/shell-word.ts';
import { EXIT, exitCodeOf } from '../src/cli/exit.ts';
import { type IdentityFlags, signerOf } from '../src/cli/package-file/sign.ts';
import { print, say, sayError, sayWarning } from '../src/cli/terminal.ts';
import { sourceOfBytes } from '../src/installer/byte-source.ts';
import { archiveSigner, type PackageSigner } from '../src/installer/signature.ts';
import { signerDoubts, signerName } from '../src/installer/signing-identity.ts';
import { MAIN, PROGRAM_FOLDER, ROOT } from '../src/place.ts';
import { openCache, openProgram, type ProgramOptions } from '../src/program/open-program.ts';
import { megabytes, releaseNotes } from './release-notes.ts';
import { type ReleasedFile, releasePackages, writeReleased } from './release-packages.ts';

const PROFILE = 'docs/mdm/fleet-background-items.mobileconfig';
const CHECKSUMS = 'SHA256SUMS';

export interface ReleaseTerms {
  readonly program: ProgramOptions;
  /** Made where it is not there; nothing in it is touched but what has the name of a released file. */
  readonly out: string;
  readonly signer: PackageSigner | null;
  readonly onFile?: (file: ReleasedFile) => void;
}

/** The checksums come last: where they stand, all that they name does. Rejects as openProgram() and releasePackages(). */
export async function release({ program, out, signer, onFile }: ReleaseTerms): Promise<void> {
  await mkdir(out, { recursive: true });
  await rm(join(out, CHECKSUMS), { force: true });
  const opened = await openProgram(program);
  const packages: ReleasedFile[] = [];
  for await (const file of releasePackages({
    program: opened,
    out,
    signer: signer && archiveSigner(signer),
  })) {
    onFile?.(file);
    packages.push(file);
  }
  const put = (name: string, content: Uint8Array) => writeReleased(out, name, sourceOfBytes(content).read());
  const notes = releaseNotes({
    program: opened,
    packages,
    signedBy: signer && signerName(signer),
    changelog: await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'),
    readme: await readFile(join(ROOT, 'README.md'), 'utf8'),
  });
  const files = [
    ...packages,
    await put(basename(PROFILE), await readFile(join(ROOT, PROFILE))),
    await put('NOTES.md', Buffer.from(notes)),
  ];
  const sums = files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('');
  await put(CHECKSUMS, Buffer.from(sums));
}

interface Flags extends IdentityFlags {
  readonly out: string;
}

function readFlags(): Flags {
  return new Command('npm run release --')
    .description('packages for a first Mac, in one folder')
    .option('--out <folder>', 'where to', join(ROOT, 'dist', 'release'))
    .option('--sign-p12 <file>', 'sign with the identity that the keychain exported')
    .option('--sign-password-file <file>', 'a file of mode 0600 with its password; otherwise you are asked')
    .option('--sign-key <file>', 'the private key (PEM), in place of --sign-p12')
    .option('--sign-chain <file>', 'its certificates (PEM), its own first')
    .parse()
    .opts();
}

async function openSigner(identity: IdentityFlags): Promise<PackageSigner | null> {
  if (Object.keys(identity).length === 0) return null;
  const signer = await signerOf(identity);
  for (const { sentence, hint } of signerDoubts(signer, Date.now())) sayWarning(sentence, hint);
  return signer;
}

/** Says itself how far it is, and why not. */
function fetchRuntimes(): boolean {
  return spawnSync(process.execPath, [MAIN, 'runtime', 'fetch'], { stdio: 'inherit' }).status === 0;
}

async function main(): Promise<void> {
  const { out: folder, ...identity } = readFlags();
  const out = resolve(folder);
  const signer = await openSigner(identity);
  if (!fetchRuntimes())
    throw new AtlasError('runtime_missing', 'there is no release without the Node for Macs');
  say('Building the packages, and checking each');
  const program = { folder: PROGRAM_FOLDER, cache: openCache() };
  const onFile = ({ name, size, sha256 }: ReleasedFile) =>
    print(`${sha256}  ${megabytes(size).padStart(6)} MB  ${name}`);
  await release({ program, out, signer, onFile });
  say(`Released into ${out}, ${signer === null ? 'unsigned' : `signed by ${signerName(signer)}`}.`);
  say(`Check it: cd ${shellWord(out)} && shasum -a 256 -c ${CHECKSUMS}`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (error instanceof AtlasError) sayError(error.message, error.hint);
    else sayError(String(error));
    process.exitCode = error instanceof AtlasError ? exitCodeOf(error) : EXIT.failed;
  }
  process.disconnect?.();
}
