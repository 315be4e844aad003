import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Agent, type AgentOptions } from '../../src/agent/agent.ts';
import { AtlasError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { ReportIntake } from '../../src/services/fleet/report-intake.ts';
import { ManualClock } from '../fakes/clock.ts';
import { makeFolder } from '../fakes/folder.ts';
import { FakeLog } from '../fakes/log.ts';
import { makeReport } from '../fakes/report.ts';
import { type CannedAnswer, OK, problem, type Received, ReportServer } from '../fakes/report-server.ts';
import { FakeReportStore } from '../fakes/report-store.ts';

const encryptionKey = new Secret(randomBytes(32));
let clock: ManualClock;
let log: FakeLog;
let reports: FakeReportStore;
let server: ReportServer;
let spoolDir: string;
const agents: Agent[] = [];

/** As the route does: the real intake over a store in memory. */
function answerByIntake(): (received: Received) => Promise<CannedAnswer> {
  const intake = new ReportIntake({
    reports,
    clock,
    log,
    encryptionKey,
    acceptV1: true,
    nodeId: 'server-01',
  });
  return async ({ body }) => {
    try {
      return { ...OK, body: { status: 'ok', e2ee_verified: true, ...(await intake.take(body)) } };
    } catch (error) {
      return problem(400, error instanceof AtlasError ? error.code : 'internal');
    }
  };
}

beforeEach(async () => {
  clock = new ManualClock();
  log = new FakeLog();
  reports = new FakeReportStore();
  spoolDir = join(await makeFolder(), 'spool');
  server = await ReportServer.listen(answerByIntake());
});

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop();
  await server.close();
});

function optionsOf(changes: Partial<AgentOptions> = {}): AgentOptions {
  return {
    servers: [server.url],
    pins: [],
    apiKey: Secret.fromText('agents-may-write'),
    encryptionKey,
    intervalSeconds: 10,
    spoolDir,
    spoolMaxMb: 1,
    clock,
    log,
    collector: { collect: async () => makeReport({ atMs: clock.wallMs() }) },
    random: () => 0.5,
    ...changes,
  };
}

async function open(changes: Partial<AgentOptions> = {}): Promise<Agent> {
  const agent = await Agent.open(optionsOf(changes));
  agents.push(agent);
  return agent;
}

/** On a machine that is busy with other tests too. */
const soon = (look: () => void) => vi.waitFor(look, 60_000);
const stored = (count: number) => soon(() => expect(reports.stored).toHaveLength(count));

describe('reportOnce', () => {
  it('brings a report of this machine into the store, and says where it went', async () => {
    const agent = await open();
    expect(await agent.reportOnce()).toMatchObject({
      accepted: 1,
      left: 0,
      server: server.url,
      failure: null,
    });
    expect(reports.stored[0]?.report).toEqual(makeReport({ atMs: clock.wallMs() }));
  });

  it('sends nothing in clear', async () => {
    await (await open()).reportOnce();
    expect(server.bodies.join()).not.toMatch(/studio-3|hostname/);
  });

  it('says why a report was not taken, and brings it with the next one', async () => {
    const { port } = server;
    const agent = await open();
    await server.close();
    expect(await agent.reportOnce()).toMatchObject({
      accepted: 0,
      left: 1,
      server: null,
      failure: 'ECONNREFUSED',
    });
    server = await ReportServer.listen(answerByIntake(), { port });
    await clock.advance(30_000);
    expect(await agent.reportOnce()).toMatchObject({ accepted: 2, left: 0 });
  });

  it('is stored once although it was sent twice: acknowledgement lost, agent killed, agent started', async () => {
    server.answering = async (received) => {
      await answerByIntake()(received);
      return 'cut' as const;
    };
    await (await open()).reportOnce();
    server.answering = answerByIntake();
    expect(
      await (await open({ collector: { collect: async () => makeReport() } })).reportOnce(),
    ).toMatchObject({
      accepted: 2,
      left: 0,
    });
    expect(server.received.length).toBeGreaterThanOrEqual(3);
    expect(reports.stored).toHaveLength(2);
  });

  it('sets aside what the server cannot open', async () => {
    const agent = await open({ encryptionKey: new Secret(randomBytes(32)) });
    expect(await agent.reportOnce()).toMatchObject({
      refused: 1,
      left: 0,
      failure: 'status 400 report_refused',
      own: { kind: 'refused', reason: 'status 400 report_refused' },
    });
  });

  it('tells the fate of its own report and not that of an older one', async () => {
    const { port } = server;
    const first = await open();
    await server.close();
    expect(await first.reportOnce()).toMatchObject({
      own: { kind: 'waiting', reason: 'ECONNREFUSED' },
    });
    server = await ReportServer.listen(answerByIntake(), { port });
    const other = await open({ encryptionKey: new Secret(randomBytes(32)) });
    expect(await other.reportOnce()).toMatchObject({
      accepted: 1,
      refused: 1,
      own: { kind: 'refused', reason: 'status 400 report_refused' },
    });
    expect(await (await open()).reportOnce()).toMatchObject({
      own: { kind: 'accepted', server: server.url },
    });
  });

  it('knows the fate also when a delivery under way took the report along', async () => {
    const agent = await open();
    const fates = await Promise.all([agent.reportOnce(), agent.reportOnce()]);
    expect(fates.map(({ own }) => own.kind)).toEqual(['accepted', 'accepted']);
  });
});

