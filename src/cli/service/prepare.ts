/**
 * The last part of an installation on a Mac, run by its postinstall script (installer/postinstall.ts): completes
 * the configuration that the package laid down, with what only this Mac knows. A configuration that somebody ran
 * before is left as it is, to the byte. Until all is in its place the file bears the mark of the package: an
 * installation that is cut off is one that was not made.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AtlasError } from '../../base/errors.ts';
import { editConfig } from '../../config/config-file.ts';
import { setKey } from '../../config/edit.ts';
import type { FreshValues } from '../../config/fresh-config.ts';
import { type LoadedConfig, loadConfig, type RefusedConfig } from '../../config/load.ts';
import { isUnjoined } from '../../config/rules/joined.ts';
import type { KeyPath } from '../../config/schema.ts';
import { bearsMark } from '../../installer/package-mark.ts';
import { PACKAGE_FILES, type Product } from '../../installer/product.ts';
import type { ProgramKind } from '../../installer/program.ts';
import { refusal } from '../configuration.ts';
import { say, sayWarning } from '../terminal.ts';
import { writeWhole } from '../whole-file.ts';
import { writeKind } from './kind-in-use.ts';
import { missingValues } from './missing-values.ts';
import { ownFolder } from './own-folder.ts';
import { sayPlaces } from './problem-places.ts';

export interface Installed extends Pick<Product, 'kind' | 'root' | 'spool'> {
  /** Where the config.yaml is kept that ran here before, and that the package's takes the place of. */
  readonly carryOver?: string;
}

export interface Prepared {
  /** Whether the configuration is the package's. */
  readonly isNew: boolean;
  /** null: it is not sound or not complete. That it is not sound was said; the service will say it again. */
  readonly loaded: LoadedConfig | null;
  /** Keys that the administrator has yet to fill in; the service runs once they are there. */
  readonly toFillIn: readonly string[];
}

const PRIVATE_FILE = 0o600;

/** Rejects with config_invalid when the package's configuration would not start; what is wrong was said. */
export async function prepare(installed: Installed): Promise<Prepared> {
  const { root, kind, spool } = installed;
  const path = join(root, 'config.yaml');
  const isNew = bearsMark(readFileSync(path, 'utf8'));
  ownFolder(join(root, 'data'));
  if (spool !== null) ownFolder(spool);
  if (isNew) await complete(installed, path);
  const loaded = loadFor(kind, path);
  writeKind(installed, loaded); // before the mark goes: KIND is of what is in use
  if (isNew) editConfig(path, (text) => text.slice(text.indexOf('\n') + 1));
  rmSync(join(root, PACKAGE_FILES), { recursive: true, force: true });
  if (loaded.ok) return { isNew, loaded, toFillIn: [] };
  const toFillIn = unfilled(kind, loaded);
  if (toFillIn.length > 0) return { isNew, loaded: null, toFillIn };
  sayPlaces(path, loaded.problems);
  sayWarning(
    'the configuration that was here does not fit this version',
    'mend it; nothing of it was changed',
  );
  return { isNew, loaded: null, toFillIn: [] };
}

/** The released package of an agent belongs to no fleet yet: what it lacks is no mistake. Else empty. */
function unfilled(kind: ProgramKind, { problems }: RefusedConfig): string[] {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (kind !== 'agent' || errors.some(({ code }) => code !== 'missing_key')) return [];
  return errors.flatMap(({ key }) => key ?? []);
}

/** What the service will run on. A server that has yet to join by a ticket is judged as a server once it has. */
function loadFor(kind: ProgramKind, configPath: string): LoadedConfig | RefusedConfig {
  const plain = loadConfig({ role: 'any', configPath, env: {} });
  if (kind === 'server' && plain.ok && isUnjoined(plain.values)) return plain;
  return loadConfig({ role: kind === 'agent' ? 'agent' : 'server', configPath, env: {} });
}

async function complete(installed: Installed, path: string): Promise<void> {
  const { root, kind } = installed;
  copyPackageFiles(root);
  if (kind !== 'agent') {
    const loaded = loadConfig({ role: 'any', configPath: path, env: {} });
    if (!loaded.ok) throw await unsound(installed, path, loaded);
    const values = await missingValues(installed, loaded);
    editConfig(path, (text) => Object.entries(values).reduce(set, text));
  }
  const loaded = loadFor(kind, path);
  if (!loaded.ok && unfilled(kind, loaded).length === 0) throw await unsound(installed, path, loaded);
}

async function unsound({ root }: Installed, path: string, refused: RefusedConfig): Promise<AtlasError> {
  sayPlaces(path, refused.problems);
  const { code, message } = await refusal(refused);
  return new AtlasError(code, message, { hint: `what it is: sudo ${root}/bin/atlas-fleet config check` });
}

const set = (text: string, [key, value]: [string, FreshValues[KeyPath]]) =>
  value === undefined ? text : setKey(text, key as KeyPath, value);

/** Authorities of Redis and PostgreSQL, to where the configuration names them. */
function copyPackageFiles(root: string): void {
  const folder = join(root, PACKAGE_FILES);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    writeWhole(join(root, 'data', name), readFileSync(join(folder, name)), PRIVATE_FILE);
    say(`Put ${name} into ${join(root, 'data')}.`);
  }
}
