/**
 * In what the parts of a package must agree: Payload with Bom, PackageInfo and Scripts, Distribution with its components.
 * Each returns what it found, as a sentence; throws package_damaged where they do not agree.
 */
import { damaged } from './package-fault.ts';
import type { ReadComponent, ReadPackage } from './package-reader.ts';
import { differences, isKind, type Survey } from './payload-survey.ts';

/** What can be said without a check that decides it. */
export interface Unchecked {
  readonly unchecked: string;
}

/** Of differences and names, how many are told; the others are counted. */
const SHOWN = 5;
const EXECUTABLE = 0o100;

export function agreeWithBom(surveyed: Survey, { bom }: ReadComponent): string {
  const found: string[] = [];
  for (const difference of differences(surveyed, bom)) {
    found.push(difference);
    if (found.length === SHOWN) break;
  }
  if (found.length > 0) throw damaged(`${found.join('; ')}.`);
  return `It lists the ${bom.length} paths of the Payload, with their types, modes, owners, sizes and checksums.`;
}

/** The Installer looks for as much room as is said: less is a fault, while some tools say more than there is. */
export function agreeWithInfo({ entries }: Survey, { info }: ReadComponent): string | Unchecked {
  const { paths, kilobytes } = info;
  if (paths !== null && paths !== entries.length) {
    throw damaged(`It says ${paths} files, and there are ${entries.length}.`);
  }
  const found = entries.reduce((sum, { size }) => sum + size, 0) / 1024;
  if (kilobytes !== null && kilobytes < Math.floor(found)) {
    throw damaged(`It says ${kilobytes} KB, and there are ${Math.ceil(found)}.`);
  }
  if (paths === null || kilobytes === null) return { unchecked: 'It does not say how much it lays down.' };
  if (kilobytes > Math.ceil(found)) {
    return { unchecked: `It says ${kilobytes} KB, and there are ${Math.ceil(found)}.` };
  }
  return `It says as many files (${paths}) and as much (${kilobytes} KB) as there is.`;
}

/** The scripts that the Installer would run are there, and it can run them. */
export function agreeWithScripts(hooks: Survey | null, { info }: ReadComponent): string {
  const present = new Map(hooks?.entries.map((entry) => [entry.path, entry]));
  for (const { when, path } of info.scripts) {
    const entry = present.get(path);
    if (entry === undefined) throw damaged(`The ${when} script ${path} is missing.`);
    if (!isKind(entry.mode, 'file') || (entry.mode & EXECUTABLE) === 0) {
      throw damaged(`The ${when} script ${path} cannot be executed.`);
    }
  }
  const names = info.scripts.map(({ path }) => path);
  return names.length === 0 ? 'No script is run.' : `${someOf(names)} can be run.`;
}

/** Every component is referred to, by the name and version that it has itself. */
export function agreeWithDistribution({ distribution, components }: ReadPackage): string {
  const references = distribution?.references ?? [];
  for (const { folder, identifier, version, kilobytes } of references) {
    const component = components.find((one) => one.folder === folder);
    if (component === undefined) throw damaged(`It refers to ${folder}, which is not in the package.`);
    const { info } = component;
    if (info.identifier !== identifier)
      throw damaged(`It calls ${folder} ${identifier}, which is ${info.identifier}.`);
    if (version !== null && version !== info.version)
      throw damaged(`It says version ${version} of ${folder}, which is ${info.version}.`);
    if (kilobytes !== null && info.kilobytes !== null && kilobytes !== info.kilobytes) {
      throw damaged(`It says ${kilobytes} KB of ${folder}, and PackageInfo ${info.kilobytes}.`);
    }
  }
  const stray = components.find(({ folder }) => !references.some((one) => one.folder === folder));
  if (stray !== undefined)
    throw damaged(`It does not refer to ${stray.folder}, which would not be installed.`);
  return `It refers to ${someOf(references.map(({ folder }) => folder))} by the right name and version.`;
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