describe('start', () => {
  async function start(changes: Partial<AgentOptions> = {}): Promise<Agent> {
    const agent = await Agent.open(optionsOf(changes));
    agent.start();
    agents.push(agent);
    return agent;
  }

  it('reports at once and then each interval', async () => {
    await start();
    await stored(1);
    await soon(() => expect(clock.waiting).toBe(1));
    await clock.advance(9_999);
    await clock.advance(1);
    await stored(2);
    expect(reports.stored.map(({ takenAtMs }) => takenAtMs % 60_000)).toEqual([0, 10_000]);
  });

  it('may report each second', async () => {
    await start({ intervalSeconds: 1 });
    for (let count = 1; count <= 5; count += 1) {
      await stored(count);
      await soon(() => expect(clock.waiting).toBe(1));
      await clock.advance(1000);
    }
  });

  it('keeps reporting after a report that could not be made, and says so', async () => {
    let calls = 0;
    const collect = async () => {
      calls += 1;
      if (calls === 1) throw new Error('vm_stat is gone');
      return makeReport();
    };
    await start({ collector: { collect } });
    await soon(() => expect(log.events()).toContain('agent.collect_failed'));
    await soon(() => expect(clock.waiting).toBe(1));
    await clock.advance(10_000);
    await stored(1);
  });

  it('delivers what gathered while no server was there, oldest first', async () => {
    server.answering = () => problem(503, 'store_unavailable', { 'retry-after': '25' });
    await start();
    await soon(() => expect(log.events()).toContain('agent.not_delivered'));
    await soon(() => expect(clock.waiting).toBe(2));
    for (let round = 0; round < 2; round += 1) {
      await clock.advance(10_000);
      await soon(() => expect(clock.waiting).toBe(2));
    }
    expect(server.received).toHaveLength(1);
    server.answering = answerByIntake();
    await clock.advance(10_000);
    await stored(4);
    const taken = reports.stored.map(({ takenAtMs }) => takenAtMs);
    expect(taken).toEqual([...taken].sort());
  });

  it('stops while a server does not answer, and loses nothing', async () => {
    server.answering = () => 'hang';
    const agent = await start();
    await soon(() => expect(server.received).toHaveLength(1));
    await agent.stop();
    expect(clock.waiting).toBe(0);
    server.answering = answerByIntake();
    expect(await (await open()).reportOnce()).toMatchObject({ accepted: 2, left: 0 });
  });

  it.each([
    [{ servers: [] }, 'the agent has no server to report to'],
    [{ servers: ['http://192.0.2.1'] }, 'a server of the agent has a plain http address on another machine'],
    [
      { servers: ['https://a.example'], pins: ['x'] },
      'a pin of the agent is not sha256/ and 32 bytes of base64',
    ],
  ])('does not start with %j', async (changes, message) => {
    await expect(Agent.open(optionsOf(changes))).rejects.toMatchObject({ code: 'config_invalid', message });
  });
});
