/**
 * `atlas-fleet init`: a config.yaml of mode 0600 with fresh secrets, an empty encrypted database, and the one
 * code with which the first administrator is made. Overwrites nothing.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { requireConfig } from '../configuration.ts';
import { administer } from '../control.ts';
import { PROGRAM } from '../program.ts';
import { print, say } from '../terminal.ts';

const PRIVATE_FOLDER = 0o700;

export function initCommand(): Command {
  return new Command('init')
    .description('write a config.yaml with fresh secrets, and print how to log in the first time')
    .option('--dir <folder>', 'where to put config.yaml and data', '.')
    .action(init);
}

async function init({ dir }: { dir: string }): Promise<void> {
  const { createConfig } = await import('../../config/config-file.ts');
  const { freshConfig } = await import('../../config/fresh-config.ts');
  const { generateSecretText } = await import('../../protocol/keyring.ts');
  const folder = resolve(dir);
  const path = join(folder, 'config.yaml');
  makeFolder(folder);
  createConfig(
    path,
    freshConfig({
      'server.api_key': generateSecretText(),
      'server.encryption_key': generateSecretText(),
      'server.db_encryption_key': generateSecretText(),
      'cluster.enabled': false,
      'cluster.cluster_id': randomBytes(16).toString('hex'),
      'cluster.cluster_secret': generateSecretText(),
    }),
  );
  say(`Wrote ${path} (mode 0600) with fresh secrets.`);
  const { config } = await requireConfig({ role: 'server', configPath: path });
  const { code } = await administer({ config: path }, (server) =>
    server.post<{ code: string }>('/api/fleet/setup-code', {}),
  );
  const name = config.server.host === '0.0.0.0' ? hostname() : config.server.host;
  print(`
Start the server:   ${PROGRAM} server --config ${path}
Then open:          https://${name}:${config.server.port}/setup?code=${code}
Setup code:         ${code}  (once, within 30 minutes)`);
}

/** Only the last part of the path: a mistyped parent is a mistake, and no reason to make a tree. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: PRIVATE_FOLDER });
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EEXIST') return;
    const hint =
      code === 'ENOENT'
        ? 'make the folder above it first, or name another'
        : 'name a folder that you may write to';
    throw new AtlasError('usage', `${path} cannot be made: ${code ?? 'unknown reason'}`, { cause, hint });
  }
}
