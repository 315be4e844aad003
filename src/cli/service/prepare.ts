/**
 * The last part of an installation on a Mac, run by its postinstall script (installer/install-scripts.ts): completes
 * the configuration that the package laid down, with what only this Mac knows. A configuration that somebody ran
 * before is left as it is, to the byte. Until all is in its place the file bears the mark of the package: an
 * installation that is cut off is one that was not made.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { AtlasError } from '../../base/errors.ts';
import { editConfig } from '../../config/config-file.ts';
import { setKey } from '../../config/edit.ts';
import type { FreshValues } from '../../config/fresh-config.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import type { KeyPath } from '../../config/schema.ts';
import { PACKAGE_MARK } from '../../installer/install-scripts.ts';
import type { ProgramKind } from '../../installer/program.ts';
import { deriveNodeId, nameHere } from '../../joiner/own-standing.ts';
import { refusal, requireConfig } from '../configuration.ts';
import { freshSecrets } from '../init/fresh-secrets.ts';
import { reportConfigProblems, say, sayWarning } from '../terminal.ts';
import { carriedOver } from './carried-over.ts';
import { hostName } from './host-name.ts';

export interface Installed {
  /** Of the installation, such as /Library/FleetServer. */
  readonly root: string;
  readonly kind: ProgramKind;
  /** The config.yaml that ran here before, and that the package's takes the place of. */
  readonly carryOver?: string;
}

export interface Prepared {
  /** Whether the configuration is the package's. */
  readonly isNew: boolean;
  /** null: it is not sound, which was said; the service will say it again. */
  readonly loaded: LoadedConfig | null;
}

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

const NAMES = ['cluster.hostname', 'cluster.node_id'] as const satisfies readonly KeyPath[];
const SECRETS = [
  'server.api_key',
  'server.encryption_key',
  'server.db_encryption_key',
  'cluster.cluster_id',
  'cluster.cluster_secret',
] as const satisfies readonly KeyPath[];
/** By which agents know a server. */
const AGENT_SECRETS = ['server.api_key', 'server.encryption_key'] as const satisfies readonly KeyPath[];

/** Rejects with config_invalid when the package's configuration would not start; what is wrong was said. */
export async function prepare(installed: Installed): Promise<Prepared> {
  const { root, kind } = installed;
  const path = join(root, 'config.yaml');
  const isNew = readFileSync(path, 'utf8').startsWith(PACKAGE_MARK);
  makePrivate(join(root, 'data'));
  if (kind === 'agent') makePrivate(join(root, 'spool'));
  if (isNew) await complete(installed, path);
  rmSync(join(root, 'package-files'), { recursive: true, force: true });
  const loaded = loadConfig({ role: roleOf(kind), configPath: path, env: {} });
  if (loaded.ok) return { isNew, loaded };
  reportConfigProblems(loaded.problems);
  sayWarning(
    'the configuration that was here does not fit this version',
    'mend it; nothing of it was changed',
  );
  return { isNew, loaded: null };
}

const roleOf = (kind: ProgramKind) => (kind === 'agent' ? 'agent' : 'server');

async function complete(installed: Installed, path: string): Promise<void> {
  const { root, kind } = installed;
  copyPackageFiles(root);
  if (kind !== 'agent') {
    const values = await missingValues(installed, path);
    editConfig(path, (text) => Object.entries(values).reduce(set, text));
  }
  const loaded = loadConfig({ role: roleOf(kind), configPath: path, env: {} });
  if (!loaded.ok) {
    reportConfigProblems(loaded.problems);
    throw await refusal(loaded);
  }
  editConfig(path, (text) => text.slice(text.indexOf('\n') + 1));
}

const set = (text: string, [key, value]: [string, FreshValues[KeyPath]]) =>
  value === undefined ? text : setKey(text, key as KeyPath, value);

/** Authorities of Redis and PostgreSQL, to where the configuration names them. */
function copyPackageFiles(root: string): void {
  const folder = join(root, 'package-files');
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(root, 'data', name);
    copyFileSync(join(folder, name), `${path}.unfinished`);
    chmodSync(`${path}.unfinished`, PRIVATE_FILE);
    renameSync(`${path}.unfinished`, path);
    say(`Put ${name} into ${join(root, 'data')}.`);
  }
}

async function missingValues(installed: Installed, path: string): Promise<FreshValues> {
  const loaded = await requireConfig({ role: 'any', configPath: path, env: {} });
  const carried = carriedValues(installed);
  return { ...missingSecrets(installed, loaded, carried), ...(await names(loaded, carried)) };
}

/** Who this machine is in the cluster stays: its own keys say so first, and then what ran here before. */
async function names({ config }: LoadedConfig, carried: FreshValues): Promise<FreshValues> {
  const { hostname, nodeId } = config.cluster;
  const host = String(carried['cluster.hostname'] ?? hostname ?? hostName());
  const own = await nameHere(config.server.dataDir);
  const id = String(own ?? carried['cluster.node_id'] ?? nodeId ?? deriveNodeId(host));
  say(`This server is ${id} on ${host}.`);
  return { 'cluster.hostname': host, 'cluster.node_id': id };
}

function missingSecrets({ kind }: Installed, { origins }: LoadedConfig, carried: FreshValues): FreshValues {
  if (kind !== 'standalone') return {};
  const made = freshSecrets();
  const missing = SECRETS.filter((key) => origins.get(key)?.from === 'default');
  const taken = missing.filter((key) => carried[key] !== undefined);
  if (taken.length > 0) say(`Took over: ${taken.join(', ')}.`);
  if (taken.length < missing.length) say('Made secrets of its own.');
  return {
    'cluster.enabled': false,
    ...Object.fromEntries(missing.map((key) => [key, carried[key] ?? made[key]])),
  };
}

/**
 * Of what ran here. A standalone server has secrets that stand nowhere else, and without them its database is lost. The
 * Python ancestor kept its file elsewhere, open to everybody, and of a form that this program does not run: its agents
 * can stay, and the cluster node that a package makes has the secrets of its cluster.
 */
function carriedValues({ root, kind, carryOver }: Installed): FreshValues {
  const isStandalone = kind === 'standalone';
  if (carryOver !== undefined) {
    const values = carriedOver(carryOver, isStandalone ? [...NAMES, ...SECRETS] : NAMES);
    if (values !== null) return values;
    const message = `${carryOver} cannot be read, and nothing of it goes over`;
    if (!isStandalone) {
      sayWarning(message, 'see the names in config.yaml');
      return {};
    }
    throw new AtlasError('config_invalid', message, {
      hint: 'mend it first: without its secrets the database cannot be opened',
    });
  }
  const ancestor = join(root, 'config', 'config.yaml');
  if (!existsSync(ancestor)) return {};
  chmodSync(ancestor, PRIVATE_FILE);
  const values = isStandalone ? carriedOver(ancestor, AGENT_SECRETS) : {};
  say(`${ancestor} is of an earlier system and stays where it is, with mode 0600.`);
  return values ?? {};
}

function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  chmodSync(folder, PRIVATE_FOLDER);
}
