/**
 * Every door of the running server: it is described, its description names its guard, the guard stands, and
 * whatever is refused is refused as problem+json with all security headers.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openOffline } from '../../src/node.ts';
import { FakeProgram } from '../fakes/program.ts';
import { LiveCluster, type LiveServer } from '../scenario/live-cluster.ts';
import { expectProblem } from './problem-answer.ts';

const CONSOLE = join(import.meta.dirname, '../../dist/console/index.html');
const HOST_NAME = 'a-name-nobody-may-see.example.com';

let cluster: LiveCluster;
let server: LiveServer;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 1, values: { 'cluster.hostname': HOST_NAME } });
  server = cluster.servers[0] as LiveServer;
});

afterAll(() => cluster?.stop());

type Guard = 'open' | 'agent' | 'read' | 'packages:build' | 'admin';

/** Each route that the server has, and who may pass. A new one is added here by whoever adds it. */
const ROUTES: Readonly<Record<string, Guard>> = {
  'GET /livez': 'open',
  'GET /readyz': 'open',
  'GET /healthz': 'open',
  'GET /version': 'open',
  'GET /api/fleet/cluster/health': 'open',
  'POST /api/fleet/login': 'open',
  'POST /api/fleet/setup': 'open',
  'POST /api/fleet/report': 'agent',
  'GET /api/fleet/events': 'read',
  'GET /api/fleet/machines': 'read',
  'GET /api/fleet/machines/{id}': 'read',
  'GET /api/fleet/machines/{id}/series': 'read',
  'GET /api/fleet/cluster/nodes': 'read',
  'GET /api/fleet/cluster/status': 'read',
  'GET /api/fleet/cluster/security': 'read',
  'GET /api/fleet/cluster/health-check': 'read',
  'GET /api/fleet/cluster/inspect': 'admin',
  'GET /api/fleet/cluster/roster': 'read',
  'POST /api/fleet/cluster/remove': 'admin',
  'POST /api/fleet/cluster/evict': 'admin',
  'POST /api/fleet/cluster/readmit': 'admin',
  'POST /api/fleet/cluster/admission': 'admin',
  'POST /api/fleet/cluster/level': 'admin',
  'POST /api/fleet/cluster/choose': 'admin',
  'GET /api/fleet/cluster/tickets': 'admin',
  'POST /api/fleet/cluster/tickets': 'admin',
  'DELETE /api/fleet/cluster/tickets/{id}': 'admin',
  'POST /api/fleet/cluster/join/challenge': 'open',
  'POST /api/fleet/cluster/join': 'open',
  'GET /api/fleet/cluster/rotation': 'read',
  'POST /api/fleet/cluster/rotation': 'admin',
  'DELETE /api/fleet/cluster/rotation': 'admin',
  'POST /api/fleet/build-cluster-package': 'packages:build',
  'POST /api/fleet/build-standalone-package': 'packages:build',
  'POST /api/fleet/build-agent-package': 'packages:build',
  'GET /api/fleet/packages': 'packages:build',
  'GET /api/fleet/packages/readiness': 'packages:build',
  'GET /api/fleet/packages/{id}': 'packages:build',
  'POST /api/fleet/packages/{id}/revoke': 'packages:build',
  'GET /api/fleet/session': 'read',
  'GET /api/fleet/audit': 'admin',
  'POST /api/fleet/logout': 'read',
  'POST /api/fleet/setup-code': 'admin',
  'POST /api/fleet/password': 'admin',
  'POST /api/fleet/password/confirm': 'read',
  'GET /api/fleet/users': 'admin',
  'POST /api/fleet/users': 'admin',
  'GET /api/fleet/tokens': 'admin',
  'POST /api/fleet/tokens': 'admin',
  'DELETE /api/fleet/tokens/{id}': 'admin',
};
/** The description itself and its pages: they hold nothing of the fleet. */
const DESCRIPTION = /^GET \/api\/(docs|openapi\.json)/;

interface Operation {
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly summary?: string;
}

async function described(): Promise<Map<string, Operation>> {
  const { openapi, paths } = await server.client.get<{
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
  }>('/api/openapi.json');
  expect(openapi).toBe('3.1.0');
  return new Map(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, one]) => [`${method.toUpperCase()} ${path}`, one]),
    ),
  );
}

