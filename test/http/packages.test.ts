/**
 * Packages over HTTP, on a server of a real cluster: what is told before the first byte, what goes out and to whom,
 * what is on record, and that nothing in an order gets anywhere but into config.yaml.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CONNECTION_LIMITS } from '../../src/http/connections.ts';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import type { ReadinessView } from '../../src/services/packages/package-readiness.ts';
import type { BuildView } from '../../src/services/packages/package-records.ts';
import { UNDER_WAY_MS } from '../../src/services/packages/packages-under-way.ts';
import { makeFolder } from '../fakes/folder.ts';
import { makeSegment } from '../fakes/segment.ts';
import { findSecrets } from '../rehearsal/secret-search.ts';
import { unpack } from '../rehearsal/unpacked-package.ts';
import { eventually } from '../scenario/eventually.ts';
import type { Problem } from '../scenario/fleet-client.ts';
import { LiveCluster } from '../scenario/live-cluster.ts';
import { PackageStand } from './package-stand.ts';

const WAIT_MS = 60_000;
const NODE = '/api/fleet/build-cluster-package';
const ALONE = '/api/fleet/build-standalone-package';
const AGENT = '/api/fleet/build-agent-package';
const RECORDS = '/api/fleet/packages';

let stand: PackageStand;
beforeAll(async () => {
  stand = await PackageStand.start();
});
afterAll(() => stand?.stop());

interface Page {
  readonly items: readonly BuildView[];
}
interface AuditItems {
  readonly items: readonly { action: string; outcome: string; subject: string }[];
}

const newest = async () => (await stand.client.get<Page>(`${RECORDS}?limit=1`)).items[0] as BuildView;
const audited = async () =>
  (await stand.client.get<AuditItems>('/api/fleet/audit?kind=package')).items.map(
    ({ action, outcome }) => `${action} ${outcome}`,
  );

async function built(path: string, order: object = {}): Promise<Buffer> {
  const answer = await stand.post(path, order);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(answer.status, bytes.toString('latin1').slice(0, 400)).toBe(200);
  return bytes;
}

/** Over the network, with a token; the answer as it begins. */
async function ordered(token: string, path: string, order: object = {}): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const asking = request({
    host: '127.0.0.1',
    port: stand.port,
    path,
    method: 'POST',
    headers,
    rejectUnauthorized: false,
  });
  asking.end(JSON.stringify(order));
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  asking.on('error', () => undefined); // when a test hangs up
  return answer;
}

async function tokenOf(scope: string): Promise<string> {
  const name = randomBytes(4).toString('hex');
  const answer = await stand.post('/api/fleet/tokens', { name, scopes: [scope] });
  return ((await answer.json()) as { token: string }).token;
}

/** All that is in a package, as files below this folder. */
async function unpacked(bytes: Buffer): Promise<string> {
  const folder = await makeFolder();
  unpack(bytes, folder);
  return folder;
}

const SERVER_CONFIG = 'payload/Library/FleetServer/config.yaml';
/** In which files each of these secrets lies, however it is spelt. */
const holders = (folder: string, secrets = stand.secrets) => [
  ...new Set(findSecrets(secrets, folder).map((hit) => hit.slice(hit.lastIndexOf(': ') + 2))),
];

describe('packages of two nodes', () => {
  it('differ in the name of the node, and in what is computed of the file that it stands in', async () => {
    const folders = await Promise.all(
      ['server-07', 'server-08'].map(async (node_name) => unpacked(await built(NODE, { node_name }))),
    );
    const [one = '', other = ''] = folders;
    const differing = readdirSync(one, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(one, join(parentPath, name)))
      .filter((path) => !readFileSync(join(one, path)).equals(readFileSync(join(other, path))));
    expect(differing.sort()).toEqual(['archive/fleet-server.pkg/Bom', SERVER_CONFIG, 'toc.xml']);
    const [text, otherText] = folders.map((folder) => readFileSync(join(folder, SERVER_CONFIG), 'utf8'));
    expect(text?.replace('node_id: "server-07"', 'node_id: "server-08"')).toBe(otherText);
  });
});

