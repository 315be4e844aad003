/**
 * From the start of the process to the first 200 of /readyz, by a server that has its database and its identity; the raw
 * limit is an empty script under the same Node. "First ever" is without the compiled code that Node keeps from one start
 * to the next.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { LAUNCHER } from '../../test/cli/atlas-fleet.ts';
import { LiveCluster, type LiveServer } from '../../test/scenario/live-cluster.ts';
import { type Figure, type Round, rowOf } from '../figure.ts';

const ROUNDS = 7;
/** Milliseconds between two knocks. */
const KNOCK_MS = 5;
const GOAL_SECONDS = 1;

async function emptyScriptSeconds(): Promise<number> {
  const begun = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return (performance.now() - begun) / 1000;
}

async function startSeconds({ configPath, url }: LiveServer, env: Record<string, string>): Promise<number> {
  const begun = performance.now();
  const child = spawn(LAUNCHER, ['server', '--config', configPath], {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: 'ignore',
  });
  try {
    while (!(await isReady(url))) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      await wait(KNOCK_MS);
    }
    return (performance.now() - begun) / 1000;
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    async (answer) => (await answer.text()) !== '' && answer.ok,
    () => false,
  );
}

export const coldStart: Figure = {
  name: 'cold-start',
  async measure() {
    const cluster = await LiveCluster.start({ servers: 1 });
    try {
      const [server] = cluster.servers;
      if (server === undefined) return [];
      await server.process.kill();
      const later: Round[] = [];
      const firstEver: Round[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const raw = await emptyScriptSeconds();
        later.push({ value: (await startSeconds(server, {})) - raw, raw });
        firstEver.push({
          value: (await startSeconds(server, { NODE_DISABLE_COMPILE_CACHE: '1' })) - raw,
          raw,
        });
      }
      const goal = { value: { atMost: GOAL_SECONDS } };
      const unit = 's';
      return [
        rowOf({ figure: "start to /readyz, over Node's own", unit, goal, rounds: later }),
        rowOf({ figure: "first start ever, over Node's own", unit, rounds: firstEver }),
      ];
    } finally {
      await cluster.stop();
    }
  },
};
