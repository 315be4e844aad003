/**
 * The real agent at its shipped interval of ten seconds, reporting to a real server: its memory beside that of an idle
 * Node, and its share of one core, with that of the children that look at the machine for it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createConfig } from '../../src/config/config-file.ts';
import { freshConfig } from '../../src/config/fresh-config.ts';
import { AtlasProcess } from '../../test/scenario/atlas-process.ts';
import { LiveCluster } from '../../test/scenario/live-cluster.ts';
import { type Figure, type Round, rowOf } from '../figure.ts';
import { cpuSecondsOf, memoryOf } from '../process-usage.ts';

const INTERVAL_SECONDS = 10;
/** Intervals that are not measured: the start, and the facts that are read once. */
const SETTLING = 1;
const INTERVALS = 4;

function plan(cluster: LiveCluster): AtlasProcess {
  const folder = join(cluster.folder, 'agent-at-rest');
  const configPath = join(folder, 'config.yaml');
  mkdirSync(folder, { mode: 0o700 });
  const values = {
    'server.data_dir': folder,
    'server.encryption_key': cluster.secrets.encryptionKey,
    'agent.servers': cluster.servers.map(({ url }) => url),
    'agent.api_key': cluster.secrets.apiKey,
    'agent.interval': INTERVAL_SECONDS,
    'agent.spool_dir': join(folder, 'spool'),
  };
  createConfig(configPath, freshConfig(values));
  return new AtlasProcess({ command: 'agent', configPath, logPath: join(folder, 'log') });
}

async function watch(agent: AtlasProcess, idle: ChildProcess) {
  const memory: Round[] = [];
  await wait(SETTLING * INTERVAL_SECONDS * 1000);
  const [cpuBefore, begun] = [cpuSecondsOf(agent.pid), performance.now()];
  for (let interval = 0; interval < INTERVALS; interval += 1) {
    await wait(INTERVAL_SECONDS * 1000);
    memory.push({ value: memoryOf(agent.pid).rssMb, raw: memoryOf(idle.pid ?? 0).rssMb });
  }
  // Over all of them: the kernel counts in hundredths of a second, and one interval costs about one.
  const seconds = (performance.now() - begun) / 1000;
  const value = ((cpuSecondsOf(agent.pid) - cpuBefore) / seconds) * 100;
  return { memory, share: [{ value, raw: null }] };
}

export const agentAtRest: Figure = {
  name: 'agent-at-rest',
  async measure() {
    const cluster = await LiveCluster.start({ servers: 1 });
    const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' });
    const agent = plan(cluster);
    try {
      await agent.start(); // once before, so that Node has kept what it compiles
      await agent.terminate();
      await agent.start();
      const { memory, share } = await watch(agent, idle);
      return [
        rowOf({
          figure: 'agent at rest, resident memory',
          unit: 'MB',
          goal: { ratio: { atMost: 1.7 } },
          rounds: memory,
        }),
        rowOf({
          figure: 'agent at rest, share of one core',
          unit: '%',
          goal: { value: { atMost: 0.3 } },
          rounds: share,
        }),
      ];
    } finally {
      idle.kill('SIGKILL');
      await agent.kill();
      await cluster.stop();
    }
  },
};
