/**
 * `atlas-fleet demo` as a newcomer meets it: one line within 15 s that leads to a working cluster, a killed server
 * that comes back, and nothing left of it afterwards, whether it was ended or killed.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { NodeView } from '../../src/services/cluster/node-view.ts';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { DemoGround, type DemoLine, DemoProcess } from './demo-process.ts';
import { eventually, timeUntil } from './eventually.ts';
import { freePorts } from './loopback-ports.ts';
import { slowness } from './slowness.ts';
import { seldomLate } from './view-witness.ts';

const PROMISED_MS = 15_000;
const WAIT_MS = 90_000;
/** Of the demo: node_timeout and one interval. */
const OFFLINE_WITHIN_MS = 6000;

let ground: DemoGround;
let port: number;
let demo: DemoProcess;
let line: DemoLine;
let tookMs: number;
let promisedMs: number;

beforeAll(async () => {
  ground = new DemoGround();
  port = await freePorts(3);
  const slownessBefore = await slowness();
  const startedAt = performance.now();
  demo = new DemoProcess(ground, port);
  line = await demo.line();
  tookMs = performance.now() - startedAt;
  promisedMs = PROMISED_MS * Math.max(slownessBefore, await slowness());
});

afterAll(async () => {
  await demo?.end('SIGKILL');
  ground?.remove();
});

async function nodesBy(configPath = line.config_paths[0] ?? ''): Promise<NodeView[]> {
  const { code, stdout, stderr } = await atlasFleet(['cluster', 'nodes', '--json', '--config', configPath], {
    env: ground.env,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { nodes: NodeView[] }).nodes;
}

async function expectAllHealthy(configPath?: string): Promise<void> {
  const nodes = await nodesBy(configPath);
  const states = nodes.map(({ node_id, state }) => `${node_id} ${seldomLate(state)}`);
  expect(states).toEqual(['server-01 healthy', 'server-02 healthy', 'server-03 healthy']);
}

async function logIn(): Promise<string> {
  const body = JSON.stringify({ username: line.user, password: line.password });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${line.urls[0]}/api/fleet/login`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

async function read<T>(path: string, cookie: string, url = line.urls[0]): Promise<T> {
  const answer = await fetch(`${url}${path}`, { headers: { cookie } });
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

describe('a demo that runs', () => {
  it('has printed its one line within 15 s, with the fixed names, and talked on stderr only', () => {
    expect(tookMs).toBeLessThan(promisedMs);
    expect(demo.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(line).toEqual({
      urls: [0, 1, 2].map((i) => `http://127.0.0.1:${port + i}`),
      user: 'admin',
      password: expect.stringMatching(/^[A-Za-z0-9_-]{20}$/),
      api_key: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
      config_paths: [1, 2, 3].map((i) => join(ground.work, '.atlas-demo', `server-0${i}`, 'config.yaml')),
      pids: {
        servers: [expect.any(Number), expect.any(Number), expect.any(Number)],
        agent: expect.any(Number),
      },
    });
    expect(demo.stderr).toContain('3 healthy members');
    expect(demo.stderr).not.toContain(line.password);
  });

  it('has three healthy members by the command line of each', async () => {
    for (const path of line.config_paths) await expectAllHealthy(path);
  });

  it('tells scripts the whole of the health check, with the counts', async () => {
    const path = line.config_paths[0] ?? '';
    const { stdout } = await atlasFleet(['cluster', 'status', '--json', '--config', path], {
      env: ground.env,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      health: {
        overall: 'healthy',
        verdict: expect.stringMatching(/^Healthy: /),
        findings: expect.any(Array),
        backend: { type: 'file', state: 'available' },
      },
      backend: 'file',
      node_id: 'server-01',
      total_nodes: 3,
      active_nodes: 3,
    });
  });

  it("shows this machine's live figures through the API after a login, from every server", async () => {
    const cookie = await logIn();
    for (const url of line.urls) {
      const { items } = await read<{ items: Record<string, unknown>[] }>('/api/fleet/machines', cookie, url);
      expect(items).toHaveLength(1);
      const [machine = {}] = items;
      expect(machine).toMatchObject({ status: 'online', sealing: 'shared key' });
      expect(machine.memory_total_bytes).toBeGreaterThan(1e8);
      expect(machine.disk_total_bytes).toBeGreaterThan(1e8);
      const path = `/api/fleet/machines/${machine.machine_id}/series?metric=memory_percent`;
      const { unit, points } = await read<{ unit: string; points: [number, number | null][] }>(
        path,
        cookie,
        url,
      );
      expect(unit).toBe('percent');
      expect(points.some(([, value]) => value !== null && value > 0)).toBe(true);
    }
  });

  it('takes the ends of a series in milliseconds and in RFC 3339, and refuses anything else', async () => {
    const cookie = await logIn();
    const { items } = await read<{ items: { machine_id: string }[] }>('/api/fleet/machines', cookie);
    const series = (query: string) =>
      fetch(`${line.urls[0]}/api/fleet/machines/${items[0]?.machine_id}/series?metric=cpu_percent${query}`, {
        headers: { cookie },
      });
    const toMs = Date.now();
    const inWords = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
    const asNumbers = await series(`&from=${toMs - 60_000}&to=${toMs}&points=6`);
    const asWords = await series(`&from=${inWords(toMs - 60_000)}&to=${inWords(toMs)}&points=6`);
    expect(asNumbers.status).toBe(200);
    expect(await asWords.json()).toEqual(await asNumbers.json());
    for (const from of ['yesterday', '-1', '1e3']) expect((await series(`&from=${from}`)).status).toBe(400);
  });

  it('shows a killed server offline in time, and has it back by itself', async () => {
    const pid = line.pids.servers[2] ?? 0;
    const cookie = await logIn();
    const isSeenAs = async (state: string) => {
      const { nodes } = await read<{ nodes: NodeView[] }>('/api/fleet/cluster/nodes', cookie);
      return nodes.find(({ node_id }) => node_id === 'server-03')?.state === state;
    };
    process.kill(pid, 'SIGKILL');
    const { afterMs, lateMs } = await timeUntil('it is offline', WAIT_MS, performance.now(), () =>
      isSeenAs('offline'),
    );
    expect(afterMs).toBeLessThan(OFFLINE_WITHIN_MS + lateMs);
    await eventually('it is healthy', WAIT_MS, () => isSeenAs('healthy'));
    await expectAllHealthy();
    expect(demo.stderr).toContain('server-03 stopped (SIGKILL); it comes back in 10 s.');
    expect(await ground.processes()).not.toContain(pid);
  });

  it('is not disturbed by a second one: the same folder and the same ports are clear errors', async () => {
    const sameFolder = new DemoProcess(ground, port);
    expect(await sameFolder.ended()).toBe(7);
    expect(sameFolder.stderr).toMatch(
      /^error: a demo runs in \S+ already \(process \d+\)\nhint: end it with Ctrl-C, or start this one in another folder with another --port\n$/,
    );
    const elsewhere = new DemoGround();
    onTestFinished(() => elsewhere.remove());
    const samePort = new DemoProcess(elsewhere, port);
    expect(await samePort.ended()).toBe(7);
    expect(samePort.stderr).toBe(
      `error: port ${port} on 127.0.0.1 is taken by another program\nhint: stop it, or choose other ports: npm start -- --port ${port + 1000}\n`,
    );
    expect(elsewhere.contents).toEqual([]);
    await expectAllHealthy();
  });

  it('ends with Ctrl-C, and of its processes, its folder and its ports nothing is left', async () => {
    const pids = await ground.processes();
    expect(pids).toHaveLength(4);
    expect(await demo.end('SIGINT')).toBe(0);
    expect(demo.stderr).toContain('Everything is gone: 3 servers, the agent, ');
    expect(await ground.processes()).toEqual([]);
    for (const pid of [...pids, ...line.pids.servers, line.pids.agent]) {
      expect(await ground.isAlive(pid), `process ${pid}`).toBe(false);
    }
    expect(ground.contents).toEqual([]);
    for (const taken of [port, port + 1, port + 2]) expect(await isFree(taken)).toBe(true);
  });
});