describe('readiness', () => {
  it('passes with what is only said, and names the contents of both ways, and no value', async () => {
    const view = await stand.client.get<ReadinessView>(`${RECORDS}/readiness?kind=cluster-node`);
    const said = view.checks.filter(({ result }) => result !== 'pass').map(({ code }) => code);
    expect([view.ready, said]).toEqual([true, ['redis_tls']]);
    const [embedded, ticket] = view.contents.map(({ items }) => items.map(({ name }) => name));
    expect(embedded).toEqual(
      expect.arrayContaining([
        'cluster_secret',
        'redis_password',
        'api_key',
        'encryption_key',
        'db_encryption_key',
        'database_url',
        'cluster_id',
        'roster_pins',
        'program',
      ]),
    );
    expect(ticket).toContain('join_ticket');
    expect(ticket).not.toContain('cluster_secret');
    const text = JSON.stringify(view);
    for (const secret of Object.values(stand.secrets)) expect(text).not.toContain(secret);
  });

  it.each([
    ['kind=cluster-node&redis_host=127.0.0.1', ['registry_address']],
    ['kind=cluster-node&node_name=SERVER-01', ['node_name']],
    ['kind=cluster-node&node_name=server-02&redis_host=redis.example.com&credentials=ticket', []],
    ['kind=agent&servers=https://a.example&servers=https://127.0.0.1:8768', ['server_address']],
    ['kind=agent&servers=https://a.example', []],
    ['kind=agent&servers=https://LOCALHOST.:8768', ['server_address']],
    ['kind=agent&servers=https://me.localhost', ['server_address']],
    ['kind=cluster-node&redis_host=ip6-localhost', ['registry_address']],
  ])('judges what is going to be ordered: ?%s', async (query, failing) => {
    const view = await stand.client.get<ReadinessView>(`${RECORDS}/readiness?${query}`);
    const failed = view.checks.filter(({ result }) => result === 'fail').map(({ code }) => code);
    expect([view.ready, failed]).toEqual([failing.length === 0, failing]);
  });

  it('warns of an agent that this server would call late by its order', async () => {
    const view = await stand.client.get<ReadinessView>(
      `${RECORDS}/readiness?kind=agent&servers=https://a.example&interval_seconds=60`,
    );
    expect(view.checks).toContainEqual(expect.objectContaining({ code: 'agent_interval', result: 'warn' }));
    expect([view.ready, view.defaults.interval_seconds]).toEqual([true, 10]);
  });

  it.each([
    'kind=everything',
    '',
    'kind=agent&architecture=ppc',
    'kind=agent&x=1',
    'kind=agent&servers=ftp://a.example',
    'kind=cluster-node&node_name=a%20b',
    'kind=cluster-node&redis_host=$(id)',
    'kind=agent&interval_seconds=3601',
    'kind=agent&interval_seconds=10&interval_seconds=20',
  ])('refuses ?%s', async (query) => {
    expect((await stand.client.ask(`${RECORDS}/readiness?${query}`)).status).toBe(400);
  });
});

it('no answer takes as long as a package may be under way, after which its ticket is ended', () => {
  expect(CONNECTION_LIMITS.answerMs).toBeLessThan(UNDER_WAY_MS);
});

