import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Reporter } from '../../src/agent/reporter.ts';
import { ANSWER_TIMEOUT_MS, ServerLink } from '../../src/agent/server-link.ts';
import { Spool } from '../../src/agent/spool.ts';
import { Secret } from '../../src/base/secret.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { ManualClock, START_MS } from '../fakes/clock.ts';
import { makeFolder } from '../fakes/folder.ts';
import { FakeLog } from '../fakes/log.ts';
import { type Answering, OK, problem, ReportServer } from '../fakes/report-server.ts';

const API_KEY = 'agents-may-write';
const never = new AbortController().signal;

let clock: ManualClock;
let log: FakeLog;
let spool: Spool;
let dir: string;
const toClose: { close(): unknown }[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  log = new FakeLog();
  dir = join(await makeFolder(), 'spool');
  spool = await Spool.open({ dir, maxBytes: 1_000_000, clock, log });
});

afterEach(async () => {
  for (const each of toClose.splice(0)) await each.close();
});

async function listen(answering?: Answering): Promise<ReportServer> {
  const server = await ReportServer.listen(answering);
  toClose.push(server);
  return server;
}

function makeReporter(urls: string[], random = () => 0): Reporter {
  const apiKey = Secret.fromText(API_KEY);
  const links = urls.map(
    (url) => new ServerLink({ url, pins: [], apiKey, clock, random, allowPlainHttp: false }),
  );
  toClose.push(...links);
  return new Reporter({ links, spool, clock, log, random });
}

async function fill(...texts: string[]): Promise<void> {
  for (const [at, text] of texts.entries()) await spool.add(Buffer.from(text), START_MS + at);
}

