/**
 * Signs the table of contents of a package, in the two ways in which Apple's tools look for it: RSA over the checksum as
 * it stands (PKCS#1 v1.5, its DigestInfo: RFC 8017, 9.2), and CMS over the checksum as content. The same package,
 * identity and time give the same bytes. Format: docs/package-format.md.
 */
import { constants, createPrivateKey, type KeyObject, privateEncrypt } from 'node:crypto';
import { AtlasError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { ArchiveSigner, MemberChecksum } from './archive.ts';
import { RSA_MIN_BITS, rsaBits } from './certificates.ts';
import { signCms } from './cms.ts';

export interface PackageSigner {
  /** DER, the leaf first, then what leads to the root. */
  readonly chain: readonly Uint8Array[];
  /** PEM of the leaf's RSA key. */
  readonly key: Secret;
}

/** Beyond 2049 a time takes two bytes more (RFC 5280, 4.1.2.5): this one is as long as any. */
const LONGEST_TIME = Date.UTC(2050, 0) / 1000;
const SHA1_BYTES = 20;

export function archiveSigner({ chain, key: secret }: PackageSigner): ArchiveSigner {
  const key = rsaKey(secret);
  const rsaBytes = Math.ceil(rsaBits(key) / 8);
  return {
    chain,
    rsaBytes,
    // How long it is does not hang on what is signed.
    cmsBytes: signCms(new Uint8Array(SHA1_BYTES), { chain, key }, LONGEST_TIME).length,
    sign: (digest, epoch) => ({
      rsa: privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo('sha1', digest)),
      cms: signCms(digest, { chain, key }, epoch),
    }),
  };
}

/** PEM without a passphrase. Throws signer_invalid. */
export function rsaKey(secret: Secret): KeyObject {
  const key = readKey(secret);
  if (key.asymmetricKeyType !== 'rsa') throw unfitKey(`of the kind ${key.asymmetricKeyType}, not RSA`);
  if (rsaBits(key) < RSA_MIN_BITS)
    throw unfitKey(`RSA with ${rsaBits(key)} bits, and anybody could find it: ${RSA_MIN_BITS} are the least`);
  return key;
}

function unfitKey(how: string): AtlasError {
  return new AtlasError('signer_invalid', `The signing key is ${how}.`, {
    hint: 'Take the key of a Developer ID Installer certificate.',
  });
}

function readKey(secret: Secret): KeyObject {
  try {
    return createPrivateKey(Buffer.from(secret.reveal()));
  } catch (cause) {
    throw new AtlasError('signer_invalid', 'The signing key cannot be read.', {
      hint: 'Give a private key in PEM form that opens without a passphrase.',
      cause,
    });
  }
}

const DIGEST_INFO: Readonly<Record<MemberChecksum['style'], string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha512: '3051300d060960864801650304020305000440',
};

export function digestInfo(style: MemberChecksum['style'], digest: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(DIGEST_INFO[style], 'hex'), digest]);
}