/** What fastify itself says it has, read from its tree: `│   └── -check (GET, HEAD)`. */
async function registered(): Promise<string[]> {
  const loaded = loadConfig({ role: 'server', configPath: server.configPath, env: {} });
  if (!loaded.ok) throw new Error('the config of a running server does not load');
  const { config, secrets } = loaded;
  const offline = await openOffline({
    config,
    secrets,
    version: '0.1.0',
    clock: systemClock,
    packing: { program: async () => new FakeProgram(), signing: async () => null },
    openLog: () => silentLog,
  });
  const tree = offline.app.printRoutes({ commonPrefix: false });
  await offline.close();
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (.*) \((.*)\)$/.exec(line) ?? [];
    const depth = indent.length / 4;
    above.length = depth;
    above.push(part);
    const path = above.join('').replace(/:(\w+)/g, '{$1}');
    return methods
      .split(', ')
      .filter((method) => method !== '' && method !== 'HEAD')
      .map((method) => `${method} ${path}`);
  });
}

describe('the description of the API', () => {
  it('has every route that the server has, and no other', async () => {
    const routes = (await registered()).filter((route) => !DESCRIPTION.test(route));
    expect([...(await described()).keys()].sort()).toEqual(routes.sort());
    expect(routes).toEqual(Object.keys(ROUTES).sort());
  });

  it('names the guard of every one', async () => {
    const ways: Readonly<Record<Guard, unknown[]>> = {
      open: [],
      agent: [{ agent: [] }],
      read: [{ token: ['read'] }, { session: [] }],
      'packages:build': [{ token: ['packages:build'] }, { session: [] }],
      admin: [{ token: ['admin'] }, { session: [] }],
    };
    for (const [route, { security, summary }] of await described()) {
      const guard = ROUTES[route] ?? 'open';
      expect(security, route).toEqual(ways[guard]);
      expect(summary, route).toMatch(/^[A-Z]/);
    }
  });
});

describe('without a key, a token or a login', () => {
  const knock = (route: string) => {
    const [method = '', path = ''] = route.replace('{id}', 'x').split(' ');
    return fetch(server.url + path, { method });
  };

  it.each(Object.entries(ROUTES).filter(([, guard]) => guard !== 'open'))(
    '%s is 401',
    async (route, guard) => {
      const code = guard === 'agent' ? 'api_key_missing' : 'login_required';
      await expectProblem(await knock(route), 401, code);
    },
  );

  it.each(['/livez', '/readyz', '/healthz', '/version', '/api/fleet/cluster/health'])(
    '%s answers, and names no host',
    async (path) => {
      const answer = await fetch(server.url + path);
      expect(answer.status).toBe(200);
      const all = JSON.stringify([...answer.headers]) + (await answer.text());
      expect(all).not.toContain(HOST_NAME);
      expect(all).not.toContain(hostname());
    },
  );

  it('health says what load balancers look for', async () => {
    const read = async (path: string) => (await fetch(server.url + path)).json();
    expect(await read('/livez')).toEqual({ status: 'live' });
    expect(await read('/readyz')).toEqual({ status: 'ready', degraded: false });
    expect(await read('/healthz')).toEqual({ status: 'ready', degraded: false });
    expect(await read('/api/fleet/cluster/health')).toEqual({ status: 'healthy', node_id: 'server-01' });
    expect(await read('/version')).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });
});

