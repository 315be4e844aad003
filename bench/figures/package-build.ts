/**
 * A universal cluster node package with the real Node inside, ordered over HTTP from a server in a process of its own
 * and taken as it comes: how long, how much memory over that of the idle server, and how long others wait for an answer
 * meanwhile. Beside it stand other programs on the same bytes: sha256sum, which only reads and hashes them, and gzip.
 */
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { BackendsElsewhere } from '../../test/backends/elsewhere.ts';
import { LiveCluster, type LiveServer } from '../../test/scenario/live-cluster.ts';
import { type Figure, type Round, type Row, rowOf } from '../figure.ts';
import { memoryOf } from '../process-usage.ts';

const ROUNDS = 5;
/** Milliseconds between two looks at the memory, and between two questions to the server. */
const LOOK_MS = 25;
const ASK_MS = 5;
/** Milliseconds in which a server that was started comes to rest. */
const SETTLING_MS = 3000;
const GOAL_SECONDS = 1.5;
const GOAL_MB = 150;
const GOAL_MS = 100;
const PERCENTILE = 0.99;

interface Build {
  readonly seconds: number;
  readonly peakMb: number;
  readonly waitsMs: readonly number[];
}

export const packageBuild: Figure = {
  name: 'package-build',
  async measure() {
    const backends = await BackendsElsewhere.start();
    const { redis, databaseUrl, values } = backends;
    const cluster = await LiveCluster.start({ servers: 1, redis, databaseUrl, values });
    try {
      return await measureOn(cluster);
    } finally {
      await cluster.stop();
      await backends.stop();
    }
  },
};

async function measureOn(cluster: LiveCluster): Promise<Row[]> {
  const [server] = cluster.servers;
  if (server === undefined) throw new Error('the cluster has no server');
  const lack = await lackOf(server);
  if (lack !== null) {
    process.stderr.write(`package-build is left out: ${lack}\n`);
    return [];
  }
  await wait(SETTLING_MS);
  const file = join(cluster.folder, 'measured.pkg');
  const idle: number[] = [];
  const builds: { readonly build: Build; readonly hashing: number; readonly zipping: number }[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    idle.push(memoryOf(server.process.pid).rssMb);
    const build = await orderOnce(cluster, server, file);
    const figures = {
      build,
      hashing: secondsOf('sha256sum', file),
      zipping: secondsOf('gzip', '-6', '-c', file),
    };
    if (round > 0) builds.push(figures); // the first is for the compiler, and for what is read for the first time
  }
  const rounds = (of: (one: (typeof builds)[number]) => Round) => builds.map(of);
  return [
    rowOf({
      figure: 'package of a cluster node, universal',
      unit: 's',
      goal: { value: { atMost: GOAL_SECONDS } },
      rounds: rounds(({ build, hashing }) => ({ value: build.seconds, raw: hashing })),
    }),
    rowOf({
      figure: 'gzip -6 of the same bytes',
      unit: 's',
      rounds: rounds(({ zipping, hashing }) => ({ value: zipping, raw: hashing })),
    }),
    rowOf({
      figure: 'the server meanwhile, memory over idle',
      unit: 'MB',
      goal: { value: { atMost: GOAL_MB } },
      rounds: rounds(({ build }) => ({ value: build.peakMb - Math.min(...idle), raw: null })),
    }),
    rowOf({
      figure: 'the server meanwhile, p99 of /livez',
      unit: 'ms',
      goal: { value: { atMost: GOAL_MS } },
      rounds: rounds(({ build }) => ({ value: p99(build.waitsMs), raw: null })),
    }),
  ];
}

/** Why no such package can be built on this machine; null when it can. */
async function lackOf({ client }: LiveServer): Promise<string | null> {
  const path = '/api/fleet/packages/readiness?kind=cluster-node';
  const { checks } = await client.get<{ checks: { result: string; sentence: string; mend: string }[] }>(path);
  const failed = checks.find(({ result }) => result === 'fail');
  return failed === undefined ? null : `${failed.sentence} ${failed.mend}`;
}

async function orderOnce(cluster: LiveCluster, server: LiveServer, file: string): Promise<Build> {
  const end = new AbortController();
  const memory = watchMemory(server.process.pid, end.signal);
  const asking = keepAsking(server, end.signal);
  const begun = performance.now();
  const answer = await order(cluster, server);
  await pipeline(answer, createWriteStream(file));
  const seconds = (performance.now() - begun) / 1000;
  end.abort();
  if (answer.statusCode !== 200) throw new Error(`the package was refused with ${answer.statusCode}`);
  return { seconds, peakMb: await memory, waitsMs: await asking };
}

function order({ token }: LiveCluster, { port }: LiveServer): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const path = '/api/fleet/build-cluster-package';
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, method: 'POST', headers }, resolve);
    asking.on('error', reject).end('{"node_name":"server-02"}');
  });
}

/** The highest it was. */
async function watchMemory(pid: number, until: AbortSignal): Promise<number> {
  let peak = 0;
  while (!until.aborted) {
    peak = Math.max(peak, memoryOf(pid).rssMb);
    await wait(LOOK_MS);
  }
  return peak;
}

/** As a load balancer that is in a hurry: how long each answer took, in milliseconds. */
async function keepAsking({ port }: LiveServer, until: AbortSignal): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const waits: number[] = [];
  while (!until.aborted) {
    const begun = performance.now();
    await new Promise<void>((resolve, reject) => {
      const asking = request({ host: '127.0.0.1', port, path: '/livez', agent }, (answer) =>
        answer.resume().once('end', resolve),
      );
      asking.on('error', reject).end();
    });
    waits.push(performance.now() - begun);
    await wait(ASK_MS);
  }
  agent.destroy();
  return waits;
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * PERCENTILE))] ?? Number.NaN;
}

function secondsOf(program: string, ...args: readonly string[]): number {
  const begun = performance.now();
  execFileSync(program, args, { stdio: 'ignore' });
  return (performance.now() - begun) / 1000;
}
