/**
 * Where agents report, over real HTTP: who has no key stays outside, what is not sealed stays outside, and a
 * sealed report of which any one byte was changed is refused in the same words whatever the byte was.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { REPORT_MAX_BYTES } from '../../src/protocol/limits.ts';
import { NONCE_BYTES, sealReport } from '../../src/protocol/report-envelope.ts';
import { makeReport } from '../fakes/report.ts';
import { LiveCluster } from '../scenario/live-cluster.ts';
import { expectProblem } from './problem-answer.ts';

/** Requests under way at a time. */
const LANES = 8;

let cluster: LiveCluster;
let url: string;
let key: Secret;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 1 });
  url = `${cluster.servers[0]?.url}/api/fleet/report`;
  key = new Secret(Buffer.from(cluster.secrets.encryptionKey, 'base64'));
});

afterAll(() => cluster?.stop());

function send(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  const apiKey: Record<string, string> = { 'x-api-key': cluster.secrets.apiKey };
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...apiKey, ...headers },
    body: typeof body === 'string' ? body : Buffer.from(body),
  });
}

const seal = (report: unknown = makeReport({ atMs: Date.now() }), under = key) =>
  sealReport(report, under, randomBytes(NONCE_BYTES));

describe('the API key', () => {
  it('that is missing is 401, whatever else was sent', async () => {
    for (const body of [Buffer.from(seal()).toString(), '{', JSON.stringify(makeReport())]) {
      const answer = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      await expectProblem(answer, 401, 'api_key_missing', 'The API key is missing.');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="atlas-fleet"');
    }
  });

  it('that is wrong by one character, its case, its length or its kind is 401', async () => {
    const { apiKey } = cluster.secrets;
    const wrong = [
      apiKey.replace(/^./, (char) => (char === 'A' ? 'B' : 'A')),
      apiKey.toLowerCase(),
      apiKey.slice(0, -1),
      `${apiKey}A`,
      `${apiKey}, ${apiKey}`,
      cluster.token,
      cluster.secrets.encryptionKey,
    ];
    for (const given of wrong) {
      await expectProblem(
        await send(seal(), { 'x-api-key': given }),
        401,
        'api_key_wrong',
        'The API key is wrong.',
      );
    }
  });

  it('that is right lets a sealed report in, and the answer is the one that agents know', async () => {
    const body = seal();
    const first = await send(body);
    expect(first.status).toBe(200);
    const node_id = cluster.servers[0]?.name;
    expect(await first.json()).toEqual({ status: 'ok', e2ee_verified: true, stored: true, node_id });
    const again = await send(body);
    expect(await again.json()).toEqual({ status: 'ok', e2ee_verified: true, stored: false, node_id });
  });

  it('opens no other door', async () => {
    const answer = await fetch(`${cluster.servers[0]?.url}/api/fleet/machines`, {
      headers: { 'x-api-key': cluster.secrets.apiKey, authorization: `Bearer ${cluster.secrets.apiKey}` },
    });
    await expectProblem(answer, 401, 'token_unknown');
  });
});

describe('a body', () => {
  it('in clear is refused, with what to do', async () => {
    const answer = await send(JSON.stringify(makeReport()));
    const problem = await expectProblem(
      answer,
      400,
      'report_plain',
      'This server accepts encrypted reports only.',
    );
    expect(problem.hint).toBe('Give the agent the encryption_key of this server.');
  });

  it.each([
    ['not JSON', () => '{'],
    ['empty', () => ''],
    ['a report sealed under another key', () => seal(undefined, new Secret(randomBytes(32)))],
    ['a sealing of something else', () => seal({ machine_id: 'x' })],
    ['an envelope of another version', () => Buffer.from(seal()).toString().replace('"1"', '"2"')],
    ['an envelope with a member more', () => Buffer.from(seal()).toString().replace('{', '{"a":1,')],
  ])('that is %s is refused in the one text', async (_, body) => {
    await expectProblem(await send(body()), 400, 'report_refused', 'The report was refused.');
  });

  it('that is not there at all is refused in the same text', async () => {
    const answer = await fetch(url, { method: 'POST', headers: { 'x-api-key': cluster.secrets.apiKey } });
    await expectProblem(answer, 400, 'report_refused', 'The report was refused.');
  });

  it('of another media type is 415, and one beyond the limit 413', async () => {
    await expectProblem(
      await send(seal(), { 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
      'Send application/json.',
    );
    await expectProblem(await send(Buffer.alloc(REPORT_MAX_BYTES + 1, 'x')), 413, 'body_too_large');
  });
});

describe('a valid report with one byte changed', () => {
  it('is refused with one text, at every position', { timeout: 600_000 }, async () => {
    const body = Buffer.from(seal());
    const changes = [...body].flatMap((byte, at) => valuesFor(byte).map((value) => ({ at, value })));
    const answers = new Map<string, number>();
    const lane = async () => {
      for (let change = changes.pop(); change !== undefined; change = changes.pop()) {
        const mutant = Buffer.from(body);
        mutant[change.at] = change.value;
        const answer = await send(mutant);
        const { instance, request_id, ...said } = (await answer.json()) as Record<string, unknown>;
        const text = `${answer.status} ${JSON.stringify(said)}`;
        answers.set(text, (answers.get(text) ?? 0) + 1);
      }
    };
    const count = changes.length;
    await Promise.all(Array.from({ length: LANES }, lane));
    expect([...answers]).toEqual([
      [
        '400 {"type":"urn:atlas-fleet:problem:report_refused","title":"Bad request","status":400,"detail":"The report was refused.","code":"report_refused"}',
        count,
      ],
    ]);
    expect(count).toBeGreaterThan(3 * 1000);
    // The report itself was never taken: unchanged, it is news.
    expect(await (await send(body)).json()).toMatchObject({ status: 'ok', stored: true });
  });

  /** Its lowest and its highest bit turned, and a character of the same alphabet where it has one. */
  function valuesFor(byte: number): number[] {
    const neighbour = byte === 0x41 ? 0x42 : 0x41;
    return [...new Set([byte ^ 0x01, byte ^ 0x80, neighbour])];
  }
});
