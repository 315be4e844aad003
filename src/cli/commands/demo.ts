/**
 * `atlas-fleet demo`: a real secured cluster of servers and an agent on this machine, as separate processes on
 * embedded backends. Ctrl-C ends it and takes everything away.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { Command, InvalidArgumentError } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import { shellWord } from '../../base/shell-word.ts';
import { controlClient } from '../control-socket.ts';
import { DEMO_TIMEOUT_SECONDS, type DemoFolder, makeDemoFolder, requireNoDemo } from '../demo/demo-folder.ts';
import { COMES_BACK_SECONDS, DemoProcess } from '../demo/demo-process.ts';
import { demoRegistry } from '../demo/demo-registry.ts';
import { PROGRAM } from '../program.ts';
import { beginRun } from '../shutdown.ts';
import { print, say } from '../terminal.ts';

const NODES_MAX = 9;
const PORT = 8768;
/** Milliseconds: how long all may take to find each other, and how often we look. */
const SETTLE_MS = 30_000;
const LOOK_MS = 100;

interface Flags {
  readonly nodes: number;
  readonly port: number;
  readonly cluster?: string;
  readonly redisPasswordFile?: string;
  readonly json?: boolean;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('a secured cluster and an agent on this machine; Ctrl-C ends and removes it')
    .option('--nodes <n>', `servers, 1 to ${NODES_MAX}`, wholeNumber(1, NODES_MAX), 3)
    .option(
      '--port <port>',
      'port of the first server; the others follow',
      wholeNumber(1, 65_535 - NODES_MAX),
      PORT,
    )
    .option(
      '--cluster <url>',
      'meet at this Redis instead of in a folder: redis://[user@]host[:port][/number]',
    )
    .option('--redis-password-file <file>', 'a file of mode 0600 with the password of Redis')
    .option('--json', 'print one line of JSON when it runs')
    .action(runDemo);
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
  };
}

async function runDemo(flags: Flags): Promise<void> {
  const { ended } = beginRun();
  const ports = Array.from({ length: flags.nodes }, (_, i) => flags.port + i);
  requireNoDemo(); // before its ports are found taken, by a program that nobody would name
  await Promise.all(ports.map(requireFree));
  const { hashPassword } = await import('../../node.ts');
  const password = randomBytes(15).toString('base64url');
  const registry = await demoRegistry(flags);
  const folder = makeDemoFolder({
    ports,
    hash: await hashPassword(password),
    registry: registry?.values ?? null,
  });
  const servers = folder.servers.map((server) => new DemoProcess('server', server, say));
  const agent = new DemoProcess('agent', folder.agent, say);
  const all = [agent, ...servers];
  try {
    const running = startAll(folder, servers, agent).then(() => {
      if (flags.json) printLine(folder, password, servers, agent);
      else tellWhatToTry(folder, registry?.client ?? null, password, servers);
    });
    // Ctrl-C during the start ends it too; what fails in the start ends the demo.
    await Promise.race([ended, running.then(() => ended)]);
    say('Ending the demo…');
  } finally {
    // First gone, then said: nothing that can fail stands between the end and the removal.
    await Promise.allSettled(all.map((process) => process.stop()));
    folder.remove();
    await registry?.moveOut();
  }
  say(`Everything is gone: ${flags.nodes} servers, the agent, ${folder.path}.`);
}

/** Nothing is started on a port that somebody else has. */
function requireFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause) =>
      reject(
        new AtlasError('port_taken', `port ${port} on 127.0.0.1 is taken by another program`, {
          cause,
          hint: `stop it, or choose other ports: npm start -- --port ${port + 1000}`,
        }),
      ),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

async function startAll(
  folder: DemoFolder,
  servers: readonly DemoProcess[],
  agent: DemoProcess,
): Promise<void> {
  say(`Starting ${servers.length} servers and an agent in ${folder.path}`);
  await Promise.all(servers.map((server) => server.start()));
  say('  servers listen; waiting until they have verified each other');
  const agentStarts = agent.start();
  await Promise.all(
    folder.servers.map(({ dataDir }) => until(() => seesAllHealthy(dataDir, servers.length))),
  );
  say(`  ${servers.length} healthy members; waiting for the first report`);
  await agentStarts;
  await until(() => hasMachine(folder));
  say('  this machine reports');
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new AtlasError('internal', `the cluster did not settle within ${SETTLE_MS / 1000} s`, {
        hint: 'the machine may be very busy; try again with fewer servers: npm start -- --nodes 1',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function seesAllHealthy(dataDir: string, count: number): Promise<boolean> {
  const { nodes } = await controlClient(dataDir).get<{ nodes: { state: string }[] }>(
    '/api/fleet/cluster/nodes',
  );
  return nodes.filter((node) => node.state === 'healthy').length === count;
}

async function hasMachine({ servers: [first] }: DemoFolder): Promise<boolean> {
  if (first === undefined) return false;
  const { total } = await controlClient(first.dataDir).get<{ total: number }>('/api/fleet/machines');
  return total > 0;
}

/** The one line of `--json`; its names are fixed. */
function printLine(
  folder: DemoFolder,
  password: string,
  servers: readonly DemoProcess[],
  agent: DemoProcess,
): void {
  print(
    JSON.stringify({
      urls: folder.servers.map((server) => server.url),
      user: 'admin',
      password,
      api_key: folder.apiKey,
      config_paths: folder.servers.map((server) => server.configPath),
      pids: { servers: servers.map((server) => server.pid), agent: agent.pid },
    }),
  );
}

function tellWhatToTry(
  folder: DemoFolder,
  redis: string | null,
  password: string,
  servers: readonly DemoProcess[],
): void {
  const [first] = folder.servers;
  const last = servers.at(-1);
  print(`
Atlas Fleet runs: ${servers.length} servers that prove themselves to each other, and an agent on this machine.

  open       ${folder.servers.map((server) => server.url).join('  ')}
  user       admin
  password   ${password}

Try next, in another terminal:

  kill a server          kill -9 ${last?.pid}
                         offline within ${DEMO_TIMEOUT_SECONDS + 1} s on the others, back by itself after ${COMES_BACK_SECONDS} s; no report is lost
  forge a record         ${forgery(folder, redis)}
                         refused, counted and explained under Settings, Cluster Health Monitor
  look from the shell    ${PROGRAM} cluster status --config ${shellWord(first?.configPath ?? '')}

Ctrl-C ends it and removes everything.`);
}

function forgery(folder: DemoFolder, redis: string | null): string {
  const record = `'{"host":"10.0.0.66","node_id":"intruder"}'`;
  if (redis === null) return `printf '%s' ${record} > ${folder.registry}/node/intruder.json`;
  return `${redis} set fleet:cluster:node:intruder ${record}; ${redis} sadd fleet:cluster:newcomers intruder`;
}
