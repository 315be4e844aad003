/**
 * What a connection may cost, against clients that keep to no rule, over real sockets: each of them is rid of
 * after its bound, none of them takes the server down or keeps it from ending.
 */
import type { ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import type { ConnectionLimits } from '../../src/http/connections.ts';
import { PIECE_BYTES } from '../../src/http/pieces.ts';
import { eventually } from '../scenario/eventually.ts';
import { API_KEY, ASSET_BYTES, type DoorPlan, type OpenDoor, openDoor } from './open-door.ts';
import { get, RudeClient } from './rude-client.ts';

const SOON_MS = 60_000;
/** Milliseconds in which a server ends that waits for nobody: less than any bound of those who keep it waiting. */
const ENDED_MS = 30_000;
/** Nobody is too slow, on whatever machine. */
const PATIENT = { handshakeMs: 300_000, headMs: 300_000, requestMs: 300_000, silenceMs: 300_000 };
const BIG = '/assets/big.js';
const PLAINLY = { headers: { 'accept-encoding': 'identity' } };
const REPORT = `POST /api/fleet/report HTTP/1.1\r\nhost: x\r\nx-api-key: ${API_KEY}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;

let door: OpenDoor;
const clients: RudeClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.leave();
  await door.app.close();
});

async function open(limits: Partial<ConnectionLimits> = {}, plan: DoorPlan = {}): Promise<void> {
  door = await openDoor(limits, plan);
}

async function client(): Promise<RudeClient> {
  const one = await RudeClient.connect(door.port);
  clients.push(one);
  return one;
}

const fetchFrom = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${door.port}${path}`, init);
const isRidOfAll = () =>
  eventually('no socket is left', SOON_MS, async () => (await door.connections()) === 0);
const closesInTime = async () => {
  const since = performance.now();
  await door.app.close();
  expect(performance.now() - since).toBeLessThan(ENDED_MS);
};

