/**
 * The text of a new config.yaml: the values given, and commented out the defaults that people look for, each
 * with its sentence from the schema, so that file and program never tell different stories.
 */
import { defaultText } from './reference.ts';
import { KEY_PATHS, type KeyPath, rowOf, SECTIONS } from './schema.ts';

/** Secrets as the texts that stand in the file. */
export type FreshValues = Partial<Record<KeyPath, string | number | boolean | readonly string[]>>;

/** Shown with their defaults when not given. */
const LOOKED_FOR: ReadonlySet<KeyPath> = new Set([
  'server.host',
  'server.port',
  'server.public_url',
  'server.tls',
  'server.trusted_proxies',
  'database.url',
  'cluster.enabled',
  'cluster.heartbeat_interval',
  'cluster.node_timeout',
  'cluster.node_id',
  'cluster.state_path',
  'log.level',
  'log.format',
]);

const HEAD = `# Atlas Fleet. This file holds the secrets of the fleet: it stays at mode 0600.
# After an edit: atlas-fleet config check. All that counts, and where it came from: atlas-fleet config show.
`;

export function freshConfig(given: FreshValues): string {
  const sections = SECTIONS.map((section) => sectionText(section, given)).filter((text) => text !== '');
  return [HEAD, ...sections].join('\n');
}

function sectionText(section: string, given: FreshValues): string {
  const keys = KEY_PATHS.filter(
    (key) => key.startsWith(`${section}.`) && (given[key] !== undefined || LOOKED_FOR.has(key)),
  );
  return keys.length === 0 ? '' : `${section}:\n${keys.map((key) => keyText(key, given)).join('')}`;
}

function keyText(key: KeyPath, given: FreshValues): string {
  const name = key.slice(key.indexOf('.') + 1);
  const value = given[key];
  const usual = defaultText(key, String(given['server.data_dir'] ?? 'data')) ?? rowOf(key).kind.example;
  const line = value === undefined ? `# ${name}: ${usual}` : `${name}: ${JSON.stringify(value)}`;
  return `  # ${rowOf(key).about}\n  ${line}\n`;
}