const SECURITY_HEADERS = {
  'content-security-policy': expect.stringMatching(
    /^default-src 'none'; script-src 'self'; style-src 'self'[^;]*; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
  ),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

describe('every answer', () => {
  it.each([
    ['a page', 'GET', '/'],
    ['health', 'GET', '/livez'],
    ['a refusal by a guard', 'GET', '/api/fleet/machines'],
    ['a refusal of an agent', 'POST', '/api/fleet/report'],
    ['nothing there', 'GET', '/api/nothing'],
    ['a method that no route has', 'DELETE', '/livez'],
  ])('has the security headers: %s', async (_, method, path) => {
    const answer = await fetch(server.url + path, { method });
    expect(Object.fromEntries(answer.headers)).toMatchObject(SECURITY_HEADERS);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get('server')).toBeNull();
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  it.skipIf(!existsSync(CONSOLE))(
    'that is a page runs nothing inline, and has a nonce of its own (needs the built console)',
    async () => {
      const pages = await Promise.all([0, 1].map(() => fetch(`${server.url}/settings/cluster`)));
      const nonces = new Set<string>();
      for (const page of pages) {
        expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
        const policy = page.headers.get('content-security-policy') ?? '';
        expect(policy).toContain("script-src 'self';");
        expect(policy).not.toContain('unsafe');
        nonces.add(/style-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1] ?? '');
        const html = await page.text();
        expect(html).not.toContain('__CSP_NONCE__');
        expect(html.match(/<script(?![^>]*\bsrc=)/g)).toBeNull();
        expect(html.match(/\b(?:src|href)="(?!\/)[^"]*"/g)).toBeNull();
      }
      expect(nonces.size).toBe(2);
    },
  );
});

describe('what no route is for', () => {
  it.each([
    ['GET', '/api/nothing'],
    ['GET', '/api/fleet/machines/x/nothing'],
    ['POST', '/'],
    ['PUT', '/api/fleet/machines/x/nothing'],
    ['GET', '/assets/nothing.js'],
    ['GET', '/assets/.hidden'],
  ])('%s %s is 404', async (method, path) => {
    const answer = await fetch(server.url + path, { method });
    await expectProblem(answer, 404, 'not_found', 'There is nothing at this address.');
  });

  it.each([
    ['POST', '/livez', 'GET, HEAD'],
    ['PUT', '/api/fleet/login', 'POST'],
    ['PATCH', '/api/fleet/users', 'GET, HEAD, POST'],
    ['OPTIONS', '/api/fleet/login?x=1', 'POST'],
    ['GET', '/api/fleet/report', 'POST'],
    ['DELETE', '/api/fleet/machines/x', 'GET, HEAD'],
    ['POST', '/assets/nothing.js', 'GET, HEAD'],
  ])('%s %s is 405, and says what it takes: %s', async (method, path, allowed) => {
    const answer = await fetch(server.url + path, { method });
    expect(answer.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allowed);
    await expectProblem(answer, 405, 'method_not_allowed', `This address does not take ${method}.`);
  });

  it.each([
    ['without a host', 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'bad_request'],
    [
      'that expects what nobody does',
      'GET /livez HTTP/1.1\r\nhost: x\r\nexpect: magic\r\nconnection: close\r\n\r\n',
      417,
      'expectation_failed',
    ],
  ])('a request %s is refused as problem+json', async (_, request, status, code) => {
    const answer = await exchange(server.port, request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('content-type: application/problem+json; charset=utf-8\r\n');
    expect(answer).toContain(`"code":"${code}"`);
  });

  it.each([
    '../../package.json',
    '%2e%2e/%2e%2e/package.json',
    '..%2f..%2fpackage.json',
    '....//package.json',
  ])('a path out of the assets is 404, as it is written: /assets/%s', async (path) => {
    const request = `GET /assets/${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    const answer = await exchange(server.port, request);
    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(answer).toContain('"code":"not_found"');
    expect(answer).not.toContain('"atlas-fleet"');
  });

  it.each([['/%zz'], ['/api/fleet/machines/%zz']])('an address that is none is 400: %s', async (path) => {
    const answer = await fetch(server.url + path);
    await expectProblem(answer, 400, 'bad_request', 'The request could not be read.');
  });

  it.each([
    ['garbage', 'garbage\r\n\r\n'],
    ['the PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /livez HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a method that HTTP does not have', 'FOO /livez HTTP/1.1\r\nhost: x\r\n\r\n'],
    [
      'two lengths for one body',
      'POST /api/fleet/login HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['random bytes', randomBytes(512).toString('latin1')],
  ])('bytes that are no request are 400, and the connection ends: %s', async (_, bytes) => {
    const answer = await exchange(server.port, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad request\r\n/);
    expect(answer).toContain('content-type: application/problem+json; charset=utf-8\r\n');
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({
      type: 'urn:atlas-fleet:problem:bad_request',
      title: 'Bad request',
      status: 400,
      detail: 'The request could not be read.',
      code: 'bad_request',
    });
  });

  it('a body that is none is 400, 413 or 415', async () => {
    const post = (body: string, type: string) =>
      fetch(`${server.url}/api/fleet/login`, { method: 'POST', body, headers: { 'content-type': type } });
    const unreadable = 'The request could not be read.';
    await expectProblem(await post('{', 'application/json'), 400, 'bad_request', unreadable);
    await expectProblem(await post('{"__proto__":{}}', 'application/json'), 400, 'bad_request', unreadable);
    await expectProblem(await post(`"${'a'.repeat(70_000)}"`, 'application/json'), 413, 'body_too_large');
    await expectProblem(await post('<a/>', 'application/xml'), 415, 'unsupported_media_type');
  });

  it('and after all of it the server is well, and has logged no error of its own', async () => {
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(server.process.log()).not.toMatch(/ ERROR |Request failed/);
  });
});

/** What comes back until the other side ends the connection. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket
      .setEncoding('latin1')
      .setTimeout(60_000, () => socket.destroy(new Error('the connection stays open')));
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(text));
  });
}
