/** `package sign`: a signed copy of a package that was found whole. The package itself stays as it is. */
import { AtlasError } from '../../base/errors.ts';
import { shellWord } from '../../base/shell-word.ts';
import type { RandomSource } from '../../installer/byte-source.ts';
import type { PackageSigner } from '../../installer/signature.ts';
import { type NewFile, withNewFile } from '../new-file.ts';
import { Progress } from '../progress.ts';
import { askSecret, readSecretFromFile, say, sayWarning } from '../terminal.ts';
import { openPackageFile } from './source.ts';

export interface IdentityFlags {
  readonly signP12?: string;
  readonly signPasswordFile?: string;
  readonly signKey?: string;
  readonly signChain?: string;
}

interface Flags extends IdentityFlags {
  readonly out: string;
}

export async function sign(path: string, flags: Flags): Promise<void> {
  await withNewFile(flags.out, {}, (file) => signInto(file, path, flags));
}

async function signInto(file: NewFile, path: string, flags: Flags): Promise<void> {
  const [{ archiveSigner }, { signerDoubts, signerName }, { openArchive }, { signedPackage }] =
    await Promise.all([
      import('../../installer/signature.ts'),
      import('../../installer/signing-identity.ts'),
      import('../../installer/archive-reader.ts'),
      import('../../installer/sign.ts'),
    ]);
  const source = await openPackageFile(path);
  const signer = await signerOf(flags);
  for (const { sentence, hint } of signerDoubts(signer, Date.now())) sayWarning(sentence, hint);
  await requireWhole(path, source);
  const signed = signedPackage(await openArchive(source), archiveSigner(signer));
  const progress = new Progress('Writing', signed.size);
  const { size, sha256 } = await file
    .fill(signed.read(), (bytes) => progress.add(bytes))
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
async function requireWhole(path: string, source: RandomSource): Promise<void> {
  const { verifyPackage } = await import('../../installer/verify.ts');
  const progress = new Progress('Reading', source.size);
  const terms = { roots: null, nowMs: Date.now(), progress: (bytes: number) => progress.add(bytes) };
  try {
    for await (const { what, result, sentence } of verifyPackage(source, terms)) {
      if (result !== 'fail') continue;
      throw new AtlasError(
        'package_damaged',
        `${path} is not signed, because it is damaged. ${what}: ${sentence}`,
        {
          hint: 'Build it again.',
        },
      );
    }
  } finally {
    progress.end();
  }
}
