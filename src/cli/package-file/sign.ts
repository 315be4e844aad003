/** `package sign`: a signed copy of a package that was found whole. The package itself stays as it is. */
import { AtlasError } from '../../base/errors.ts';
import { shellWord } from '../../base/shell-word.ts';
import type { ReadArchive } from '../../installer/archive-reader.ts';
import type { PackageSigner } from '../../installer/signature.ts';
import type { PackageCheck, VerifyTerms } from '../../installer/verify.ts';
import { type NewFile, withNewFile } from '../new-file.ts';
import { Progress } from '../progress.ts';
import { askSecret } from '../question.ts';
import { readSecretFromFile, say, sayWarning } from '../terminal.ts';
import { type PackageFile, withPackageFile } from './source.ts';

export interface IdentityFlags {
  readonly signP12?: string;
  readonly signPasswordFile?: string;
  readonly signKey?: string;
  readonly signChain?: string;
}

interface Flags extends IdentityFlags {
  readonly out: string;
  readonly sha256?: string;
}

export async function sign(path: string, flags: Flags): Promise<void> {
  await withPackageFile(path, (source) =>
    withNewFile(flags.out, {}, (file) => signInto(file, { ...flags, path, source })),
  );
}

interface Order extends Flags {
  readonly path: string;
  readonly source: PackageFile;
}

/** One file and one table of contents for all of it: what is signed is what was found whole. */
async function signInto(file: NewFile, { path, source, ...flags }: Order): Promise<void> {
  const [{ archiveSigner }, { signerDoubts, signerName }, { openArchive }, { signedPackage }] =
    await Promise.all([
      import('../../installer/signature.ts'),
      import('../../installer/signing-identity.ts'),
      import('../../installer/archive-reader.ts'),
      import('../../installer/sign.ts'),
    ]);
  const signer = await signerOf(flags);
  for (const { sentence, hint } of signerDoubts(signer, Date.now())) sayWarning(sentence, hint);
  const archive = await openArchive(source);
  await requireWhole(path, archive, flags.sha256);
  const signed = signedPackage(archive, archiveSigner(signer));
  const progress = new Progress('Writing', signed.size);
  const { size, sha256 } = await file
    .fill(unchanged(source, signed.read()), (bytes) => progress.add(bytes))
    .finally(() => progress.end());
  say(`Signed by ${signerName(signer)}: ${flags.out}, ${size} bytes.
SHA-256: ${sha256}
On a Mac: pkgutil --check-signature ${shellWord(flags.out)}`);
}

/** Rejects with usage unless the flags name one identity, and with signer_invalid. */
export async function signerOf(flags: IdentityFlags): Promise<PackageSigner> {
  const { signP12, signPasswordFile, signKey, signChain } = flags;
  const { signerOfFiles, signerOfPkcs12 } = await import('../signing.ts');
  const isPem = signKey !== undefined && signChain !== undefined;
  if (isPem && signP12 === undefined) return signerOfFiles(signKey, signChain);
  if (signP12 !== undefined && signKey === undefined && signChain === undefined) {
    return await signerOfPkcs12(signP12, async () =>
      signPasswordFile === undefined
        ? await askSecret('Password of the .p12')
        : readSecretFromFile(signPasswordFile),
    );
  }
  throw new AtlasError('usage', 'it is not clear who signs', {
    hint: 'Give --sign-p12 FILE, or --sign-key KEY.pem with --sign-chain CHAIN.pem.',
  });
}

/** Who signs a package vouches for all of it. */
async function requireWhole(path: string, archive: ReadArchive, sha256: string | undefined): Promise<void> {
  const progress = new Progress('Reading', archive.source.size);
  const terms = { roots: null, nowMs: Date.now(), progress: (bytes: number) => progress.add(bytes), sha256 };
  try {
    for await (const { what, result, sentence } of checksOf(archive, terms)) {
      if (result !== 'fail') continue;
      throw new AtlasError('package_damaged', `${path} is not signed. ${what}: ${sentence}`, {
        hint: 'Build it again, or fetch it again from where it was built.',
      });
    }
  } finally {
    progress.end();
  }
}

async function* checksOf(archive: ReadArchive, terms: VerifyTerms): AsyncIterable<PackageCheck> {
  const { checkFile, verifyArchive } = await import('../../installer/verify.ts');
  if (terms.sha256 !== undefined) yield await checkFile(archive.source, terms.sha256);
  yield* verifyArchive(archive, terms);
}

/** The last word on the copy: it gets its name only when the package did not change under it. */
async function* unchanged(source: PackageFile, copy: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* copy;
  await source.requireUnchanged();
}
