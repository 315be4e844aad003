/** Who signs packages, from the files that the configuration or the flags of `package sign` name. */
import { readFile, stat } from 'node:fs/promises';
import { AtlasError, systemCode } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { Config } from '../config/config.ts';
import { readCertificates, readPrivateKey } from '../config/pem-file.ts';
import type { ArchiveSigner } from '../installer/archive.ts';
import { archiveSigner, type PackageSigner } from '../installer/signature.ts';
import { signerName, signerOfPem } from '../installer/signing-identity.ts';

/** Bytes of a .p12. Arbitrary: one with a chain has about 6 KB. */
const PKCS12_MAX_BYTES = 1024 * 1024;

/** Null where the configuration names none. Throws signer_invalid, and config_invalid where the files have changed. */
export function configuredSigner({ signKey, signChain }: Config['package']): PackageSigner | null {
  return signKey === null || signChain === null ? null : signerOfFiles(signKey, signChain);
}

/** For who packs: the name at once, the key when a package is built, as it is then. */
export function signingIdentity(
  config: Config['package'],
): { readonly name: string; open(): Promise<ArchiveSigner> } | null {
  const signer = configuredSigner(config);
  if (signer === null) return null;
  return { name: signerName(signer), open: async () => archiveSigner(configuredSigner(config) ?? signer) };
}

export function signerOfFiles(key: string, chain: string): PackageSigner {
  return signerOfPem(readCertificates(chain), readPrivateKey(key));
}

export async function signerOfPkcs12(path: string, password: () => Promise<Secret>): Promise<PackageSigner> {
  const { readPkcs12 } = await import('./pkcs12.ts');
  const bytes = await bytesOf(path);
  return await readPkcs12(bytes, await password());
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).size <= PKCS12_MAX_BYTES) return await readFile(path);
  } catch (cause) {
    const reason = systemCode(cause) === 'ENOENT' ? 'there is no such file' : 'it cannot be read';
    throw new AtlasError('signer_invalid', `${path}: ${reason}`, { hint: 'Check the path.', cause });
  }
  throw new AtlasError('signer_invalid', `${path}: it is too large for a .p12`);
}
