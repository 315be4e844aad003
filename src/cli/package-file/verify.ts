/** `package verify`: one line for each thing that was checked. Whoever fails one of them must not be installed. */
import { X509Certificate } from 'node:crypto';
import { AtlasError } from '../../base/errors.ts';
import { escapeControls } from '../../base/log.ts';
import type { PackageCheck } from '../../installer/verify.ts';
import { Progress } from '../progress.ts';
import { print } from '../terminal.ts';
import { openPackageFile } from './source.ts';

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
  const { verifyPackage } = await import('../../installer/verify.ts');
  const source = await openPackageFile(path);
  const progress = new Progress('Reading', source.size);
  const roots = caFile === undefined ? null : await authorities(caFile);
  let failed = 0;
  const terms = { sha256, roots, nowMs: Date.now(), progress: (bytes: number) => progress.add(bytes) };
  try {
    for await (const { what, result, sentence } of verifyPackage(source, terms)) {
      progress.end();
      print(`${WORDS[result]}  ${escapeControls(what)}: ${escapeControls(sentence)}`);
      if (result === 'fail') failed += 1;
    }
  } finally {
    progress.end();
  }
  if (failed === 0) return;
  const what = failed === 1 ? 'one check' : `${failed} checks`;
  throw new AtlasError('package_damaged', `${path} failed ${what}`, {
    hint: 'Do not install it. Fetch it again from where it was built, or build it again.',
  });
}

async function authorities(path: string): Promise<X509Certificate[]> {
  const { readCertificates } = await import('../../config/pem-file.ts');
  const pems =
    readCertificates(path).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return pems.map((pem) => new X509Certificate(pem));
}
