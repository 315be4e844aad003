/** `atlas-fleet server`: runs a server in the foreground, for launchd, systemd and people. */
import { Command, InvalidArgumentError } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { NODE_ID, NODE_ID_MAX_LENGTH } from '../../protocol/limits.ts';
import { requireConfig } from '../configuration.ts';
import { portNumber } from '../flags.ts';
import { type JoinFlags, joinFirst } from '../join.ts';
import { joinAtStart } from '../join-at-start.ts';
import { openProcessLog, PID_FILE_OPTION, pidFileOf } from '../log-file.ts';
import { packing } from '../packing.ts';
import { VERSION } from '../program.ts';
import { sayReady } from '../ready.ts';
import { beginRun, type Run } from '../shutdown.ts';
import { sayWarning } from '../terminal.ts';

/** Milliseconds between *draining* and the end of listening: a load balancer's next look, and some. */
const DRAIN_MS = 3000;

interface Flags extends JoinFlags {
  readonly pidFile?: string;
}

export function serverCommand(): Command {
  return new Command('server')
    .description('run a server in the foreground')
    .option('--config <file>', 'the config.yaml to run')
    .option(...PID_FILE_OPTION)
    .option('--join <ticket>', 'join a cluster first, by a ticket; - asks for it')
    .option('--join-file <file>', 'the same, with a file of mode 0600 that holds the ticket')
    .option('--port <number>', 'with --join: the port to listen on', portNumber)
    .option('--host <address>', 'with --join: the address to listen on')
    .option('--node-id <name>', 'with --join: the name of this server in the cluster', nodeName)
    .action(runServer);
}

function nodeName(text: string): string {
  if (NODE_ID.test(text)) return text;
  throw new InvalidArgumentError(
    `It has 1 to ${NODE_ID_MAX_LENGTH} letters, digits, dots, dashes or underscores, and begins with a letter or digit.`,
  );
}

/** A member, or a server that is alone; null when it was ended before it could join. */
async function loadedToRun(flags: Flags, run: Run): Promise<LoadedConfig | null> {
  const { config, pidFile, join, joinFile, ...own } = flags;
  if (join !== undefined && joinFile !== undefined)
    throw new AtlasError('usage', '--join and --join-file are given, and one ticket is enough');
  if (join !== undefined || joinFile !== undefined)
    return requireConfig({ role: 'server', configPath: await joinFirst(flags) });
  if (Object.keys(own).length === 0)
    return (await joinAtStart({ configPath: config, pidFile }, run))
      ? requireConfig({ role: 'server', configPath: config })
      : null;
  throw new AtlasError('usage', '--port, --host and --node-id go with --join', {
    hint: 'a server that has a config.yaml takes them from there',
  });
}

async function runServer(flags: Flags): Promise<void> {
  const run = beginRun();
  const loaded = await loadedToRun(flags, run);
  if (loaded === null) return;
  const { config, secrets } = loaded;
  const { startNode } = await import('../../node.ts');
  const { systemClock } = await import('../../base/clock.ts');
  const { SecretRest } = await import('../../config/secret-rest.ts');
  const { joinValues } = await import('../../config/join-values.ts');
  await writeClusterId(loaded);
  const processLog = await openProcessLog(config, pidFileOf(config, 'server', flags.pidFile), run);
  const node = await startNode({
    config,
    secrets,
    secretRest: new SecretRest(loaded),
    joinValues: (terms) => ({ ...joinValues(loaded, terms) }),
    version: VERSION,
    clock: systemClock,
    packing: packing(config),
    openLog: (fields) => {
      const log = processLog.open(fields);
      log.info('server.config', `Configuration: ${config.source.path}`);
      return log;
    },
  });
  sayReady(node.nodeId);
  const ending = await run.ended;
  await node.stop(ending === 'drain' ? DRAIN_MS : 0);
  processLog.close();
}

/**
 * A hand-written config names no cluster: the id derived from its secret is written down now, because after a
 * rotation the secret would derive another one.
 */
async function writeClusterId({ config, secrets }: LoadedConfig): Promise<void> {
  const path = config.source.path;
  if (
    !config.cluster.enabled ||
    config.cluster.clusterId !== null ||
    secrets.clusterSecret === null ||
    path === null
  ) {
    return;
  }
  const { deriveClusterId } = await import('../../protocol/keyring.ts');
  const { setKey } = await import('../../config/edit.ts');
  const { editConfig } = await import('../../config/config-file.ts');
  const clusterId = deriveClusterId(secrets.clusterSecret);
  try {
    editConfig(path, (text) => setKey(text, 'cluster.cluster_id', clusterId));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    sayWarning(
      `cluster_id could not be written into ${path}: ${why}`,
      `Add it by hand: cluster_id: "${clusterId}"`,
    );
  }
}