describe('a demo that was killed', () => {
  it('takes its servers and its agent with it, and the next one starts over its leftovers', async () => {
    const killed = new DemoProcess(ground, port);
    const { pids } = await killed.line();
    expect(await killed.end('SIGKILL')).toBe('SIGKILL');
    await eventually('its servers and its agent end', WAIT_MS, async () => {
      return (await ground.processes()).length === 0;
    });
    for (const pid of [...pids.servers, pids.agent]) expect(await ground.isAlive(pid)).toBe(false);
    expect(existsSync(join(ground.work, '.atlas-demo'))).toBe(true);

    demo = new DemoProcess(ground, port);
    line = await demo.line();
    await expectAllHealthy();
    expect(await demo.end('SIGINT')).toBe(0);
    expect(await ground.processes()).toEqual([]);
    expect(ground.contents).toEqual([]);
  });
});

describe('a demo whose terminal is closed', () => {
  it('leaves nothing either, although nobody reads its last words', async () => {
    const running = new DemoProcess(ground, port);
    onTestFinished(() => void running.end('SIGKILL'));
    await running.line();
    expect(await running.hangUp()).toBe(0);
    expect(await ground.processes()).toEqual([]);
    expect(ground.contents).toEqual([]);
  });
});

describe('a demo in a deep checkout', () => {
  it('leaves nothing either, not even of a server that was killed just before', async () => {
    const deep = new DemoGround(join('a'.repeat(60), 'b'.repeat(60)));
    onTestFinished(() => deep.remove());
    const running = new DemoProcess(deep, port);
    onTestFinished(() => void running.end('SIGKILL'));
    const { pids, config_paths } = await running.line();
    expect(deep.contents).toHaveLength(1 + 3); // its folder, and three sockets whose paths would be too long there
    const listed = await atlasFleet(['cluster', 'nodes', '--json', '--config', config_paths[0] ?? ''], {
      env: deep.env,
    });
    expect(listed.code).toBe(0);
    process.kill(pids.servers[1] ?? 0, 'SIGKILL');
    await eventually('the demo notices it', WAIT_MS, () => running.stderr.includes('server-02 stopped'));
    expect(await running.end('SIGINT')).toBe(0);
    expect(await deep.processes()).toEqual([]);
    expect(deep.contents).toEqual([]);
  });
});

describe('a demo that is ended while it starts', () => {
  it('leaves nothing either', async () => {
    const early = new DemoProcess(ground, port);
    await eventually('a server runs', WAIT_MS, async () => (await ground.processes()).length > 0);
    expect(await early.end('SIGINT')).toBe(0);
    expect(early.stdout).toBe('');
    expect(await ground.processes()).toEqual([]);
    expect(ground.contents).toEqual([]);
  });
});

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