describe('requests of one connection that are not answered', () => {
  it('are as many as are answered in order, and no more: a thousand at once are the end of it', async () => {
    await open();
    const polite = await client();
    polite.send(
      get('/livez').repeat(15) + get('/livez').replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
    );
    expect((await polite.read()).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(16);
    polite.leave();

    (await client()).send(get(BIG).repeat(1100));
    await isRidOfAll();
    expect((await fetchFrom('/livez', { headers: { connection: 'close' } })).status).toBe(200);
  });

  it('that nobody reads end when nothing moved for the bound', async () => {
    await open({ silenceMs: 200 });
    (await client()).send(get(BIG).repeat(3));
    await isRidOfAll();
  });
});

describe('slow clients', () => {
  it('that read a byte now and then end, though they are never silent', async () => {
    await open({ answerMs: 300, silenceMs: 20_000 });
    (await client()).send(get(BIG)).trickle(20);
    await isRidOfAll();
  });

  it('have as long to read an answer as fits its length, and no longer', async () => {
    await open({ readMs: 1, readBytesPerSecond: 1024 });
    expect((await (await fetchFrom(BIG, PLAINLY)).arrayBuffer()).byteLength).toBe(ASSET_BYTES);
    await door.app.close();
    await open({ ...PATIENT, readMs: 300, readBytesPerSecond: ASSET_BYTES * 1000 });
    (await client()).send(get(BIG)).trickle(20);
    await isRidOfAll();
  });

  it('that never read hold a piece or two of each answer, not all of it', async () => {
    await open(PATIENT);
    const answers: ServerResponse[] = [];
    door.app.server.on('request', (_, answer: ServerResponse) => answers.push(answer));
    (await client()).send(get(BIG).repeat(8));
    await eventually(
      'all are under way',
      SOON_MS,
      () => answers.filter((one) => one.headersSent).length === 8,
    );
    expect(answers.at(-1)?.writableFinished).toBe(false);
    for (const { writableLength } of answers) expect(writableLength).toBeLessThanOrEqual(2 * PIECE_BYTES);
  });

  it('do not keep others waiting', async () => {
    await open({ ...PATIENT, closeMs: 100 });
    const body = 'POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n';
    for (let each = 0; each < 25; each += 1) {
      await client();
      (await client()).send('GET / HTTP/1.1\r\nhost: x\r\nx-slow: ').drip('x', 20);
      (await client()).send(body).drip('x', 20);
      (await client()).send(get(BIG)).trickle(20);
    }
    for (let each = 0; each < 20; each += 1) {
      expect((await fetchFrom('/livez', { headers: { connection: 'close' } })).status).toBe(200);
    }
    expect(await door.connections()).toBeGreaterThanOrEqual(100);
  });
});

describe('connections', () => {
  it('are no more than the bound', async () => {
    await open({ connections: 2 });
    const [first] = [await client(), await client()];
    expect(await (await client()).read()).toBe('');
    first?.leave();
    await eventually('one left', SOON_MS, async () => (await door.connections()) === 1);
    expect((await fetchFrom('/livez')).status).toBe(200);
  });

  it.each([
    ['a head', 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: '],
    ['a body', 'POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\n'],
  ])('of %s that never ends are told so with 408', async (_, start) => {
    await open({ headMs: 150, requestMs: 150, checkMs: 50 });
    const slow = await client();
    const answer = await slow.send(start).drip('x', 20).read();
    expect(answer).toContain('HTTP/1.1 408 Too slow\r\n');
    expect(answer).toContain('"code":"request_timeout"');
    await isRidOfAll();
  });

  it('of one network are no more than its share, until somebody on them is known', async () => {
    await open({ strangers: 2 });
    for (let agent = 0; agent < 5; agent += 1) {
      expect(await (await client()).send(REPORT).readUntil('"status":"ok"')).toContain('HTTP/1.1 200 OK');
    }
    const [stranger] = [await client(), await client()];
    await eventually('all are there', SOON_MS, async () => (await door.connections()) === 7);
    expect(await (await client()).read()).toBe('');
    stranger?.leave();
    await eventually('one left', SOON_MS, async () => (await door.connections()) === 6);
    expect(await (await client()).send(get('/livez')).readUntil('live')).toContain('HTTP/1.1 200 OK');
  });

  it('are not known by a key that all agents share, when the report was none', async () => {
    const refused = new AtlasError('report_refused', 'The report was refused.');
    await open({ strangers: 1 }, { intake: { take: () => Promise.reject(refused) } });
    expect(await (await client()).send(REPORT).readUntil('"}')).toContain('"code":"report_refused"');
    expect(await (await client()).read()).toBe('');
  });

  it('are known by a report that opened, though the database is away', async () => {
    const away = new AtlasError('store_unavailable', 'The database is away.');
    await open({ strangers: 1 }, { intake: { take: () => Promise.reject(away) } });
    expect(await (await client()).send(REPORT).readUntil('"}')).toContain('"code":"store_unavailable"');
    expect(await (await client()).send(get('/livez')).readUntil('live')).toContain('HTTP/1.1 200 OK');
  });

  it.each([
    ['after', REPORT + get(BIG), 'a'.repeat(PIECE_BYTES)],
    ['before', get(BIG) + REPORT, '"status":"ok"'],
  ])('count again when they ask for what is open to anybody, %s a report', async (_, both, last) => {
    await open({ strangers: 1 });
    expect(await (await client()).send(both).readUntil(last)).toContain('HTTP/1.1 200 OK');
    expect(await (await client()).read()).toBe('');
  });

  it('of an agent get no page while its network holds its share', async () => {
    await open({ strangers: 1 });
    const agent = await client();
    await agent.send(REPORT).readUntil('"status":"ok"');
    await client();
    await eventually('both are there', SOON_MS, async () => (await door.connections()) === 2);
    const refused = await agent.send(get(BIG)).readUntil('"}');
    expect(refused).toContain('One address may hold 1 connections on which nobody is known.');
    expect(await agent.send(REPORT).readUntil('"status":"ok"')).toContain('HTTP/1.1 200 OK');
  });

  it('of a trusted proxy are not counted by it', async () => {
    await open({ strangers: 1 }, { trustedProxies: ['127.0.0.1'] });
    for (let each = 0; each < 5; each += 1) await client();
    expect((await fetchFrom('/livez')).status).toBe(200);
  });

  it('over TLS are known by what comes inside it', async () => {
    await open({ strangers: 1 }, { overTls: true });
    const ask = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json' };
        const options = { rejectUnauthorized: false, headers };
        const asking = request(`https://127.0.0.1:${door.port}${path}`, {
          ...options,
          agent,
          method: 'POST',
        });
        asking.once('response', (answer) => answer.resume().once('end', () => resolve(answer.statusCode)));
        asking.once('error', reject).end('{}');
      });
    const agent = new Agent({ keepAlive: true });
    expect(await ask('/api/fleet/report')).toBe(200); // a connection that stays, and is known
    await client();
    await eventually('both are there', SOON_MS, async () => (await door.connections()) === 2);
    expect(await (await client()).read()).toBe('');
    agent.destroy();
  });

  it('that are nearly too many are not kept for a next request', async () => {
    await open({ connections: 4 });
    const crowd = [await client(), await client(), await client(), await client()];
    await eventually('all are there', SOON_MS, async () => (await door.connections()) === 4);
    expect((await crowd[0]?.send(get('/livez')).read())?.toLowerCase()).toContain('connection: close\r\n');
  });

  it('that say nothing end', async () => {
    await open({ silenceMs: 100 });
    await client();
    await isRidOfAll();
  });
});