describe('a package that is built', () => {
  it('is in the audit log before its first byte, and on record with what went out', async () => {
    const before = await audited();
    const answer = await ordered(await tokenOf('packages:build'), NODE, { package_name: 'Attic.pkg' });
    expect(await audited()).toEqual(['package.built done', ...before]);
    const { headers, statusCode } = answer;
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="Attic.pkg"',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const bytes = Buffer.concat(await answer.toArray());
    expect(bytes.byteLength).toBe(Number(headers['content-length']));
    const record = await eventually('it is on record as whole', WAIT_MS, async () => {
      const one = await stand.client.get<BuildView>(`${RECORDS}/${headers['x-atlas-package']}`);
      return one.state === 'ready' && one;
    });
    expect(record).toMatchObject({
      file_name: 'Attic.pkg',
      size_bytes: bytes.byteLength,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      node_id: 'server-01',
      ticket: null,
      joined: [],
    });
  });

  it('holds what a server needs, readable by root alone', async () => {
    const order = { node_name: 'server-04', port: 9000, redis_host: 'redis.example.com' };
    const folder = await unpacked(await built(NODE, order));
    const config = join(folder, SERVER_CONFIG);
    expect(statSync(config).mode & 0o777).toBe(0o600);
    const text = readFileSync(config, 'utf8');
    for (const secret of Object.values(stand.secrets)) expect(text).toContain(secret);
    expect(text).toMatch(/node_id: "?server-04"?\n/);
    expect(text).toMatch(/redis_host: "?redis.example.com"?\n/);
    expect(text).toContain('port: 9000');
    expect(text).toMatch(/ca_file: "?\/Library\/FleetServer\/data\/[a-z_-]+\.pem"?\n/);
    expect(readdirSync(join(folder, 'payload/Library/FleetServer/package-files'))).toHaveLength(1);
    // There alone: not in a script, not in the list of contents.
    expect(holders(folder)).toEqual([SERVER_CONFIG]);
  });

  it('of the same order is the same file, byte for byte', async () => {
    const order = { node_name: 'server-05', architecture: 'arm64' };
    const [first, second] = [await built(NODE, order), await built(NODE, order)];
    expect(second.equals(first)).toBe(true);
  });

  it('with a ticket holds none of the secrets, in no spelling', async () => {
    const folder = await unpacked(await built(NODE, { credentials: 'ticket', ticket_life_seconds: 600 }));
    expect(readFileSync(join(folder, SERVER_CONFIG), 'utf8')).toContain(
      'join_ticket: "atlas-fleet-ticket.v1.',
    );
    expect(holders(folder)).toEqual([]);
    const record = await newest();
    expect(record.ticket?.state).toBe('open');
    expect((await stand.post(`${RECORDS}/${record.build_id}/revoke`, {})).status).toBe(204);
    expect((await newest()).ticket?.state).toBe('revoked');
    expect((await audited())[0]).toBe('package.revoked done');
  });

  it('of a server of its own holds no secret of this one', async () => {
    expect(holders(await unpacked(await built(ALONE)))).toEqual([]);
    expect((await newest()).credentials).toBe('none');
  });

  it('of an agent knows the servers by their keys, and holds its own two secrets alone', async () => {
    const folder = await unpacked(await built(AGENT, { servers: ['https://fleet.example.com:8768'] }));
    const config = 'payload/Library/FleetAgent/config.yaml';
    const text = readFileSync(join(folder, config), 'utf8');
    expect(text).toContain('https://fleet.example.com:8768');
    expect(text).toMatch(/pins: \["[A-Za-z0-9+/=]{44}"\]/);
    const { api_key, encryption_key, ...others } = stand.secrets;
    for (const secret of [api_key, encryption_key]) expect(text).toContain(secret);
    expect([holders(folder), holders(folder, others)]).toEqual([[config], []]);
  });

  it('cannot be revoked where the secrets themselves are inside, and it is said what helps', async () => {
    await built(NODE);
    const { build_id } = await newest();
    const answer = await stand.post(`${RECORDS}/${build_id}/revoke`, {});
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      code: 'package_not_revocable',
      hint: expect.stringContaining('cluster security --leaks'),
    });
    expect((await stand.post(`${RECORDS}/nothing/revoke`, {})).status).toBe(404);
  });
});

it('the description of the API says by which header a package is found again, and what is refused', async () => {
  const { paths } = await stand.client.get<{ paths: Record<string, object> }>('/api/openapi.json');
  for (const path of [NODE, ALONE, AGENT]) {
    const text = JSON.stringify(paths[path]);
    for (const word of ['X-Atlas-Package', 'package_not_ready', 'packages_busy'])
      expect(text).toContain(word);
  }
});

