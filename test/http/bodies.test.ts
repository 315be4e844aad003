/**
 * What a body, a head and an address may be, over real sockets: what is too large is refused by its limit, before
 * it has arrived, and the connection ends where more might come.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { REPORT_MAX_BYTES } from '../../src/protocol/limits.ts';
import { API_KEY, type OpenDoor, openDoor } from './open-door.ts';
import { RudeClient } from './rude-client.ts';

const SMALL = 64 * 1024;

let door: OpenDoor;
const clients: RudeClient[] = [];

beforeAll(async () => {
  door = await openDoor();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.leave();
});
afterAll(() => door.app.close());

/** The whole answer, which comes though the client goes on holding its side open. */
async function exchange(...parts: (string | Uint8Array)[]): Promise<string> {
  const client = await RudeClient.connect(door.port);
  clients.push(client);
  for (const part of parts) client.send(part);
  return client.read();
}

const head = (line: string, ...headers: string[]) =>
  `${[`${line} HTTP/1.1`, 'host: x', ...headers].join('\r\n')}\r\n\r\n`;
const JSON_TYPE = 'content-type: application/json';
const KEY = `x-api-key: ${API_KEY}`;
const CHUNKED = 'transfer-encoding: chunked';
const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

function expectRefusal(answer: string, status: string, code: string, detail: string): void {
  expect(answer.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`);
  expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
  expect(answer.toLowerCase()).toContain('content-type: application/problem+json; charset=utf-8\r\n');
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ code, detail });
}

const tooLarge = (answer: string, limit: number) =>
  expectRefusal(
    answer,
    '413 Payload Too Large',
    'body_too_large',
    `A body at this address has at most ${limit} bytes.`,
  );

describe('a body that says it is too large is refused before a byte of it came', () => {
  it.each<[string, string, string[], number]>([
    ['at a form', 'POST /api/fleet/login', [JSON_TYPE], SMALL],
    ['at a form, without a type', 'POST /api/fleet/login', [], SMALL],
    ['of a report', 'POST /api/fleet/report', [JSON_TYPE, KEY], REPORT_MAX_BYTES],
    ['where nothing is', 'POST /api/nothing', [JSON_TYPE], SMALL],
    ['where no body belongs', 'GET /livez', [], SMALL],
    ['with a method that is not taken', 'PUT /livez', [JSON_TYPE], SMALL],
  ])('%s', async (_, line, headers, limit) => {
    tooLarge(await exchange(head(line, ...headers, `content-length: ${limit + 1}`)), limit);
    tooLarge(await exchange(head(line, ...headers, 'content-length: 9007199254740993')), limit);
  });

  it('but not to who may not pass: he learns of his key alone', async () => {
    const answer = await exchange(
      head('POST /api/fleet/report', JSON_TYPE, `content-length: ${REPORT_MAX_BYTES + 1}`),
    );
    expectRefusal(answer, '401 Unauthorized', 'api_key_missing', 'The API key is missing.');
  });
});

describe('a body in chunks is refused as soon as it is too large', () => {
  it.each<[string, string, string[], number]>([
    ['at a form', 'POST /api/fleet/login', [JSON_TYPE], SMALL],
    ['of a report', 'POST /api/fleet/report', [JSON_TYPE, KEY], REPORT_MAX_BYTES],
  ])('%s', async (_, line, headers, limit) => {
    tooLarge(await exchange(head(line, ...headers, CHUNKED), chunk(limit), chunk(1)), limit);
  });

  it('and where none belongs, the connection ends with the answer', async () => {
    const answer = await exchange(head('GET /livez', CHUNKED), chunk(10));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
  });

  it('and who may not pass is cut off', async () => {
    const answer = await exchange(head('POST /api/fleet/report', JSON_TYPE, CHUNKED), chunk(10));
    expectRefusal(answer, '401 Unauthorized', 'api_key_missing', 'The API key is missing.');
  });
});

describe('a body of just the limit is read', () => {
  it.each([
    ['with its length', [`content-length: ${REPORT_MAX_BYTES}`], 'x'.repeat(REPORT_MAX_BYTES)],
    ['in chunks', [CHUNKED], `${chunk(REPORT_MAX_BYTES)}0\r\n\r\n`],
  ])('%s', async (_, headers, body) => {
    const line = head('POST /api/fleet/report', JSON_TYPE, KEY, 'connection: close', ...headers);
    expect(await exchange(line, body)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

describe('a compressed body', () => {
  const bytes = gzipSync('{}');
  const length = `content-length: ${bytes.length}`;
  const inChunks = Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
  it.each([
    ['gzip', ['content-encoding: gzip', length], bytes],
    ['br', ['content-encoding: BR', length], bytes],
    ['identity and gzip', ['content-encoding: identity, gzip', length], bytes],
    ['gzip in transfer', ['transfer-encoding: gzip, chunked'], inChunks],
  ])('is refused, with what to do: %s', async (_, headers, body) => {
    const line = head('POST /api/fleet/report', JSON_TYPE, KEY, 'connection: close', ...headers);
    const answer = await exchange(line, body);
    const said = 'A body is taken as it is, not compressed.';
    expectRefusal(answer, '415 Unsupported Media Type', 'unsupported_media_type', said);
    expect(answer).toContain('"hint":"Send it without Content-Encoding."');
  });
});

describe('who asks before he sends his body', () => {
  const ASKS = 'expect: 100-continue';
  const report = (...headers: string[]) => head('POST /api/fleet/report', JSON_TYPE, ASKS, ...headers);

  it('is refused without being told to go on, when it is too large', async () => {
    tooLarge(await exchange(report(KEY, `content-length: ${REPORT_MAX_BYTES + 1}`)), REPORT_MAX_BYTES);
  });

  it('or when he may not pass; the connection ends, for the body may or may not come', async () => {
    const answer = await exchange(report('content-length: 2'));
    expectRefusal(answer, '401 Unauthorized', 'api_key_missing', 'The API key is missing.');
  });

  it.each([
    ['with its length', 'content-length: 2', '{}'],
    ['in chunks', CHUNKED, '2\r\n{}\r\n0\r\n\r\n'],
  ])('is told to go on once, and his body is taken: %s', async (_, header, body) => {
    const client = await RudeClient.connect(door.port);
    clients.push(client);
    client.send(report(KEY, header, 'connection: close'));
    expect(await client.readUntil('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.send(body);
    expect(await client.read()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

describe('a head that is too large', () => {
  it.each([
    ['in one header', head('GET /livez', `x-long: ${'a'.repeat(17_000)}`)],
    ['in many', head('GET /livez', ...Array.from({ length: 900 }, (_, at) => `x-${at}: ${'a'.repeat(20)}`))],
    ['in its address', head(`GET /${'a'.repeat(17_000)}`)],
  ])('%s is refused by its limit', async (_, request) => {
    const said = 'The head of a request has at most 16384 bytes.';
    expectRefusal(await exchange(request), '431 Head too large', 'head_too_large', said);
  });

  it('in its address alone is refused by that limit', async () => {
    const said = 'An address has at most 4096 characters, and a name in it 256.';
    for (const path of [`/livez?${'a'.repeat(4091)}`, `/api/fleet/machines/${'a'.repeat(257)}`]) {
      const answer = await exchange(head(`GET ${path}`, 'connection: close'));
      expectRefusal(answer, '414 URI Too Long', 'address_too_long', said);
    }
    const fits = await exchange(head(`GET /livez?${'a'.repeat(4089)}`, 'connection: close'));
    expect(fits).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});
