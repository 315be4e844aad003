/** `atlas-fleet agent`: reports this machine, in the foreground, from a config.yaml or from a few flags. */
import { Command } from 'commander';
import type { OneReport } from '../../agent/agent.ts';
import { type Waiting, whyWaiting } from '../../agent/waiting.ts';
import { AtlasError } from '../../base/errors.ts';
import type { FlagValue } from '../../config/source.ts';
import { requireConfig } from '../configuration.ts';
import { openProcessLog, PID_FILE_OPTION, pidFileOf } from '../log-file.ts';
import { VERSION } from '../program.ts';
import { sayReady } from '../ready.ts';
import { beginRun } from '../shutdown.ts';
import { print } from '../terminal.ts';

interface Flags {
  readonly config?: string;
  readonly server?: string;
  readonly apiKeyFile?: string;
  readonly encryptionKeyFile?: string;
  readonly pin?: string;
  readonly spoolDir?: string;
  readonly pidFile?: string;
  readonly once?: boolean;
}

export function agentCommand(): Command {
  return new Command('agent')
    .description('report this machine, in the foreground')
    .option('--config <file>', 'the config.yaml of the agent')
    .option(...PID_FILE_OPTION)
    .option('--server <url>', 'the server to report to')
    .option('--api-key-file <file>', 'a file of mode 0600 with the api_key of the servers')
    .option('--encryption-key-file <file>', 'a file of mode 0600 with the encryption_key of the servers')
    .option('--pin <sha256>', "SHA-256 of the server's public key, where no public authority vouches for it")
    .option('--spool-dir <folder>', 'where reports wait until a server has them')
    .option('--once', 'send one report and say what became of it')
    .action(runAgent);
}

async function runAgent(flags: Flags): Promise<void> {
  const run = beginRun();
  const { config, secrets } = await requireConfig({
    role: 'agent',
    configPath: flags.config,
    flags: flagValues(flags),
    fileOptional: flags.server !== undefined,
  });
  const { Agent } = await import('../../agent/agent.ts');
  const { systemClock } = await import('../../base/clock.ts');
  const { agentApiKey: apiKey, encryptionKey } = secrets;
  if (apiKey === null || encryptionKey === null) {
    throw new AtlasError('config_invalid', 'an agent needs agent.api_key and server.encryption_key');
  }
  const processLog = await openProcessLog(config, pidFileOf(config, 'agent', flags.pidFile), run);
  const agent = await Agent.open({
    ...config.agent,
    apiKey,
    encryptionKey,
    clock: systemClock,
    log: processLog.open(),
    agentVersion: VERSION,
  });
  if (flags.once) {
    await reportOnce(agent);
    return;
  }
  agent.start();
  sayReady('agent');
  await run.ended;
  await agent.stop();
  processLog.close();
}

interface OnceAgent {
  reportOnce(): Promise<Pick<OneReport, 'own'>>;
  stop(): Promise<void>;
}

/** Ends the command by the fate of the report just made, whatever became of older ones that went with it. */
async function reportOnce(agent: OnceAgent): Promise<void> {
  const { own } = await agent.reportOnce();
  await agent.stop();
  if (own.kind === 'accepted') return print(`Report accepted by ${own.server}.`);
  if (own.kind === 'refused') {
    throw new AtlasError('report_refused', `the report was refused for good: ${own.reason}`, {
      hint: "compare encryption_key with the server's",
    });
  }
  const { words, hint } = whyWaiting(own.reason) ?? AWAY;
  const why = words === undefined ? own.reason : `${words} (${own.reason})`;
  throw new AtlasError('unreachable', `the report was not acknowledged, and waits in the spool: ${why}`, {
    hint,
  });
}

const AWAY: Waiting = {
  hint: 'check the address and that the server runs; the report goes with the next one',
};

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