describe('who may not', () => {
  it('a token that only reads gets nothing, and no HEAD builds one', async () => {
    const reader = await tokenOf('read');
    for (const path of [NODE, ALONE, AGENT]) {
      const answer = await ordered(reader, path);
      expect(answer.statusCode, path).toBe(403);
      answer.resume();
    }
    const before = (await newest()).build_id;
    expect((await stand.client.ask(NODE, { method: 'HEAD' })).status).toBeGreaterThanOrEqual(404);
    expect((await newest()).build_id).toBe(before);
  });
});

describe('a reader', () => {
  const BIG_BYTES = 24 * 1024 * 1024;
  /** Bytes that may be on their way to a reader who does not read: sockets on both sides, and some chunks. */
  const ON_THE_WAY_MAX_BYTES = 16 * 1024 * 1024;

  /** Packs something that no compression makes smaller; says how much of it was read. */
  async function packBig(): Promise<{ pulled: number }> {
    const segment = await makeSegment(sourceOfBytes(randomBytes(BIG_BYTES)));
    const seen = { pulled: 0 };
    const { size } = segment.deflated;
    const read = async function* () {
      seen.pulled = 0;
      for await (const chunk of segment.deflated.read()) {
        seen.pulled += chunk.byteLength;
        yield chunk;
      }
    };
    const { files } = stand.program;
    stand.program.files = async (...asked) => [
      ...(await files.apply(stand.program, asked)),
      { path: 'app/big.bin', mode: 0o644, content: [{ ...segment, deflated: { size, read } }] },
    ];
    onTestFinished(() => {
      stand.program.files = files;
    });
    return seen;
  }

  it('who goes away in the middle leaves nothing behind but a record that says so', async () => {
    await packBig();
    const answer = await ordered(await tokenOf('packages:build'), NODE, { credentials: 'ticket' });
    await once(answer, 'readable');
    answer.destroy();
    const record = await eventually('it is on record as failed', WAIT_MS, async () => {
      const one = await newest();
      return one.state === 'failed' && one;
    });
    expect(record).toMatchObject({ size_bytes: null, sha256: null });
    await eventually(
      'its ticket admits nobody',
      WAIT_MS,
      async () => (await newest()).ticket?.state === 'revoked',
    );
    await eventually(
      'the audit log says it',
      WAIT_MS,
      async () => (await audited())[0] === 'package.built failed',
    );
  });

  it('who does not read holds no more of it than what is on its way', async () => {
    const seen = await packBig();
    const answer = await ordered(await tokenOf('packages:build'), NODE);
    let before = -1;
    await eventually('no more is read', WAIT_MS, () => {
      const isStill = seen.pulled === before;
      before = seen.pulled;
      return isStill;
    });
    expect(seen.pulled).toBeLessThan(ON_THE_WAY_MAX_BYTES);
    expect((await newest()).state).toBe('building');
    const bytes = Buffer.concat(await answer.toArray());
    expect(bytes.byteLength).toBe(Number(answer.headers['content-length']));
    await eventually('it is on record as whole', WAIT_MS, async () => (await newest()).state === 'ready');
  });
});

const HOSTILE_NAMES = [
  '../../etc/cron.d/x.pkg',
  'a/b.pkg',
  'a\\b.pkg',
  '.hidden.pkg',
  '-rf.pkg',
  'a.pkg\0.txt',
  'a\r\nSet-Cookie: x=1;.pkg',
  'a"; filename="b.pkg',
  "a'$(id)`id`;.pkg",
  'a\u202egkp.pkg',
  `${'a'.repeat(4096)}.pkg`,
  'a.dmg',
  '',
];
const HOSTILE = [
  '../x',
  'a b',
  'a\0b',
  'a\nb',
  '"',
  "'",
  '$(id)',
  '`id`',
  ';id',
  'a'.repeat(4096),
  '',
  7,
  null,
  {},
  [],
];

