/**
 * What `server --join` does before it starts: from a ticket to a config.yaml of mode 0600 in a folder that has none.
 * Run again after it was killed, it goes on with the keys that it made.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AtlasError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { FreshValues } from '../config/fresh-config.ts';
import type { JoinValues } from '../config/join-values.ts';
import type { Ticket } from '../joiner/joiner.ts';
import { refusal } from './configuration.ts';
import {
  askSecret,
  readSecretFromFile,
  readSecretFromStdin,
  reportConfigProblems,
  say,
  sayHint,
} from './terminal.ts';

const PRIVATE_FILE = 0o600;

export interface JoinFlags {
  readonly config?: string;
  /** The ticket, or `-` for stdin. */
  readonly join?: string;
  readonly joinFile?: string;
  readonly port?: number;
  readonly host?: string;
  readonly nodeId?: string;
}

/** Resolves to the path of the config.yaml to run. */
export async function joinFirst(flags: JoinFlags): Promise<string> {
  const { openTicket, joinCluster } = await import('../joiner/joiner.ts');
  const { systemClock } = await import('../base/clock.ts');
  const { readJoinValues } = await import('../config/join-values.ts');
  const ticket = openTicket(await ticketText(flags));
  const path = resolve(flags.config ?? 'config.yaml');
  if (existsSync(path)) {
    await requireSameCluster(path, ticket);
    say(`${path} is there, and of this cluster: starting it as it is.`);
    return path;
  }
  const dataDir = join(dirname(path), 'data');
  const nodeId = flags.nodeId ?? null;
  const joined = await joinCluster({ ticket, dataDir, nodeId, clock: systemClock, say });
  const given = readJoinValues(joined.values);
  requireHere(given.values, ticket);
  const own = { ...ownValues(flags), 'cluster.roster_pins': joined.pins, ...keptFiles(given, dataDir) };
  await writeConfig(path, { ...given.values, ...own });
  say(`Wrote ${path} (mode 0600). This server is ${joined.nodeId}.`);
  return path;
}

async function ticketText({ join: given, joinFile }: JoinFlags): Promise<Secret> {
  if (joinFile !== undefined) return readSecretFromFile(joinFile);
  if (given === '-') return process.stdin.isTTY ? askSecret('Join ticket') : readSecretFromStdin();
  const { Secret } = await import('../base/secret.ts');
  sayHint('next time --join - asks for it: on the command line others of this machine can read the ticket');
  return Secret.fromText(given ?? '');
}

/** A join that was finished before is no mistake; a server of something else is not written over. */
async function requireSameCluster(path: string, ticket: Ticket): Promise<void> {
  const { loadConfig } = await import('../config/load.ts');
  const loaded = loadConfig({ role: 'any', configPath: path });
  if (loaded.ok && loaded.config.cluster.clusterId === ticket.clusterId) return;
  throw new AtlasError('file_exists', `${path} is there already, and not of the cluster of this ticket`, {
    hint: 'join from an empty folder, or name another file with --config',
  });
}

/** What lies on a disk cannot be shared with another machine, and would be made anew here without a word. */
function requireHere(values: FreshValues, ticket: Ticket): void {
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

function ownValues({ port, host, nodeId }: JoinFlags): FreshValues {
  return {
    ...(host !== undefined && { 'server.host': host }),
    ...(port !== undefined && { 'server.port': port }),
    ...(nodeId !== undefined && { 'cluster.node_id': nodeId }),
  };
}

/** Into the data folder, which is ours to write over when this is run again. */
function keptFiles({ files }: JoinValues, dataDir: string): FreshValues {
  const kept = Object.entries(files).map(([key, pem]) => {
    const path = join(dataDir, `${key.slice(key.indexOf('.') + 1)}.pem`);
    writeFileSync(path, pem, { mode: PRIVATE_FILE });
    return [key, path];
  });
  return Object.fromEntries(kept);
}

/** A configuration that does not start is not left behind: the next try would take it for a join that was finished. */
async function writeConfig(path: string, values: FreshValues): Promise<void> {
  const { createConfig } = await import('../config/config-file.ts');
  const { freshConfig } = await import('../config/fresh-config.ts');
  const { loadConfig } = await import('../config/load.ts');
  createConfig(path, freshConfig(values));
  const loaded = loadConfig({ role: 'server', configPath: path });
  if (loaded.ok) return;
  rmSync(path);
  reportConfigProblems(loaded.problems);
  throw await refusal(loaded);
}
