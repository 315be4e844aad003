/** Reads PackageInfo and Distribution for what must agree with the rest of the package, and for people. */
import { damaged } from './package-fault.ts';
import { SCRIPTS_MAX, TEXT_MAX_LENGTH } from './reading-limits.ts';
import { childOf, childrenOf, readXml, type XmlElement } from './xml-reader.ts';

export interface ReadPackageInfo {
  readonly identifier: string;
  readonly version: string;
  readonly installLocation: string;
  /** null where it does not say. */
  readonly paths: number | null;
  readonly kilobytes: number | null;
  /** The scripts that the Installer runs, by when, with the path in the archive of the scripts. */
  readonly scripts: readonly { readonly when: string; readonly path: string }[];
}

export interface PackageReference {
  readonly identifier: string;
  /** null where it does not say. */
  readonly version: string | null;
  readonly kilobytes: number | null;
  /** The folder of the archive that the component is in. */
  readonly folder: string;
}

export interface ReadDistribution {
  readonly title: string | null;
  /** As Apple names them: arm64, x86_64. */
  readonly architectures: readonly string[];
  readonly minMacos: string | null;
  readonly references: readonly PackageReference[];
}

export function readPackageInfo(bytes: Uint8Array, path: string): ReadPackageInfo {
  const root = readXml(bytes, path);
  const { attributes } = root;
  if (root.name !== 'pkg-info') throw damaged(`${path} is no PackageInfo.`);
  const payload = childOf(root, 'payload');
  const scripts = childOf(root, 'scripts')?.children ?? [];
  if (scripts.length > SCRIPTS_MAX) throw damaged(`${path} names more than ${SCRIPTS_MAX} scripts.`);
  return {
    identifier: required(root, 'identifier', path),
    version: required(root, 'version', path),
    installLocation: short(attributes.get('install-location') ?? '/', path),
    paths: numberIn(payload, 'numberOfFiles', path),
    kilobytes: numberIn(payload, 'installKBytes', path),
    scripts: scripts.map((script) => ({
      when: short(script.name, path),
      path: required(script, 'file', path).replace(/^\.\//, ''),
    })),
  };
}

export function readDistribution(bytes: Uint8Array): ReadDistribution {
  const root = readXml(bytes, 'Distribution');
  if (!/^installer-(gui-)?script$/.test(root.name)) throw damaged('Distribution is none.');
  const check = childOf(root, 'volume-check');
  const min = childOf(childOf(check, 'allowed-os-versions'), 'os-version')?.attributes.get('min');
  const title = childOf(root, 'title');
  return {
    title: title === undefined ? null : short(title.text.trim(), 'Distribution'),
    architectures: short(childOf(root, 'options')?.attributes.get('hostArchitectures') ?? '', 'Distribution')
      .split(',')
      .filter((name) => name !== ''),
    minMacos: min === undefined ? null : short(min, 'Distribution'),
    references: childrenOf(root, 'pkg-ref').flatMap(referenceOf),
  };
}

/** A reference may stand there several times; the one with a text says where the component is. */
function referenceOf(element: XmlElement): PackageReference[] {
  const target = short(element.text.trim(), 'Distribution');
  if (target === '') return [];
  if (!target.startsWith('#')) throw damaged('Distribution refers to something outside of the package.');
  return [
    {
      identifier: required(element, 'id', 'Distribution'),
      version: element.attributes.has('version') ? required(element, 'version', 'Distribution') : null,
      kilobytes: numberIn(element, 'installKBytes', 'Distribution'),
      folder: folderOf(target.slice(1)),
    },
  ];
}

function folderOf(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    throw damaged('Distribution refers to a component by a name that is none.');
  }
}

function required({ name, attributes }: XmlElement, attribute: string, what: string): string {
  const value = attributes.get(attribute);
  if (value === undefined || value === '') throw damaged(`${what} has no ${attribute} in ${name}.`);
  return short(value, what);
}

/** What is shown to people, and compared: nobody makes it as long as a text. */
function short(text: string, what: string): string {
  if (text.length <= TEXT_MAX_LENGTH) return text;
  throw damaged(`${what} has a name that is longer than ${TEXT_MAX_LENGTH} characters.`);
}

function numberIn(element: XmlElement | undefined, attribute: string, what: string): number | null {
  const value = element?.attributes.get(attribute);
  if (value === undefined) return null;
  if (!/^\d{1,12}$/.test(value)) throw damaged(`${what} has a ${attribute} that is no number.`);
  return Number(value);
}