describe('an order', () => {
  const common = {
    package_name: [...HOSTILE_NAMES, 7, null],
    architecture: HOSTILE,
    sign: ['yes', 1, null],
    note: ['a\0b', 'a\nb', '\u2028', '\ud800', 'a'.repeat(4096), '', 7, null],
    surprise: [1],
  };
  const port = [0, 65_536, -1, 1.5, '8768', null, 1e99];
  const orders: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
    [NODE]: {
      ...common,
      port,
      credentials: HOSTILE,
      node_name: HOSTILE,
      redis_host: HOSTILE,
      redis_port: port,
      ticket_life_seconds: [0, 59, 2_592_001, '60', null],
      existing_config: HOSTILE,
    },
    [ALONE]: { ...common, port },
    [AGENT]: {
      ...common,
      interval_seconds: [0, 3601, '10', null],
      servers: [
        [],
        'https://a.example',
        ['a'],
        ['ftp://a.example'],
        ['javascript:alert(1)'],
        ['https://user:password@a.example'],
        ['https://a.example\n'],
        [' https://a.example'],
        ['https://%61.example'],
        ["https://a'b.example"],
        ['https://exämple.com'],
        ['https://[::g]'],
        ['https://a.example:99999'],
        ['https:a.example'],
        ['https://a.example/$(id)'],
        ['https://a.example/"; id'],
        ['https://a.example?x'],
        [`https://${'a'.repeat(600)}.example`],
        Array.from({ length: 17 }, () => 'https://a.example'),
        [7],
      ],
    },
  };
  const cases = Object.entries(orders).flatMap(([path, fields]) =>
    Object.keys(fields).map((field) => [path, field] as const),
  );

  it.each(cases)(
    '%s with something else in %s than it may hold is refused, and nothing is built',
    async (path, field) => {
      const before = (await newest()).build_id;
      const good = path === AGENT && field !== 'servers' ? { servers: ['https://a.example'] } : {};
      for (const value of orders[path]?.[field] ?? []) {
        const answer = await stand.post(path, { ...good, [field]: value });
        const problem = (await answer.json()) as Problem;
        expect([answer.status, problem.code], JSON.stringify(value)).toEqual([400, 'bad_request']);
      }
      expect((await newest()).build_id).toBe(before);
    },
  );

  it('may have any words in its note, which stay words', async () => {
    const note = `"'$(id)\`id\`; <script>alert(1)</script> \\ % 日本`;
    const bytes = await built(ALONE, { note });
    expect((await newest()).note).toBe(note);
    expect(holders(await unpacked(bytes), { note })).toEqual([]);
  });
});

describe('refused, with the mend', () => {
  async function refusal(
    cluster: LiveCluster,
  ): Promise<Problem & { errors: { pointer: string; message: string }[] }> {
    const [server] = cluster.servers;
    const answer = await server?.client.ask(NODE, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer?.status).toBe(409);
    return (await answer?.json()) as never;
  }

  it.each([
    ['cluster mode off', { 'cluster.enabled': false }, 'Cluster mode is off', 'cluster.enabled: true'],
    [
      'no cluster_secret',
      { 'cluster.cluster_secret': undefined },
      'no cluster_secret',
      'atlas-fleet secret generate',
    ],
  ])('with %s', async (_, values, sentence, mend) => {
    const cluster = await LiveCluster.start({ servers: 1, values: values as object });
    onTestFinished(() => cluster.stop());
    const problem = await refusal(cluster);
    expect(problem.code).toBe('package_not_ready');
    expect(problem.detail).toContain(sentence);
    expect(problem.hint).toContain(mend);
  });

  it('during a rotation', async () => {
    const cluster = await LiveCluster.start({ servers: 2, timeoutSeconds: 60 });
    onTestFinished(() => cluster.stop());
    const [first, second] = cluster.servers;
    await second?.process.kill(); // alive for the others until its timeout, and waited for
    const begun = await first?.client.ask('/api/fleet/cluster/rotation', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"mode":"routine"}',
    });
    expect(begun?.status).toBe(202);
    const { code, errors } = await refusal(cluster);
    expect(code).toBe('package_not_ready');
    expect(errors).toContainEqual({
      pointer: '/checks/rotation',
      message: expect.stringContaining('Wait until the rotation is over'),
    });
  });
});
