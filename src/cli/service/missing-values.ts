/**
 * What the configuration of a package does not say, because only the Mac knows it: its names, for a standalone server
 * its secrets, and what goes over from a configuration that ran here before.
 */
import { AtlasError } from '../../base/errors.ts';
import type { FreshValues } from '../../config/fresh-config.ts';
import { JOIN_KEYS } from '../../config/join-values.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { isUnjoined } from '../../config/rules/joined.ts';
import type { KeyPath } from '../../config/schema.ts';
import { deriveNodeId, nameHere } from '../../joiner/own-standing.ts';
import { freshSecrets } from '../init/fresh-secrets.ts';
import { keptOf } from '../join-config.ts';
import { say, sayWarning } from '../terminal.ts';
import { ofAncestor } from './ancestor.ts';
import { carriedOver } from './carried-over.ts';
import { hostName } from './host-name.ts';
import type { Installed } from './prepare.ts';

const NAMES = ['cluster.hostname', 'cluster.node_id'] as const satisfies readonly KeyPath[];
const SECRETS = [
  'server.api_key',
  'server.encryption_key',
  'server.db_encryption_key',
  'cluster.cluster_id',
  'cluster.cluster_secret',
] as const satisfies readonly KeyPath[];

/** `loaded`: the configuration of the package, of a server. Rejects with config_invalid and identity_invalid. */
export async function missingValues(installed: Installed, loaded: LoadedConfig): Promise<FreshValues> {
  const carried = carriedValues(installed);
  const missing =
    installed.kind === 'standalone' ? missingSecrets(loaded, carried) : missingMembership(loaded, carried);
  return { ...missing, ...(await names(loaded, carried)) };
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

function missingSecrets({ origins }: LoadedConfig, carried: FreshValues): FreshValues {
  const made = freshSecrets();
  const missing = SECRETS.filter((key) => origins.get(key)?.from === 'default');
  const taken = missing.filter((key) => carried[key] !== undefined);
  if (taken.length > 0) say(`Took over: ${taken.join(', ')}.`);
  if (taken.length < missing.length) say('Made secrets of its own.');
  const secrets = missing.map((key) => [key, carried[key] ?? made[key]]);
  return { 'cluster.enabled': made['cluster.enabled'], ...Object.fromEntries(secrets) };
}

/**
 * A member that gets a package with a ticket alone keeps what it was given when it joined: its keys are in the roster, so
 * that no server would let it in, and give it all that, once more.
 */
function missingMembership(loaded: LoadedConfig, carried: FreshValues): FreshValues {
  const isMember =
    isUnjoined(loaded.values) &&
    carried['cluster.cluster_secret'] !== undefined &&
    carried['cluster.cluster_id'] === loaded.config.cluster.clusterId;
  if (!isMember) return {};
  const kept = keptOf(loaded);
  const taken = JOIN_KEYS.filter(
    (key) => carried[key] !== undefined && loaded.origins.get(key)?.from === 'default' && !kept.includes(key),
  );
  say(`Took over: ${taken.join(', ')}.`);
  return Object.fromEntries(taken.map((key) => [key, carried[key]]));
}

/** A standalone server has secrets that stand nowhere else, and without them its database is lost. */
function carriedValues(installed: Installed): FreshValues {
  const { root, kind, carryOver } = installed;
  if (carryOver === undefined) return ofAncestor(root, kind === 'standalone');
  const values = carriedOver(carryOver, [...NAMES, ...(kind === 'standalone' ? SECRETS : JOIN_KEYS)]);
  if (values !== null) return values;
  const message = `${carryOver} cannot be read, and nothing of it goes over`;
  if (kind === 'standalone') {
    const hint = 'mend it first: without its secrets the database cannot be opened';
    throw new AtlasError('config_invalid', message, { hint });
  }
  sayWarning(message, 'see the names in config.yaml');
  return {};
}
