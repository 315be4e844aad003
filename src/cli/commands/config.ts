/**
 * `atlas-fleet config`: says what is wrong with a configuration, what counts and why, and what can be configured.
 * Never shows a secret.
 */
import { Command, Option } from 'commander';
import { hostPort } from '../../base/host-text.ts';
import type { Secret } from '../../base/secret.ts';
import type { Config, Role, Secrets } from '../../config/config.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { Problem } from '../../config/problem.ts';
import { isUnjoined } from '../../config/rules/joined.ts';
import { refusal, requireConfig } from '../configuration.ts';
import { print, printJson, printTable, reportConfigProblems } from '../terminal.ts';

interface ConfigFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly role?: Role;
}

export function configCommand(): Command {
  const config = new Command('config').description('check and show the configuration');
  withFlags(config.command('check'))
    .description('say all that is wrong with the configuration, with its place and its mend')
    .action(check);
  withFlags(config.command('show'))
    .description('show every key with its value and where it came from; secrets stay hidden')
    .action(show);
  config
    .command('schema')
    .description('print what can be configured, as a JSON Schema (draft 2020-12) that editors understand')
    .option('--json', 'print the JSON Schema', true)
    .option('--no-json', 'print a table for people')
    .action(schema);
  return config;
}

function withFlags(command: Command): Command {
  const roles: Role[] = ['server', 'agent', 'any'];
  return command
    .option('--config <file>', 'the config.yaml to read')
    .option('--json', 'print JSON')
    .addOption(
      new Option('--role <role>', 'whose requirements to check; by default, of whom the file is').choices(
        roles,
      ),
    );
}

/** A file that names servers to report to, and has no secret that only a server needs, is an agent's. One that has yet to join is nobody's. */
async function roleOf(configPath: string | undefined): Promise<Role> {
  const { loadConfig } = await import('../../config/load.ts');
  const loaded = loadConfig({ role: 'any', configPath });
  if (!loaded.ok) return 'server';
  const { apiKey, dbEncryptionKey } = loaded.secrets;
  const isAgent = loaded.config.agent.servers.length > 0 && apiKey === null && dbEncryptionKey === null;
  if (isUnjoined(loaded.values)) return 'any';
  return isAgent ? 'agent' : 'server';
}

async function check({ config, json, role: given }: ConfigFlags): Promise<void> {
  const role = given ?? (await roleOf(config));
  const { loadConfig } = await import('../../config/load.ts');
  const loaded = loadConfig({ role, configPath: config });
  const problems = loaded.ok ? loaded.warnings : loaded.problems;
  if (json) {
    const path = loaded.ok ? loaded.config.source.path : loaded.path;
    printJson({ ok: loaded.ok, path, problems: problems.map(asJson) });
  } else {
    reportConfigProblems(problems);
  }
  if (!loaded.ok) throw await refusal(loaded);
  const words = role === 'agent' ? agentInWords : inWords;
  if (!json) for (const line of await words(loaded)) print(line);
}

function asJson({ place, severity, code, key, sentence, hint }: Problem) {
  const { kind, ...where } = place;
  return { severity, code, key, place: { kind, ...where }, sentence, hint };
}

/** What the server will do, in the words of an operator. */
async function inWords(loaded: LoadedConfig): Promise<string[]> {
  const { config, secrets } = loaded;
  const { server, cluster } = config;
  const scheme = server.tls === 'off' ? 'http' : 'https';
  const ticket = secrets.joinTicket === null ? [] : [`  ticket: ${await ticketInWords(secrets.joinTicket)}`];
  const head = [`ok: ${config.source.path}`, `  server: ${scheme} on ${server.host}, port ${server.port}`];
  if (isUnjoined(loaded.values))
    return [...head, '  cluster: not joined yet; its secrets come with the join', ...ticket];
  return [
    ...head,
    `  database: ${databaseInWords(config.database)}`,
    cluster.enabled
      ? `  cluster: ${backendInWords(cluster)}, security level ${levelOf(cluster, secrets)}`
      : '  cluster: off, one server',
    ...ticket,
  ];
}

async function ticketInWords(text: Secret): Promise<string> {
  const { openTicket } = await import('../../joiner/joiner.ts');
  const { clusterId, servers } = openTicket(text);
  const urls = servers.map(({ url }) => url).join(', ');
  return `joins cluster ${clusterId} by it when it starts, unless it is a member; asks ${urls}`;
}

function databaseInWords(database: Config['database']): string {
  if (database.engine === 'sqlite') return `sqlite, ${database.path}`;
  const { host, port, user, tls, caFile } = database;
  const trust = caFile === null ? 'authorities of this machine' : caFile;
  const way = tls ? `TLS (${trust})` : 'without TLS on this machine';
  return `postgres, ${database.database} as ${user} at ${hostPort(host, port)}, ${way}`;
}

function backendInWords({ backend, statePath, redis }: Config['cluster']): string {
  if (backend === 'file') return `file backend, ${statePath}`;
  const where =
    redis.host === null
      ? `master ${redis.sentinelMaster} of the sentinels ${redis.sentinels.join(', ')}`
      : hostPort(redis.host, redis.port);
  return `redis backend, ${where}, database ${redis.db}, ${redis.tls ? 'TLS' : 'without TLS'}`;
}

/** The seeds' levels: none, cluster secret, cluster secret and Redis password. */
function levelOf({ backend }: Config['cluster'], { clusterSecret, redisPassword }: Secrets): 1 | 2 | 3 {
  if (clusterSecret === null) return 1;
  return backend === 'redis' && redisPassword !== null ? 3 : 2;
}

/** The same of an agent. */
async function agentInWords({ config: { agent, source } }: LoadedConfig): Promise<string[]> {
  const { durationText } = await import('../../config/kind.ts');
  const { length } = agent.pins;
  const trust =
    length === 0 ? 'authorities of this machine' : `${length} pinned key${length === 1 ? '' : 's'}`;
  return [
    `ok: ${source.path}`,
    `  agent: reports each ${durationText(agent.intervalSeconds)} to ${agent.servers.join(', ')}`,
    `  trust: ${trust}`,
    `  spool: ${agent.spoolDir}, at most ${agent.spoolMaxMb} MB`,
  ];
}

async function show({ config, json, role: given }: ConfigFlags): Promise<void> {
  const role = given ?? (await roleOf(config));
  const loaded = await requireConfig({ role, configPath: config });
  const { shownCell, shownKeys } = await import('../../config/shown.ts');
  const keys = shownKeys(loaded);
  if (json) {
    printJson({ path: loaded.config.source.path, keys });
    return;
  }
  const rows = keys.map((shown) => [shown.key, shownCell(shown), shown.origin]);
  printTable(['KEY', 'VALUE', 'FROM'], rows);
}

async function schema({ json }: { json: boolean }): Promise<void> {
  const { configSchema, keyReferences } = await import('../../config/reference.ts');
  if (json) {
    printJson(configSchema());
    return;
  }
  const rows = keyReferences().map(({ key, type, default: usual, variable, fromFile, about }) => [
    key,
    type,
    usual ?? '-',
    fromFile ? `${variable}[_FILE]` : variable,
    about,
  ]);
  printTable(['KEY', 'TYPE', 'DEFAULT', 'ENVIRONMENT', 'ABOUT'], rows);
}
