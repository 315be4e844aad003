/** How often one caller may ask, over real HTTP: each limit names itself, and nobody's share is used up by another. */
import { afterEach, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { API_KEY, type DoorPlan, type OpenDoor, openDoor, WRONG_TOKEN } from './open-door.ts';
import { expectProblem } from './problem-answer.ts';

let door: OpenDoor;
afterEach(() => door.app.close());

const open = async (plan: DoorPlan) => {
  door = await openDoor({}, plan);
};
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`http://127.0.0.1:${door.port}${path}`, { method, headers });
const withToken = (token: string) => ask('/api/fleet/session', { authorization: `Bearer ${token}` });
const report = (key: string, body: string | ReadableStream = '{}') =>
  fetch(`http://127.0.0.1:${door.port}/api/fleet/report`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body,
    ...(typeof body !== 'string' && { duplex: 'half' }),
  });

async function statuses(times: number, once: () => Promise<Response>): Promise<number[]> {
  const all: number[] = [];
  for (let time = 0; time < times; time += 1) all.push((await once()).status);
  return all;
}

/** `burst` and then, for this test, none. */
const only = (burst: number) => ({ burst, perSecond: 0.001 });

describe('what is open to anybody', () => {
  it.each([
    ['a route', '/version', 200],
    ['a page of the console', '/machines', 200],
    ['the description', '/api/openapi.json', 200],
    ['what is not there', '/api/nothing', 404],
    ['what needs a login', '/api/fleet/session', 401],
  ])('%s is answered as often as the limit says, which then names itself', async (_, path, status) => {
    await open({ rates: { open: only(3) } });
    expect(await statuses(3, () => ask(path))).toEqual([status, status, status]);
    const refused = await ask(path);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(900);
    const said = 'One address may send 3 requests without a login at once, then one each 1000 seconds.';
    const problem = await expectProblem(refused, 429, 'rate_limited', said);
    expect(problem.hint).toBe('Wait, then ask less often.');
  });

  it('leaves health alone, and those who are known', async () => {
    await open({ rates: { open: only(1) } });
    expect(await statuses(2, () => ask('/version'))).toEqual([200, 429]);
    expect((await ask('/livez')).status).toBe(200);
    expect((await report(API_KEY)).status).toBe(200);
    expect((await withToken('one')).status).not.toBe(429);
  });
});

describe('keys and tokens that are not good', () => {
  it.each([
    ['keys', () => report('a guess'), 'api_key_wrong'],
    ['tokens', () => withToken(WRONG_TOKEN), 'token_unknown'],
  ])('%s are refused as what they are, then told to wait', async (_, guess, code) => {
    await open({ rates: { wrong: only(2) } });
    await expectProblem(await guess(), 401, code);
    await expectProblem(await guess(), 401, code);
    const said =
      'One address may send 2 wrong keys, tokens and ended sessions at once, then one each 1000 seconds.';
    const problem = await expectProblem(await guess(), 429, 'rate_limited', said);
    expect(problem.hint).toBe('Correct them: a right one is let in at any time.');
  });

  it('keep nobody out who has a right one and comes from the same address', async () => {
    await open({ rates: { wrong: only(1) } });
    await statuses(5, () => report('a guess'));
    expect(await statuses(5, () => report(API_KEY))).toEqual([200, 200, 200, 200, 200]);
    expect((await withToken('one')).status).not.toBe(429);
  });
});

describe('long reports that do not open', () => {
  const KIB = 1024;
  const refused = new AtlasError('report_refused', 'The report was refused.');
  /** Opens what begins with an O. */
  const intake = {
    take: async ([first]: Uint8Array) => {
      if (first !== 'O'.charCodeAt(0)) throw refused;
      return { stored: true };
    },
  };
  const send = (first: 'O' | 'X', kib: number) => report(API_KEY, first.padEnd(kib * KIB, 'x'));

  it('of one address are so many, then sent away before they are read', async () => {
    await open({ intake, rates: { longReports: only(256) } });
    await expectProblem(await send('X', 256), 400, 'report_refused');
    const answer = await send('X', 33);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(30_000);
    const said =
      'One address may send 256 KiB of long reports that cannot be opened at once, then one each 1000 seconds.';
    const problem = await expectProblem(answer, 429, 'rate_limited', said);
    expect(problem.hint).toBe('One of at most 32 KiB is let in at any time.');
  });

  it('keep no agent out behind the same address, whose own are short', async () => {
    await open({ intake, rates: { longReports: only(256) } });
    await statuses(3, () => send('X', 256));
    expect(await statuses(5, () => send('X', 32))).toEqual([400, 400, 400, 400, 400]);
    expect(await statuses(5, () => send('O', 32))).toEqual([200, 200, 200, 200, 200]);
  });

  it('are not those that open, however many', async () => {
    await open({ intake, rates: { longReports: only(256) } });
    expect(await statuses(5, () => send('O', 200))).toEqual([200, 200, 200, 200, 200]);
  });

  it('in chunks, whose length nobody says, count as the longest', async () => {
    await open({ intake, rates: { longReports: only(256) } });
    const chunked = (first: string) => report(API_KEY, new Blob([first]).stream());
    expect(await statuses(2, () => chunked('O'))).toEqual([200, 200]);
    expect(await statuses(2, () => chunked('X'))).toEqual([400, 429]);
  });
});

describe('a session or token', () => {
  it('is limited as itself, and shuts no other out', async () => {
    await open({ rates: { person: only(2) } });
    await statuses(2, () => withToken('one'));
    const said = 'One session or token may send 2 requests at once, then one each 1000 seconds.';
    await expectProblem(await withToken('one'), 429, 'rate_limited', said);
    expect((await withToken('two')).status).not.toBe(429);
  });

  it('pays four times for a list or a chart', async () => {
    await open({ rates: { person: only(7) } });
    const list = () => ask('/api/fleet/machines', { authorization: 'Bearer one' });
    expect((await list()).status).not.toBe(429);
    expect((await list()).status).toBe(429);
    expect((await withToken('one')).status).not.toBe(429);
  });
});

describe('agents', () => {
  it('are not limited by their address: a thousand reports through one are taken', async () => {
    await open({ rates: { open: only(1), person: only(1), wrong: only(1) } });
    const lanes = Array.from({ length: 10 }, () => statuses(100, () => report(API_KEY)));
    expect(new Set((await Promise.all(lanes)).flat())).toEqual(new Set([200]));
  });
});
