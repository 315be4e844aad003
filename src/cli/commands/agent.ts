/** `atlas-fleet agent`: reports this machine, in the foreground, from a config.yaml or from a few flags. */
import { Command } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import type { FlagValue } from '../../config/source.ts';
import { requireConfig } from '../configuration.ts';
import { VERSION } from '../program.ts';
import { untilEnded } from '../shutdown.ts';
import { print } from '../terminal.ts';

interface Flags {
  readonly config?: string;
  readonly server?: string;
  readonly apiKeyFile?: string;
  readonly encryptionKeyFile?: string;
  readonly pin?: string;
  readonly spoolDir?: string;
  readonly once?: boolean;
}

export function agentCommand(): Command {
  return new Command('agent')
    .description('report this machine, in the foreground')
    .option('--config <file>', 'the config.yaml of the agent')
    .option('--server <url>', 'the server to report to')
    .option('--api-key-file <file>', 'a file of mode 0600 with the api_key of the servers')
    .option('--encryption-key-file <file>', 'a file of mode 0600 with the encryption_key of the servers')
    .option('--pin <sha256>', "SHA-256 of the server's public key, where no public authority vouches for it")
    .option('--spool-dir <folder>', 'where reports wait until a server has them')
    .option('--once', 'send one report and say what became of it')
    .action(runAgent);
}

async function runAgent(flags: Flags): Promise<void> {
  const ended = untilEnded();
  const { config, secrets } = await requireConfig({
    role: 'agent',
    configPath: flags.config,
    flags: flagValues(flags),
    fileOptional: flags.server !== undefined,
  });
  const { Agent } = await import('../../agent/agent.ts');
  const { systemClock } = await import('../../base/clock.ts');
  const { openLog } = await import('../../base/log.ts');
  const { agentApiKey: apiKey, encryptionKey } = secrets;
  if (apiKey === null || encryptionKey === null) {
    throw new AtlasError('config_invalid', 'an agent needs agent.api_key and server.encryption_key');
  }
  const agent = await Agent.open({
    ...config.agent,
    apiKey,
    encryptionKey,
    clock: systemClock,
    log: openLog(config.log),
    agentVersion: VERSION,
  });
  if (flags.once) {
    await reportOnce(agent);
    return;
  }
  agent.start();
  process.send?.({ ready: 'agent' });
  await ended;
  await agent.stop();
}

interface OneReport {
  reportOnce(): Promise<{ accepted: number; left: number; server: string | null; failure: string | null }>;
  stop(): Promise<void>;
}

async function reportOnce(agent: OneReport): Promise<void> {
  const { accepted, left, server, failure } = await agent.reportOnce();
  await agent.stop();
  if (left > 0 || accepted === 0) {
    throw new AtlasError(
      'unreachable',
      `the report was not acknowledged: ${failure ?? 'no server answered'}`,
      {
        hint: 'it waits in the spool and goes with the next one',
      },
    );
  }
  print(`Report accepted by ${server}.`);
}

function flagValues(flags: Flags): FlagValue[] {
  const values: FlagValue[] = [];
  const { server, apiKeyFile, encryptionKeyFile, pin, spoolDir } = flags;
  if (server) values.push({ flag: '--server', key: 'agent.servers', text: server });
  if (pin) values.push({ flag: '--pin', key: 'agent.pins', text: pin });
  if (spoolDir) values.push({ flag: '--spool-dir', key: 'agent.spool_dir', text: spoolDir });
  if (apiKeyFile) values.push({ flag: '--api-key-file', key: 'agent.api_key', file: apiKeyFile });
  if (encryptionKeyFile) {
    values.push({ flag: '--encryption-key-file', key: 'server.encryption_key', file: encryptionKeyFile });
  }
  return values;
}