describe('deliver', () => {
  it('sends what waits, oldest first, with the API key, and empties the spool', async () => {
    const server = await listen();
    await fill('first', 'second', 'third');
    expect(await makeReporter([server.url]).deliver(never)).toEqual({
      accepted: 3,
      refused: 0,
      fates: expect.objectContaining({ size: 3 }),
      left: 0,
      server: server.url,
      failure: null,
      retryInMs: null,
    });
    expect(server.bodies).toEqual(['first', 'second', 'third']);
    expect(server.received[0]).toMatchObject({ method: 'POST', path: '/api/fleet/report' });
    expect(server.received[0]?.headers).toMatchObject({
      'x-api-key': API_KEY,
      'content-type': 'application/json',
    });
    expect(server.connections).toBe(1);
  });

  it('says the first success once', async () => {
    const server = await listen();
    const reporter = makeReporter([server.url]);
    for (const text of ['a', 'b', 'c']) {
      await fill(text);
      await reporter.deliver(never);
    }
    expect(log.lines).toEqual([
      { level: 'info', event: 'agent.accepted', sentence: `Report accepted by ${server.url}`, fields: {} },
    ]);
  });

  it('says each end of an outage that it complained of, and how many reports had waited', async () => {
    const server = await listen();
    const reporter = makeReporter([server.url]);
    await fill('a');
    await reporter.deliver(never);
    for (const round of [1, 2]) {
      server.answering = () => problem(503, 'store_unavailable');
      await fill('b', 'c');
      await reporter.deliver(never);
      server.answering = () => OK;
      await clock.advance(60_000);
      expect(await reporter.deliver(never), `round ${round}`).toMatchObject({ accepted: 2, left: 0 });
    }
    const again = `Reports arrive again at ${server.url}, 2 had waited`;
    expect(log.lines.map(({ sentence }) => sentence)).toEqual([
      `Report accepted by ${server.url}`,
      'Report not delivered: it is kept and sent again',
      again,
      'Report not delivered: it is kept and sent again',
      again,
    ]);
  });

  it('goes to the next server when one dies in the middle of an answer, and stays there', async () => {
    const dying = await listen(() => (dying.received.length < 2 ? OK : 'cut'));
    const living = await listen();
    await fill('one', 'two', 'three');
    const reporter = makeReporter([dying.url, living.url]);
    expect(await reporter.deliver(never)).toMatchObject({ accepted: 3, left: 0, server: living.url });
    await fill('four');
    await reporter.deliver(never);
    expect(new Set(dying.bodies)).toEqual(new Set(['one', 'two']));
    expect(living.bodies).toEqual(['two', 'three', 'four']);
  });

  it('comes back to the first server when the second one dies', async () => {
    const first = await listen(() => (second.received.length === 0 ? 'cut' : OK));
    const second = await listen(() => (second.received.length === 1 ? OK : 'cut'));
    const reporter = makeReporter([first.url, second.url]);
    await fill('one');
    expect(await reporter.deliver(never)).toMatchObject({ accepted: 1, server: second.url });
    await clock.advance(30_000);
    await fill('two');
    expect(await reporter.deliver(never)).toMatchObject({ accepted: 1, server: first.url });
  });

  it.each([
    [0, 0],
    [0.4, 1],
    [0.99, 2],
  ])('begins at a random server: %d of 1 is number %d of three', async (fraction, expected) => {
    const servers = [await listen(), await listen(), await listen()];
    await fill('x');
    await makeReporter(
      servers.map(({ url }) => url),
      () => fraction,
    ).deliver(never);
    expect(servers.map(({ bodies }) => bodies.length)).toEqual(
      [0, 1, 2].map((at) => (at === expected ? 1 : 0)),
    );
  });

  it('obeys Retry-After: asks no earlier, and delivers then', async () => {
    const server = await listen(() => problem(503, 'intake_busy', { 'retry-after': '40' }));
    const reporter = makeReporter([server.url]);
    await fill('x');
    const held = await reporter.deliver(never);
    expect(held).toMatchObject({
      accepted: 0,
      left: 1,
      failure: 'status 503 intake_busy',
      retryInMs: 40_000,
    });
    await clock.advance(39_999);
    await reporter.deliver(never);
    expect(server.received).toHaveLength(1);
    server.answering = () => OK;
    await clock.advance(1);
    expect(await reporter.deliver(never)).toMatchObject({ accepted: 1, failure: null });
  });

  it('asks another server while one wants to be left in peace', async () => {
    const draining = await listen(() => problem(503, 'store_unavailable', { 'retry-after': '60' }));
    const living = await listen();
    await fill('one', 'two');
    await makeReporter([draining.url, living.url]).deliver(never);
    expect(draining.bodies).toEqual(['one']);
    expect(living.bodies).toEqual(['one', 'two']);
  });

  it('waits longer after each failure, up to half a minute', async () => {
    const server = await listen(() => problem(500, 'internal'));
    const reporter = makeReporter([server.url], () => 0.999);
    await fill('x');
    const waits: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const { retryInMs } = await reporter.deliver(never);
      waits.push(Math.round((retryInMs ?? 0) / 1000));
      await clock.advance(retryInMs ?? 0);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it('sets a report aside that is refused for good, after every server was asked, and goes on', async () => {
    const refuses: Answering = ({ body }) =>
      body.toString() === 'bad' ? problem(400, 'report_refused') : OK;
    const servers = [await listen(refuses), await listen(refuses)];
    await fill('good', 'bad', 'better');
    const delivery = await makeReporter(servers.map(({ url }) => url)).deliver(never);
    expect(delivery).toMatchObject({ accepted: 2, refused: 1, left: 0 });
    expect(servers[1]?.bodies).toEqual(['bad']);
    expect(spool.aside).toBe(1);
    expect(log.lines.filter(({ event }) => event === 'agent.refused')).toHaveLength(2);
  });

  it('believes a server that takes what another one refused', async () => {
    const outdated = await listen(() => problem(400, 'report_refused'));
    const current = await listen();
    await fill('x');
    expect(await makeReporter([outdated.url, current.url]).deliver(never)).toMatchObject({ accepted: 1 });
    expect(spool.aside).toBe(0);
  });

  it('keeps every report under a wrong API key, says so loudly once, and asks once a minute', async () => {
    const server = await listen(() => problem(401, 'api_key_wrong'));
    const reporter = makeReporter([server.url]);
    await fill('x');
    for (let round = 0; round < 5; round += 1) {
      expect(await reporter.deliver(never)).toMatchObject({ left: 1, retryInMs: 60_000 });
      await clock.advance(59_999);
      await reporter.deliver(never);
      await clock.advance(1);
    }
    expect(server.received).toHaveLength(5);
    expect(log.lines[0]).toMatchObject({
      level: 'error',
      event: 'agent.key_refused',
      sentence: 'Server refuses the API key: reports are kept until it is right',
    });
    expect(JSON.stringify(log.lines)).not.toContain(API_KEY);
  });

  it('gives up waiting for an answer, and keeps the report', async () => {
    let asked = () => {};
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await listen(() => {
      asked();
      return 'hang';
    });
    await fill('x');
    const delivery = makeReporter([server.url]).deliver(never);
    await reached;
    await clock.advance(ANSWER_TIMEOUT_MS);
    expect(await delivery).toMatchObject({ accepted: 0, left: 1, failure: 'ETIMEDOUT' });
  });

  it('does not swallow an endless answer', async () => {
    const server = await listen(() => ({ status: 200, body: 'x'.repeat(10_000_000) }));
    await fill('x');
    expect(await makeReporter([server.url]).deliver(never)).toMatchObject({ left: 1, failure: 'EMSGSIZE' });
  });

  it('follows no redirect: the API key goes to the servers that were named', async () => {
    const other = await listen();
    const server = await listen(() => ({
      status: 307,
      headers: { location: `${other.url}/api/fleet/report` },
    }));
    await fill('x');
    expect(await makeReporter([server.url]).deliver(never)).toMatchObject({ left: 1, failure: 'status 307' });
    expect(other.connections).toBe(0);
  });

  it('sends again on a fresh connection when the idle one was closed', async () => {
    const server = await listen();
    const reporter = makeReporter([server.url]);
    await fill('one');
    await reporter.deliver(never);
    server.answering = () => (server.received.length === 2 ? 'cut' : OK);
    await fill('two');
    expect(await reporter.deliver(never)).toMatchObject({ accepted: 1, left: 0 });
    expect(server.bodies).toEqual(['one', 'two', 'two']);
  });

  it('ends at once when it is told to stop, and keeps what was not acknowledged', async () => {
    const stopping = new AbortController();
    const server = await listen(() => {
      stopping.abort();
      return 'hang';
    });
    await fill('x');
    expect(await makeReporter([server.url]).deliver(stopping.signal)).toMatchObject({ accepted: 0, left: 1 });
    expect(log.lines).toEqual([]);
  });

  it('sends the same bytes again after a crash between acknowledgement and deletion', async () => {
    const server = await listen();
    await fill('sealed');
    const crashing = makeReporter([server.url]);
    spool.remove = () => Promise.reject(new Error('the process ended here'));
    await expect(crashing.deliver(never)).rejects.toThrow('the process ended here');
    spool = await Spool.open({ dir, maxBytes: 1_000_000, clock, log });
    expect(await makeReporter([server.url]).deliver(never)).toMatchObject({ accepted: 1, left: 0 });
    expect(server.bodies).toEqual(['sealed', 'sealed']);
  });
});

describe('the address of a server', () => {
  const make = (url: string, pins: string[] = [], allowPlainHttp = false) =>
    new ServerLink({ url, pins, apiKey: Secret.fromText(API_KEY), clock, random: () => 0, allowPlainHttp });

  it.each([
    'http://127.0.0.1:8768',
    'http://127.1:8768',
    'http://localhost',
    'http://[::1]:8768',
    'https://fleet.example',
  ])('may be %s', (url) => {
    expect(() => make(url).close()).not.toThrow();
  });

  it.each([
    'http://fleet.example',
    'http://127.0.0.1.evil.example',
    'http://192.0.2.1',
    'http://[::2]',
    'http://0.0.0.0',
  ])('may not be %s without TLS', (url) => {
    expect(() => make(url)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: 'a server of the agent has a plain http address on another machine',
      }),
    );
    make(url, [], true).close();
  });

  it.each([
    '',
    'fleet.example',
    'ftp://fleet.example',
    'https://user:pw@fleet.example',
    'https://:pw@fleet.example',
    'https://fleet.example?x=1',
  ])('is refused as %j', (url) => {
    expect(() => make(url)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: 'a server of the agent is not an http or https address',
      }),
    );
  });

  it('is refused with a pin that is none', () => {
    expect(() => make('https://fleet.example', ['sha256/AAAA'])).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: 'a pin of the agent is not sha256/ and 32 bytes of base64',
      }),
    );
  });
});

it('says what to do where nobody vouches for the key of the server', async () => {
  const server = await ReportServer.listen(() => OK, { tls: await makeCertificate() });
  toClose.push(server);
  await fill('one');
  await makeReporter([server.url]).deliver(never);
  expect(log.lines).toMatchObject([
    { level: 'error', sentence: 'Server could not prove itself: nothing was sent to it' },
  ]);
  expect(JSON.stringify(log.lines)).toContain('give it as --pin, or as agent.pins in config.yaml');
});
