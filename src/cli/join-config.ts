/**
 * How what a server of the cluster gave comes into config.yaml: into a new one of mode 0600, or into the one that is
 * there, key by key, where all else stays as it was. One that would not start is not left behind.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AtlasError } from '../base/errors.ts';
import type { FreshValues } from '../config/fresh-config.ts';
import type { JoinValues } from '../config/join-values.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { KeyPath } from '../config/schema.ts';
import type { Ticket } from '../joiner/joiner.ts';
import { refusal } from './configuration.ts';
import { reportConfigProblems } from './terminal.ts';
import { writeWhole } from './whole-file.ts';

const PRIVATE_FILE = 0o600;

/** What lies on a disk cannot be shared with another machine, and would be made anew here without a word. */
export function requireHere(values: FreshValues, ticket: Ticket): void {
  if (values['cluster.cluster_id'] !== ticket.clusterId)
    throw new AtlasError('join_elsewhere', 'the server gave the configuration of another cluster', {
      hint: 'see who answers at that address, and make another ticket',
    });
  const database = String(values['database.url'] ?? '');
  const paths = [
    ['SQLite', database.startsWith('sqlite:') ? database.slice('sqlite:'.length) : undefined],
    ['a shared folder', values['cluster.state_path']],
  ] as const;
  for (const [what, path] of paths) {
    if (path === undefined || existsSync(String(path))) continue;
    throw new AtlasError(
      'join_elsewhere',
      `the cluster uses ${what} at ${path}, which is not on this machine`,
      {
        hint: 'run this server on that machine, or move the cluster to PostgreSQL and Redis (docs/operations.md)',
      },
    );
  }
}

/** What is given, with its files kept in the data folder. */
export async function sharedValues(
  given: JoinValues,
  { dataDir, loaded }: { dataDir: string; loaded: LoadedConfig | null },
): Promise<FreshValues> {
  const kept = keptOf(loaded);
  const values = Object.entries(given.values).filter(([key]) => !kept.includes(key as KeyPath));
  return { ...Object.fromEntries(values), ...(await keptFiles(given, dataDir)) };
}

/** Of what a join gives: what stays as the file has it. */
export function keptOf(loaded: LoadedConfig | null): KeyPath[] {
  if (loaded === null) return [];
  const { host, username } = loaded.config.cluster.redis;
  // A user of its own may write its slots; that of the server which let it in may not.
  const login: KeyPath[] = ['cluster.redis_username', 'cluster.redis_password'];
  // In a file that came with its ticket: Redis as this machine reaches it, which need not be as others do.
  const address: KeyPath[] = ['cluster.redis_host', 'cluster.redis_port'];
  return [
    ...(username === null ? [] : login),
    ...(host === null || loaded.secrets.joinTicket === null ? [] : address),
  ];
}

/** Into the data folder, which is ours to write over when this is run again. */
async function keptFiles({ files }: JoinValues, dataDir: string): Promise<FreshValues> {
  const { keptFileName } = await import('../config/join-values.ts');
  const kept = Object.entries(files).map(([key, pem]) => {
    const path = join(dataDir, keptFileName(key));
    writeWhole(path, pem, PRIVATE_FILE);
    return [key, path];
  });
  return Object.fromEntries(kept);
}

/** Throws config_invalid and file_exists. */
export async function writeConfig(path: string, values: FreshValues): Promise<void> {
  const { createConfig } = await import('../config/config-file.ts');
  const { freshConfig } = await import('../config/fresh-config.ts');
  createConfig(path, freshConfig(values));
  await requireSound(path, () => rmSync(path));
}

/** In the file that is there, and at once without the ticket that it may have. Throws config_invalid and config_changed. */
export async function setInConfig(path: string, values: FreshValues): Promise<void> {
  const { editConfig } = await import('../config/config-file.ts');
  const { removeKey, setKey } = await import('../config/edit.ts');
  const keys = Object.keys(values) as KeyPath[];
  let before = '';
  editConfig(path, (text) => {
    before = text;
    const bare = removeKey(text, 'cluster.join_ticket');
    return keys.reduce((edited, key) => setKey(edited, key, values[key] ?? ''), bare);
  });
  await requireSound(path, () => editConfig(path, () => before));
}

async function requireSound(path: string, undo: () => void): Promise<void> {
  const { loadConfig } = await import('../config/load.ts');
  const loaded = loadConfig({ role: 'server', configPath: path });
  if (loaded.ok) return;
  undo();
  reportConfigProblems(loaded.problems);
  throw await refusal(loaded);
}
