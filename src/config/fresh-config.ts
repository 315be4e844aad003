/**
 * The text of a new config.yaml: the values given, and commented out the defaults that people look for, each
 * with its sentence from the schema, so that file and program never tell different stories.
 */
import { quoted, type Settable } from './quoted.ts';
import { defaultText } from './reference.ts';
import { KEY_PATHS, type KeyPath, rowOf, SECTIONS } from './schema.ts';

/** Secrets as the texts that stand in the file. */
export type FreshValues = Partial<Record<KeyPath, Settable>>;
/** null: the key stands there, and counts as not given. */
export type FreshText = Readonly<Partial<Record<KeyPath, Settable | null>>>;

/** Shown with their defaults when not given. */
const LOOKED_FOR = {
  server: new Set<KeyPath>([
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
  ]),
  agent: new Set<KeyPath>([
    'server.encryption_key',
    'agent.servers',
    'agent.api_key',
    'agent.interval',
    'agent.pins',
    'agent.spool_max_mb',
    'log.level',
    'log.format',
  ]),
} as const;
/** Shown with an example: their default is none. */
const SHOWN_BY_EXAMPLE: ReadonlySet<KeyPath> = new Set(['agent.servers', 'agent.pins']);

type Reader = keyof typeof LOOKED_FOR;

const HEAD = `# Atlas Fleet. This file holds the secrets of the fleet: it stays at mode 0600.
# After an edit: atlas-fleet config check. All that counts, and where it came from: atlas-fleet config show.
`;

export function freshConfig(given: FreshText, reader: Reader = 'server'): string {
  const sections = SECTIONS.map((section) => sectionText(section, given, reader));
  return [HEAD, ...sections.filter((text) => text !== '')].join('\n');
}

function sectionText(section: string, given: FreshText, reader: Reader): string {
  const keys = KEY_PATHS.filter(
    (key) => key.startsWith(`${section}.`) && (given[key] !== undefined || LOOKED_FOR[reader].has(key)),
  );
  return keys.length === 0 ? '' : `${section}:\n${keys.map((key) => keyText(key, given)).join('')}`;
}

/** The line above a key: its sentence from the table. */
export const aboveKey = (key: KeyPath) => `# ${rowOf(key).about}`;

function keyText(key: KeyPath, given: FreshText): string {
  const name = key.slice(key.indexOf('.') + 1);
  const value = given[key];
  const line = value === undefined ? `# ${name}: ${usualText(key, given)}` : `${name}: ${quoted(value)}`;
  return `  ${aboveKey(key)}\n  ${line}\n`;
}

function usualText(key: KeyPath, given: FreshText): string {
  const { example } = rowOf(key).kind;
  if (SHOWN_BY_EXAMPLE.has(key)) return example;
  return defaultText(key, String(given['server.data_dir'] ?? 'data')) ?? example;
}
