/** `package verify`: one line for each thing that was checked. Whoever fails one of them must not be installed. */
import { X509Certificate } from 'node:crypto';
import { AtlasError } from '../../base/errors.ts';
import { escapeControls } from '../../base/log.ts';
import type { PackageCheck, VerifyTerms } from '../../installer/verify.ts';
import { Progress } from '../progress.ts';
import { print } from '../terminal.ts';
import { type PackageFile, withPackageFile } from './source.ts';

interface Flags {
  readonly sha256?: string;
  readonly caFile?: string;
}

/** What could not be checked here is no failure, and is said. */
const WORDS: Readonly<Record<PackageCheck['result'], string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  unchecked: 'NOTE',
};

export async function verify(path: string, { sha256, caFile }: Flags): Promise<void> {
  const roots = caFile === undefined ? null : await authorities(caFile);
  const checks = await withPackageFile(path, (file) =>
    printChecks(file, { sha256, roots, nowMs: Date.now() }),
  );
  const failed = checks.filter(({ result }) => result === 'fail').length;
  if (failed === 0) {
    print(escapeControls(verdict(checks, roots !== null)));
    return;
  }
  const what = failed === 1 ? 'one check' : `${failed} checks`;
  throw new AtlasError('package_damaged', `${path} failed ${what}`, {
    hint: 'Do not install it. Fetch it again from where it was built, or build it again.',
  });
}

async function printChecks(file: PackageFile, terms: VerifyTerms): Promise<PackageCheck[]> {
  const { verifyPackage } = await import('../../installer/verify.ts');
  const progress = new Progress('Reading', file.size);
  const checks: PackageCheck[] = [];
  try {
    for await (const check of verifyPackage(file, { ...terms, progress: (bytes) => progress.add(bytes) })) {
      progress.end();
      checks.push(check);
      print(`${WORDS[check.result]}  ${escapeControls(check.what)}: ${escapeControls(check.sentence)}`);
    }
  } finally {
    progress.end();
  }
  await file.requireUnchanged();
  return checks;
}

/** Of a package in which nothing failed: what the reader may believe of it. */
function verdict(checks: readonly PackageCheck[], isVouchedFor: boolean): string {
  const signer = checks.find((check) => check.signer)?.signer;
  const hasNotes = checks.some((check) => check.result === 'unchecked' && check.signer !== null);
  const asFar = hasNotes ? ' in what can be checked here (see NOTE)' : '';
  if (!signer) return `Whole${asFar}, not signed.`;
  if (isVouchedFor) return `Verified: whole${asFar}, signed by ${signer}.`;
  return `Whole${asFar}, signed by ${signer}; nobody was asked to vouch for that name (--ca-file).`;
}

async function authorities(path: string): Promise<X509Certificate[]> {
  const { readCertificates } = await import('../../config/pem-file.ts');
  const pems =
    readCertificates(path).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return pems.map((pem) => new X509Certificate(pem));
}
