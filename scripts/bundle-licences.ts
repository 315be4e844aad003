/** The licences of the packages inside the bundle, as one text: each package with what its authors ask to be told. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
const RULE = '='.repeat(80);

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
  readonly repository?: string | { readonly url: string };
}

/** `places`: folders of packages below the root. */
export function licencesText(root: string, places: readonly string[]): string {
  const parts = new Map<string, string>();
  for (const place of places) {
    const about = JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8')) as Package;
    parts.set(`${about.name} ${about.version}`, partOf(join(root, place), about));
  }
  return [...parts]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([, part]) => part)
    .join('');
}

function partOf(folder: string, { name, version, license, author, repository }: Package): string {
  const texts = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  const about = [
    `${name} ${version} (${license ?? 'see below'})`,
    typeof author === 'object' ? author.name : author,
    typeof repository === 'object' ? repository.url : repository,
  ].filter((line) => line !== undefined);
  return `${RULE}\n${about.join('\n')}\n\n${texts.length > 0 ? `${texts.join('\n\n')}\n\n` : ''}`;
}
