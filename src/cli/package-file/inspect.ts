/** `package inspect`: what is in a package, by name, mode, size and fingerprint, and what its configuration says openly. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { escapeControls } from '../../base/log.ts';
import { type OpenSetting, openSettings } from '../../config/open-settings.ts';
import type { RandomSource } from '../../installer/byte-source.ts';
import type { ComponentReport, PackageReport } from '../../installer/inspect.ts';
import { Progress } from '../progress.ts';
import { print, printJson, printTable } from '../terminal.ts';
import { type PackageFile, withPackageFile } from './source.ts';

interface Flags {
  readonly list?: boolean;
  readonly json?: boolean;
}

interface Shown {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly report: PackageReport;
  readonly settings: readonly OpenSetting[];
}

export async function inspect(path: string, { list = false, json = false }: Flags): Promise<void> {
  const shown = await withPackageFile(path, (file) => read(basename(path), file));
  if (json) printJson(jsonOf(shown, list));
  else printReport(shown, list);
}

async function read(name: string, file: PackageFile): Promise<Shown> {
  const { inspectPackage } = await import('../../installer/inspect.ts');
  const progress = new Progress('Reading', 2 * file.size);
  const count = (bytes: number) => progress.add(bytes);
  try {
    const report = await inspectPackage(file, count);
    const settings = report.config === null ? [] : openSettings(report.config);
    const sha256 = await sha256Of(file, count);
    await file.requireUnchanged();
    return { name, size: file.size, sha256, report, settings };
  } finally {
    progress.end();
  }
}

async function sha256Of(source: RandomSource, progress: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source.read()) {
    hash.update(chunk);
    progress(chunk.length);
  }
  return hash.digest('hex');
}

/** Characters of the column of names. */
const FACT_WIDTH = 12;

function printReport({ name, size, sha256, report, settings }: Shown, list: boolean): void {
  const { title, architectures, minMacos, components, contents } = report;
  const facts: (readonly [string, string])[] = [
    ['File', name],
    ['Size', `${size} bytes`],
    ['SHA-256', sha256],
    ['Title', title ?? '-'],
    [
      'Kind',
      contents === null ? 'not of Atlas Fleet' : `${contents.kind}, credentials: ${contents.credentials}`,
    ],
    ['Macs', architectures.join(', ') || 'not said'],
    ['macOS', minMacos === null ? 'not said' : `${minMacos} or newer`],
    ['Signed', signedWords(report)],
    ...components.flatMap(componentFacts),
  ];
  for (const [what, fact] of facts) print(`${what.padEnd(FACT_WIDTH)}${escapeControls(fact)}`);
  if (contents !== null) {
    print('');
    printTable(
      ['CONTENTS', 'SECRET', 'FINGERPRINT', 'WHY'],
      contents.items.map((item) => [
        item.name,
        item.secret ? 'yes' : 'no',
        item.fingerprint ?? '-',
        item.why,
      ]),
    );
  }
  if (settings.length > 0) {
    print('');
    printTable(
      ['SETTING', 'VALUE'],
      settings.map(({ key, value }) => [key, value]),
    );
  }
  if (list) for (const component of components) printList(component);
}

function signedWords({ signature }: PackageReport): string {
  if (signature === null) return 'no';
  const when = signature.signedAt === null ? '' : `, ${signature.signedAt.toISOString().slice(0, 10)}`;
  return `by ${signature.signer}${when} (who vouches for that: package verify --ca-file)`;
}

function componentFacts(component: ComponentReport): (readonly [string, string])[] {
  const { identifier, version, scripts, entries, installedBytes, installLocation } = component;
  return [
    ['Identifier', identifier],
    ['Version', version],
    ['Lays down', `${entries.length} paths, ${installedBytes} bytes, below ${installLocation}`],
    ['Scripts', scripts.join(', ') || 'none'],
  ];
}

function printList({ entries }: ComponentReport): void {
  print('');
  const rows = entries.map(({ path, mode, uid, gid, size, target }) => [
    octal(mode),
    `${uid}:${gid}`,
    String(size),
    target === null ? path : `${path} -> ${target}`,
  ]);
  printTable(['MODE', 'OWNER', 'BYTES', 'PATH'], rows);
}

const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0');

function jsonOf({ name, size, sha256, report, settings }: Shown, list: boolean) {
  const { title, architectures, minMacos, signature, components, contents } = report;
  return {
    file_name: name,
    size_bytes: size,
    sha256,
    title,
    architectures,
    min_macos: minMacos,
    signed_by: signature?.signer ?? null,
    signed_at: signature?.signedAt?.toISOString() ?? null,
    kind: contents?.kind ?? null,
    credentials: contents?.credentials ?? null,
    contents: contents?.items ?? null,
    settings: Object.fromEntries(settings.map(({ key, value }) => [key, value])),
    components: components.map((component) => ({
      identifier: component.identifier,
      version: component.version,
      install_location: component.installLocation,
      scripts: component.scripts,
      paths: component.entries.length,
      installed_bytes: component.installedBytes,
      ...(list && {
        files: component.entries.map(({ path, type, mode, uid, gid, size: bytes, target }) => ({
          path,
          type,
          mode: octal(mode),
          uid,
          gid,
          size_bytes: bytes,
          target,
        })),
      }),
    })),
  };
}
