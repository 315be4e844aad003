/**
 * What `server --join` does before it starts: from a ticket to a config.yaml with the credentials of the cluster, a
 * new one or the one that is there. The ticket is used by who is no member yet; run again after it was killed, it
 * goes on with the keys that it made (docs/protocol/join.md).
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AtlasError } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { FreshValues } from '../config/fresh-config.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Ticket } from '../joiner/joiner.ts';
import { refusal } from './configuration.ts';
import { requireHere, setInConfig, sharedValues, writeConfig } from './join-config.ts';
import { askSecret } from './question.ts';
import { readSecretFromFile, readSecretFromStdin, reportConfigProblems, say, sayHint } from './terminal.ts';

export interface JoinFlags {
  readonly config?: string;
  /** The ticket, or `-` for stdin. */
  readonly join?: string;
  readonly joinFile?: string;
  readonly port?: number;
  readonly host?: string;
  readonly nodeId?: string;
}

/** Where it joins. `loaded`: of the config.yaml that is there; null without one. */
export interface Place {
  readonly path: string;
  readonly dataDir: string;
  readonly loaded: LoadedConfig | null;
}

/** Resolves to the path of the config.yaml to run. */
export async function joinFirst(flags: JoinFlags): Promise<string> {
  const { openTicket } = await import('../joiner/joiner.ts');
  const { memberHere } = await import('../joiner/own-standing.ts');
  const ticket = openTicket(await ticketText(flags));
  const place = await placeOf(flags, ticket);
  const { path, dataDir, loaded } = place;
  const member = loaded === null ? null : await memberHere(dataDir, ticket);
  if (member === null) {
    await requireFreePort(flags, loaded).catch(rejectWithFlag);
    await redeem(ticket, place, flags, say);
    return path;
  }
  requireName(member, flags);
  await setInConfig(path, ownValues(flags));
  say(`${path} is there, and ${member} is a member already: starting it without the ticket.`);
  return path;
}

async function ticketText({ join: given, joinFile }: JoinFlags): Promise<Secret> {
  if (joinFile !== undefined) return readSecretFromFile(joinFile);
  if (given === '-') return process.stdin.isTTY ? askSecret('Join ticket') : readSecretFromStdin();
  const { Secret } = await import('../base/secret.ts');
  sayHint('next time --join - asks for it: on the command line others of this machine can read the ticket');
  return Secret.fromText(given ?? '');
}

/** A server of something else is not written over. */
async function placeOf({ config }: JoinFlags, ticket: Ticket): Promise<Place> {
  const path = resolve(config ?? 'config.yaml');
  if (!existsSync(path)) return { path, dataDir: join(dirname(path), 'data'), loaded: null };
  const { loadConfig } = await import('../config/load.ts');
  const loaded = loadConfig({ role: 'any', configPath: path });
  if (!loaded.ok) {
    reportConfigProblems(loaded.problems);
    throw await refusal(loaded);
  }
  if (isFor(loaded, ticket)) return { path, dataDir: loaded.config.server.dataDir, loaded };
  throw new AtlasError('file_exists', `${path} is there already, and not of the cluster of this ticket`, {
    hint: 'join from an empty folder, or name another file with --config',
  });
}

/** Of its cluster, or of none and without a secret that would be lost. */
export function isFor({ config, secrets }: LoadedConfig, { clusterId }: Ticket): boolean {
  const { joinTicket: _, ...others } = secrets;
  const isBlank = config.cluster.clusterId === null && Object.values(others).every((one) => one === null);
  return config.cluster.clusterId === clusterId || isBlank;
}

/** There may be no config.yaml yet that could name another. */
function rejectWithFlag(error: unknown): never {
  if (!(error instanceof AtlasError) || error.code !== 'port_taken') throw error;
  throw new AtlasError(error.code, error.message, {
    cause: error,
    hint: 'stop it, or join with another: --port PORT; the ticket was not used',
  });
}

/** Before the ticket is used: a server that cannot start would have used it up. */
export async function requireFreePort({ host, port }: JoinFlags, loaded: LoadedConfig | null): Promise<void> {
  const { tryToListen } = await import('../node.ts');
  const { rowOf } = await import('../config/schema.ts');
  const { server } = loaded?.config ?? {};
  await tryToListen({
    host: host ?? server?.host ?? String(rowOf('server.host').default),
    port: port ?? server?.port ?? Number(rowOf('server.port').default),
  });
}

/** `tell`: of what goes on. */
export async function redeem(
  ticket: Ticket,
  { path, dataDir, loaded }: Place,
  flags: JoinFlags,
  tell: (sentence: string) => void,
): Promise<void> {
  const { joinCluster } = await import('../joiner/joiner.ts');
  const { systemClock } = await import('../base/clock.ts');
  const { readJoinValues } = await import('../config/join-values.ts');
  const nodeId = flags.nodeId ?? loaded?.config.cluster.nodeId ?? null;
  const joined = await joinCluster({ ticket, dataDir, nodeId, clock: systemClock, say: tell });
  const given = readJoinValues(joined.values);
  requireHere(given.values, ticket);
  const values = {
    ...(await sharedValues(given, { dataDir, loaded })),
    'cluster.roster_pins': joined.pins,
    ...ownValues(flags),
  };
  if (loaded === null) await writeConfig(path, values);
  else await setInConfig(path, values);
  tell(`Wrote ${path} (mode 0600). This server is ${joined.nodeId}.`);
}

/** A name is a member's as long as it is one. */
function requireName(member: string, { nodeId = member }: JoinFlags): void {
  if (nodeId === member) return;
  throw new AtlasError(
    'join_refused',
    `this server is ${member} in the cluster, and a member keeps its name`,
    {
      hint: 'leave --node-id away; or join as another from an empty folder',
    },
  );
}

function ownValues({ port, host, nodeId }: JoinFlags): FreshValues {
  return {
    ...(host !== undefined && { 'server.host': host }),
    ...(port !== undefined && { 'server.port': port }),
    ...(nodeId !== undefined && { 'cluster.node_id': nodeId }),
  };
}
