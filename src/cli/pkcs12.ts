/**
 * Reads what the keychain of a Mac exports (PKCS#12, .p12): the key, and the certificates that lead from it to a root,
 * in that order. node-forge does it, in the old ciphers of Keychain and the new ones of OpenSSL; it is loaded only here.
 */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { AtlasError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { PackageSigner } from '../installer/signature.ts';
import { signerOf } from '../installer/signing-identity.ts';

/** Rejects with signer_invalid. */
export async function readPkcs12(bytes: Uint8Array, password: Secret): Promise<PackageSigner> {
  const { default: forge } = await import('node-forge');
  const bags = unlock(forge, bytes, password);
  const [key, another] = bags.keys;
  if (key === undefined || another !== undefined) {
    throw invalid('It does not hold exactly one private key.', 'Export one identity alone.');
  }
  return signerOf(chainFrom(key, bags.certificates), key);
}

type Forge = typeof import('node-forge');

interface Bags {
  /** PEM. */
  readonly keys: readonly Secret[];
  readonly certificates: readonly X509Certificate[];
}

function unlock({ asn1, pkcs12, pki }: Forge, bytes: Uint8Array, password: Secret): Bags {
  const { certBag = '', keyBag = '', pkcs8ShroudedKeyBag = '' } = pki.oids;
  try {
    const opened = pkcs12.pkcs12FromAsn1(
      asn1.fromDer(Buffer.from(bytes).toString('latin1')),
      password.revealText(),
    );
    const bagsOf = (bagType: string) => opened.getBags({ bagType })[bagType] ?? [];
    const keys = [...bagsOf(keyBag), ...bagsOf(pkcs8ShroudedKeyBag)].flatMap(({ key }) => key ?? []);
    const certificates = bagsOf(certBag).flatMap(({ cert }) => cert ?? []);
    return {
      keys: keys.map((key) => Secret.fromText(pki.privateKeyToPem(key))),
      certificates: certificates.map((certificate) => new X509Certificate(pki.certificateToPem(certificate))),
    };
  } catch (cause) {
    const isPassword = cause instanceof Error && /password|MAC/i.test(cause.message);
    throw isPassword
      ? invalid('It does not open with this password.', 'Give the password that it was exported with.', cause)
      : invalid(
          'It is no PKCS#12 file that can be read.',
          'Export the identity from the keychain as .p12.',
          cause,
        );
  }
}

/** From the certificate of the key on, each followed by the one that issued it. */
function chainFrom(key: Secret, certificates: readonly X509Certificate[]): X509Certificate[] {
  const publicKey = createPublicKey(createPrivateKey(key.revealText()));
  const chain: X509Certificate[] = [];
  let next = certificates.find((one) => one.publicKey.equals(publicKey));
  while (next !== undefined) {
    const last = next;
    chain.push(last);
    next = certificates.find((one) => !chain.includes(one) && last.checkIssued(one));
  }
  return chain;
}

function invalid(sentence: string, hint: string, cause?: unknown): AtlasError {
  return new AtlasError('signer_invalid', sentence, { hint, cause });
}
