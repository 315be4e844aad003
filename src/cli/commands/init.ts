/**
 * `atlas-fleet init`: a config.yaml of mode 0600 with fresh secrets, a database that was reached, and the one code
 * with which the first administrator is made. Overwrites nothing, and leaves nothing half made.
 */
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { hostPort } from '../../base/host-text.ts';
import { shellWord } from '../../base/shell-word.ts';
import type { Config } from '../../config/config.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { administerOn } from '../administer.ts';
import { requireConfig } from '../configuration.ts';
import type { InitFlags } from '../init/init-plan.ts';
import { JOIN_COMMAND, PROGRAM } from '../program.ts';
import { print, say } from '../terminal.ts';

const PRIVATE_FOLDER = 0o700;

export function initCommand(): Command {
  return new Command('init')
    .description('write a config.yaml with fresh secrets, and print how to log in the first time')
    .option('--dir <folder>', 'where to put config.yaml and data', '.')
    .option(
      '--cluster <url>',
      'the Redis where the servers meet: redis://[user@]host[:port][/number], or rediss://',
    )
    .option('--redis-password-file <file>', 'a file of mode 0600 with the password of Redis')
    .option('--redis-ca-file <file>', 'authorities (PEM) for the certificate of Redis')
    .option(
      '--database <url>',
      'where the data is kept: postgres://user@host[:port]/database, or sqlite:path',
    )
    .option('--database-password-file <file>', 'a file of mode 0600 with the password of PostgreSQL')
    .option('--database-ca-file <file>', 'authorities (PEM) for the certificate of PostgreSQL')
    .action(init);
}

async function init(flags: InitFlags): Promise<void> {
  const { freshSecrets } = await import('../init/fresh-secrets.ts');
  const { planned } = await import('../init/init-plan.ts');
  const { createConfig } = await import('../../config/config-file.ts');
  const { freshConfig } = await import('../../config/fresh-config.ts');
  const values = { ...freshSecrets(), ...(await planned(flags)) };
  const folder = resolve(flags.dir);
  const path = join(folder, 'config.yaml');
  const isNewFolder = makeFolder(folder);
  createConfig(path, freshConfig(values));
  try {
    const loaded = await requireConfig({ role: 'server', configPath: path });
    const { config } = loaded;
    await tryRegistry(loaded); // before the database: that one is bound to the new key from its first opening on
    const code = await makeSetupCode(loaded);
    say(`Wrote ${path} (mode 0600) with fresh secrets.`);
    printNextSteps(path, config, code);
  } catch (error) {
    rmSync(path, { force: true });
    if (isNewFolder) removeEmpty(folder);
    throw error;
  }
}

/** A Redis that cannot be used is found out now, and not when the first server starts. */
async function tryRegistry({ config, secrets }: LoadedConfig): Promise<void> {
  if (!config.cluster.enabled || config.cluster.backend !== 'redis') return;
  const { openRegistry } = await import('../../engines.ts');
  const { systemClock } = await import('../../base/clock.ts');
  const { silentLog } = await import('../../base/log.ts');
  const registry = await openRegistry({
    config,
    secrets,
    nodeId: 'init',
    clock: systemClock,
    log: silentLog,
  });
  try {
    await registry.probe();
  } finally {
    await registry.close();
  }
}

/** Also the proof that the database can be reached and written. */
async function makeSetupCode(loaded: LoadedConfig): Promise<string> {
  const { database } = loaded.config;
  if (database.engine === 'postgres')
    say(`Preparing the database at ${hostPort(database.host, database.port)}, which takes some seconds…`);
  try {
    const { code } = await administerOn(loaded, (server) =>
      server.post<{ code: string }>('/api/fleet/setup-code', {}),
    );
    return code;
  } catch (cause) {
    const isAway = cause instanceof AtlasError && cause.kind === 'unavailable';
    if (!isAway || database.engine === 'sqlite') throw cause;
    const { host, port } = database;
    throw new AtlasError('unreachable', `the database at ${host}:${port} cannot be used: ${cause.message}`, {
      cause,
      hint:
        cause.hint?.replace('database.ca_file', '--database-ca-file') ??
        'see that PostgreSQL runs there and lets this user in; then run init again',
    });
  }
}

function printNextSteps(path: string, { server, cluster, database }: Config, code: string): void {
  const name = server.host === '0.0.0.0' ? hostname() : server.host;
  print(`
Start the server:   ${PROGRAM} server --config ${shellWord(path)}
Then open:          https://${name}:${server.port}/setup?code=${code}
Setup code:         ${code}  (once, within 30 minutes)`);
  if (cluster.enabled) print(nextServer(path, database));
}

const nextServer = (path: string, { engine }: Config['database']) => `
Another server:     joins by a ticket, once this one runs. Here, and then ${engine === 'sqlite' ? HERE : 'there, where Atlas Fleet lies'}:
                    ${PROGRAM} cluster ticket create --config ${shellWord(path)}
                    ${JOIN_COMMAND}${engine === 'sqlite' ? ' --port 8769' : ''}`;

const HERE = 'on this machine too (the data is in SQLite), on another port';

/**
 * Whether it was made. Only the last part of the path: a mistyped parent is a mistake, and no reason to make a tree.
 */
function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: PRIVATE_FOLDER });
    return true;
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EEXIST') return false;
    const hint =
      code === 'ENOENT'
        ? 'make the folder above it first, or name another'
        : 'name a folder that you may write to';
    throw new AtlasError('usage', `${path} cannot be made: ${code ?? 'unknown reason'}`, { cause, hint });
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
  }
}
