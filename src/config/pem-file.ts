/**
 * The PEM files that a configuration names: certificates, which anybody may read and only their owner may write,
 * and private keys, which are guarded as config.yaml itself. Read only to say what is wrong with them.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { AtlasError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { type GuardedFile, readPrivateFile, readPublicFile } from './private-file.ts';
import type { ProblemCode } from './problem.ts';

/** Bytes of a PEM file: room for the authorities of a whole machine (about 220 KiB in Debian). Arbitrary. */
const PEM_MAX_BYTES = 1024 * 1024;

export interface PemFault {
  readonly code: ProblemCode;
  readonly sentence: string;
  readonly hint: string;
}

export function certificateFault(path: string): PemFault | null {
  return faultOf(readPublicFile(path, PEM_MAX_BYTES), (text) =>
    holdsCertificates(text)
      ? null
      : {
          code: 'no_certificate',
          sentence: 'it holds no certificate in PEM form, or one that cannot be read',
          hint: 'Name a file with lines `-----BEGIN CERTIFICATE-----`, each certificate whole.',
        },
  );
}

/** The text of such a file. Throws config_invalid where it is not what it was when the configuration was read. */
export function readCertificates(path: string): string {
  const { text, problems } = readPublicFile(path, PEM_MAX_BYTES);
  const [problem] = problems;
  if (text !== null && problem === undefined && holdsCertificates(text)) return text;
  throw new AtlasError('config_invalid', `${path}: ${problem?.sentence ?? 'it holds no certificate'}`);
}

/** As `readCertificates`, of a private key. */
export function readPrivateKey(path: string): Secret {
  const { text, problems } = readPrivateFile(path, PEM_MAX_BYTES);
  const [problem] = problems;
  if (text !== null && problem === undefined && holdsPrivateKey(text)) return Secret.fromText(text);
  throw new AtlasError('config_invalid', `${path}: ${problem?.sentence ?? 'it holds no private key'}`);
}

export function privateKeyFault(path: string): PemFault | null {
  return faultOf(readPrivateFile(path, PEM_MAX_BYTES), (text) =>
    holdsPrivateKey(text)
      ? null
      : {
          code: 'no_private_key',
          sentence: 'it holds no private key in PEM form that opens without a passphrase',
          hint: 'Name a file with a line `-----BEGIN PRIVATE KEY-----`.',
        },
  );
}

function faultOf(file: GuardedFile, judge: (text: string) => PemFault | null): PemFault | null {
  const [problem] = file.problems;
  if (problem === undefined) return judge(file.text ?? '');
  const { code, sentence, hint } = problem;
  return { code, sentence, hint: code === 'file_missing' ? 'Check the path.' : hint };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Each of them, because one that cannot be read is one that is not trusted. */
function holdsCertificates(text: string): boolean {
  const found = text.match(CERTIFICATE) ?? [];
  const begun = text.match(/-----BEGIN CERTIFICATE-----/g) ?? [];
  return found.length > 0 && found.length === begun.length && found.every(isCertificate);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.byteLength > 0;
  } catch {
    return false;
  }
}

function holdsPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private';
  } catch {
    return false;
  }
}