describe('pages that listen', () => {
  const listen = (token: string, signal?: AbortSignal) =>
    fetchFrom('/api/fleet/events', {
      headers: { authorization: `Bearer ${token}` },
      ...(signal && { signal }),
    });

  it('behind answers that nobody reads cannot take the server down: they end with too much to say', async () => {
    await open();
    (await client()).send(get(BIG).repeat(8) + get('/api/fleet/events', 'one'));
    await eventually('the connection is ended', SOON_MS, async () => {
      door.changes.note('machines');
      door.changes.note('cluster');
      return (await door.connections()) === 0;
    });
    door.changes.note('machines'); // after its end
    await eventually('it goes on', SOON_MS, async () => (await fetchFrom('/livez')).status === 200);
  });

  it('behind answers that nobody reads do not keep the server from ending', async () => {
    await open({ closeMs: 2 * ENDED_MS });
    (await client()).send(get(BIG).repeat(8) + get('/api/fleet/events', 'one'));
    expect((await fetchFrom('/livez')).status).toBe(200); // until which the page listens
    await closesInTime();
    door.changes.note('machines');
  });

  it('with one token are sixteen, which shuts nobody else out', async () => {
    await open();
    const leave = new AbortController();
    const first = await listen('one', leave.signal);
    const more = await Promise.all(Array.from({ length: 15 }, () => listen('one')));
    expect([first, ...more].map(({ status }) => status)).toEqual(Array(16).fill(200));
    const refused = await listen('one');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'rate_limited' });
    expect((await listen('other')).status).toBe(200);
    leave.abort();
    await eventually('one more may', SOON_MS, async () => (await listen('one')).status === 200);
  });
});

describe('a server that closes', () => {
  it('cuts after its bound what is still under way', async () => {
    await open({ closeMs: 200 });
    (await client()).send(get(BIG).repeat(8));
    (await client()).send('POST /api/fleet/login HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{');
    expect((await fetchFrom('/livez')).status).toBe(200);
    await closesInTime();
  });
});

describe('before a TLS handshake is done', () => {
  const HELLO_BEGUN = Uint8Array.of(0x16, 3, 1, 2, 0);

  it.each([
    ['nothing', ''],
    ['a byte that is no TLS', 'x'],
    ['a plain request', get('/livez')],
    ['a hello without end', HELLO_BEGUN],
    ['a hello that is none', Buffer.concat([HELLO_BEGUN, Buffer.alloc(600, 0xff)])],
  ])('a connection ends after its bound, though the client never hangs up: %s', async (_, bytes) => {
    await open({ handshakeMs: 200 }, { overTls: true });
    const rude = await client();
    if (bytes !== '') rude.send(bytes);
    await isRidOfAll();
  });

  it('a plain request is answered, to who keeps his side open too', async () => {
    await open({}, { overTls: true });
    const answer = await (await client()).send(get('/livez')).read();
    expect(answer).toContain('"hint":"Use https://fleet.example.com"');
    await isRidOfAll();
  });

  it('a connection does not keep the server from ending', async () => {
    await open({ closeMs: 200 }, { overTls: true });
    await client();
    (await client()).send('x');
    (await client()).send(HELLO_BEGUN);
    await eventually('all are there', SOON_MS, async () => (await door.connections()) >= 2);
    await closesInTime();
  });
});

describe('a file of the console', () => {
  it('is sent from memory, for ever, and not again to who has it', async () => {
    await open();
    const answer = await fetchFrom(BIG, PLAINLY);
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await answer.arrayBuffer()).byteLength).toBe(ASSET_BYTES);
    const etag = answer.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await fetchFrom(BIG, { headers: { ...PLAINLY.headers, 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const head = await fetchFrom(BIG, { ...PLAINLY, method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(ASSET_BYTES));
  });

  it.each([
    ['gzip', 'gzip'],
    ['br, GZip;q=0.5', 'gzip'],
    ['gzip;q=0, br', null],
    ['identity', null],
  ])('is compressed for who takes that: %s', async (accepted, coding) => {
    await open();
    const answer = await fetchFrom(BIG, { headers: { 'accept-encoding': accepted } });
    expect(answer.headers.get('content-encoding')).toBe(coding);
    expect(answer.headers.get('vary')).toBe('accept-encoding');
    expect(answer.headers.get('etag')?.endsWith('-gzip"')).toBe(coding === 'gzip');
    expect((await answer.arrayBuffer()).byteLength).toBe(ASSET_BYTES);
  });

  it('and the pages of the API are held like it', async () => {
    await open();
    const page = await fetchFrom('/api/docs/');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const path of ['static/swagger-ui-bundle.js', 'json', 'yaml']) {
      const held = await fetchFrom(`/api/docs/${path}`, PLAINLY);
      expect([held.status, held.headers.get('etag')]).toEqual([200, expect.stringMatching(/^"[\w-]{43}"$/)]);
    }
    expect((await fetchFrom('/api/docs/static/%2fswagger-ui.js')).status).toBe(404);
    expect((await fetchFrom('/api/docs/static/swagger-initializer.js')).status).toBe(200);
    const [one, other] = await Promise.all(
      ['/api/openapi.json', '/api/docs/json'].map((path) => fetchFrom(path)),
    );
    expect(await one?.json()).toEqual(await other?.json());
  });
});
