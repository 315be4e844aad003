/**
 * How people and scripts get in, over real HTTP: a login and its cookie, the token against requests of other
 * sites, API tokens and their scopes, and the wait of who guesses.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { eventually } from '../scenario/eventually.ts';
import { LiveCluster, USER } from '../scenario/live-cluster.ts';
import { agePassword } from './age-password.ts';
import { expectProblem } from './problem-answer.ts';

let cluster: LiveCluster;
let url: string;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 1 });
  url = cluster.servers[0]?.url ?? '';
});

afterAll(() => cluster?.stop());

interface AuditItems {
  readonly items: readonly { action: string; subject: string }[];
}

const json = { 'content-type': 'application/json' };

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url + path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

const login = (password = cluster.secrets.password, headers = {}) =>
  post('/api/fleet/login', { username: USER, password }, headers);

interface Session {
  readonly cookie: string;
  readonly csrf: string;
}

async function logIn(): Promise<Session> {
  const answer = await login();
  expect(answer.status).toBe(200);
  const { csrf_token } = (await answer.json()) as { csrf_token: string };
  return { cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '', csrf: csrf_token };
}

const withSession = ({ cookie, csrf }: Session) => ({ cookie, 'x-csrf-token': csrf });
const readSession = (cookie: string) => fetch(`${url}/api/fleet/session`, { headers: { cookie } });

describe('a login', () => {
  it('answers who it is, and sets a cookie that scripts cannot read and other sites cannot send', async () => {
    const answer = await login();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      username: USER,
      csrf_token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      expires_at: expect.stringMatching(/Z$/),
      node_id: 'server-01',
    });
    const [cookie = '', ...more] = answer.headers.getSetCookie();
    expect(more).toEqual([]);
    const [pair, ...attributes] = cookie.split('; ');
    expect(pair).toMatch(/^atlas=[A-Za-z0-9_-]{43}$/);
    expect(attributes.filter((one) => !one.startsWith('Expires='))).toEqual([
      'Path=/',
      'HttpOnly',
      'SameSite=Strict',
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('with a wrong password is refused in the same words as with an unknown user', async () => {
    const said = 'The user name or the password is wrong.';
    await expectProblem(await login('a wrong password'), 401, 'login_failed', said);
    const unknown = await post('/api/fleet/login', { username: 'nobody', password: 'a wrong password' });
    await expectProblem(unknown, 401, 'login_failed', said);
    expect(cluster.servers[0]?.process.log()).not.toContain('nobody');
    await eventually('both are in the audit log, the made-up name is not', 60_000, async () => {
      const { items = [] } =
        (await cluster.servers[0]?.client.get<AuditItems>('/api/fleet/audit?kind=login')) ?? {};
      const refused = items.filter(({ action }) => action === 'login.refused');
      return refused.map(({ subject }) => subject).join() === `,${USER}`;
    });
  });

  it.each([
    ['the origin of another site', { origin: 'https://evil.example' }],
    ['the origin of another port', { origin: 'http://127.0.0.1:1' }],
    ['no origin that can be named', { origin: 'null' }],
    ['the mark of another site', { 'sec-fetch-site': 'cross-site' }],
    ['the mark of another host of this site', { 'sec-fetch-site': 'same-site' }],
  ])('with %s is refused before the password is looked at', async (_, headers) => {
    await expectProblem(await login(cluster.secrets.password, headers), 403, 'csrf_failed');
  });

  it("with the page's own origin is taken", async () => {
    const own = { origin: url, 'sec-fetch-site': 'same-origin' };
    expect((await login(cluster.secrets.password, own)).status).toBe(200);
  });

  it('of the wrong shape is a problem that names its parts', async () => {
    const answer = await post('/api/fleet/login', { username: USER, passwort: 'x' });
    const problem = await expectProblem(answer, 400, 'bad_request');
    expect(problem).toMatchObject({
      errors: expect.arrayContaining([expect.objectContaining({ pointer: expect.any(String) })]),
    });
  });

  it('is the only way to a session: setup is closed once there is a user', async () => {
    const answer = await post('/api/fleet/setup', {
      code: 'AAAA-AA',
      username: 'second',
      password: 'a long enough password',
    });
    await expectProblem(answer, 409, 'user_exists');
  });
});

describe('a session', () => {
  it('reads with its cookie alone, and changes nothing without its token', async () => {
    const session = await logIn();
    expect(await (await readSession(session.cookie)).json()).toMatchObject({ username: USER });
    const { cookie, csrf } = session;
    for (const headers of [
      { cookie },
      { cookie, 'x-csrf-token': '' },
      { cookie, 'x-csrf-token': `${csrf}A` },
      { cookie, 'x-csrf-token': (await logIn()).csrf },
      { cookie, 'x-csrf-token': csrf, origin: 'https://evil.example' },
      { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' },
    ]) {
      const answer = await post('/api/fleet/logout', undefined, headers as Record<string, string>);
      await expectProblem(answer, 403, 'csrf_failed');
    }
    expect((await readSession(cookie)).status).toBe(200);
  });

  it('ends with the logout: its cookie is cleared, and worth nothing to who kept it', async () => {
    const session = await logIn();
    const answer = await fetch(`${url}/api/fleet/logout`, { method: 'POST', headers: withSession(session) });
    expect(answer.status).toBe(204);
    expect(await answer.text()).toBe('');
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^atlas=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 .*; HttpOnly; SameSite=Strict$/,
      ),
    ]);
    await expectProblem(await readSession(session.cookie), 401, 'session_ended', 'The session has ended.');
  });

  it.each([
    ['made up', 'atlas=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['of another form', 'atlas=x'],
    ["that is a token's hash", `atlas=${'0'.repeat(64)}`],
  ])('is not opened by a cookie %s', async (_, cookie) => {
    await expectProblem(await readSession(cookie), 401, 'session_ended');
  });

  it('is not opened by the cookie that belongs to https', async () => {
    const { cookie } = await logIn();
    const answer = await readSession(cookie.replace('atlas=', '__Host-atlas='));
    await expectProblem(answer, 401, 'login_required', 'Log in, or send an API token.');
  });

  it('whose password was given long ago does nothing that counts until it is given again', async () => {
    const session = await logIn();
    const own = withSession(session);
    await agePassword(cluster, session.cookie.slice(session.cookie.indexOf('=') + 1));
    const acts = [
      ['/api/fleet/cluster/rotation', { mode: 'routine' }, 202],
      ['/api/fleet/cluster/evict', { node_id: 'nobody' }, 404],
      ['/api/fleet/cluster/choose', { hash: 'ab'.repeat(32) }, 404],
      ['/api/fleet/cluster/admission', { admission: 'ticket' }, 204],
      ['/api/fleet/cluster/remove', { node_id: 'nobody' }, 404],
      ['/api/fleet/cluster/readmit', { node_id: 'nobody' }, 404],
      ['/api/fleet/tokens', { name: 'from an old session', scopes: ['admin'] }, 201],
      ['/api/fleet/build-cluster-package', { port: 0 }, 400],
      ['/api/fleet/build-standalone-package', { port: 0 }, 400],
      ['/api/fleet/build-agent-package', { servers: [] }, 400],
      ['/api/fleet/packages/nothing/revoke', {}, 404],
      ['/api/fleet/users', { username: 'another', password: 'a long enough password' }, 201],
    ] as const;
    const confirm = (password: string) => post('/api/fleet/password/confirm', { password }, own);
    for (const [path, body] of acts)
      await expectProblem(
        await post(path, body, own),
        403,
        'password_needed',
        'This needs your password again.',
      );
    const abandon = await fetch(`${url}/api/fleet/cluster/rotation`, { method: 'DELETE', headers: own });
    await expectProblem(abandon, 403, 'password_needed');
    await expectProblem(await confirm('a wrong password'), 401, 'login_failed');
    await expectProblem(
      await post('/api/fleet/cluster/rotation', { mode: 'routine' }, own),
      403,
      'password_needed',
    );
    const token = { authorization: `Bearer ${cluster.token}` };
    expect((await post('/api/fleet/cluster/admission', { admission: 'secret' }, token)).status).toBe(204);
    expect((await confirm(cluster.secrets.password)).status).toBe(204);
    for (const [path, body, status] of acts) expect((await post(path, body, own)).status, path).toBe(status);
  });

  it('that changes the password goes on, and all others of that user end', async () => {
    const [other, own] = [await logIn(), await logIn()];
    const change = (current: string, next: string) =>
      post('/api/fleet/password', { current_password: current, new_password: next }, withSession(own));
    const next = 'correct horse battery staple 9';
    await expectProblem(await change(cluster.secrets.password, 'short'), 400, 'password_weak');
    await expectProblem(await change('a wrong password', next), 401, 'login_failed');
    const changed = await change(cluster.secrets.password, next);
    expect(changed.status).toBe(204);
    const renewed = changed.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect((await readSession(renewed)).status).toBe(200);
    await expectProblem(await readSession(other.cookie), 401, 'session_ended');
    await expectProblem(await readSession(own.cookie), 401, 'session_ended');
    await expectProblem(await login(), 401, 'login_failed');
    expect((await login(next)).status).toBe(200);
  });
});

describe('an API token', () => {
  const ask = (path: string, token: string, method = 'GET') =>
    fetch(url + path, { method, headers: { authorization: `Bearer ${token}` } });

  async function create(name: string, scopes: string[]) {
    const answer = await post(
      '/api/fleet/tokens',
      { name, scopes },
      { authorization: `Bearer ${cluster.token}` },
    );
    expect(answer.status).toBe(201);
    return (await answer.json()) as { token: string; token_id: string };
  }

  it('is shown once, and never again by any answer or log', async () => {
    const { token } = await create('shown once', ['read']);
    expect(token).toMatch(/^atl_[A-Za-z0-9_-]{43}$/);
    const list = await (await ask('/api/fleet/tokens', cluster.token)).text();
    expect(list).toContain('shown once');
    expect(list).not.toContain(token);
    expect(cluster.servers[0]?.process.log()).not.toContain(token.slice(4));
  });

  it('of scope read reads the fleet and the cluster, and nothing of the accounts', async () => {
    const { token } = await create('reader', ['read']);
    for (const path of ['/api/fleet/machines', '/api/fleet/cluster/nodes', '/api/fleet/cluster/health-check'])
      expect((await ask(path, token)).status, path).toBe(200);
    for (const path of ['/api/fleet/users', '/api/fleet/tokens']) {
      const problem = await expectProblem(
        await ask(path, token),
        403,
        'scope_missing',
        'This token does not have the scope admin.',
      );
      expect(problem.hint).toBe('Create one that has it under Settings, API tokens.');
    }
  });

  it.each(['agents:write', 'packages:build'])('of scope %s reads nothing', async (scope) => {
    const { token } = await create(`only ${scope}`, [scope]);
    await expectProblem(
      await ask('/api/fleet/machines', token),
      403,
      'scope_missing',
      'This token does not have the scope read.',
    );
  });

  it.each(['%00', 'x', '..%2f..', '00000000-0000-0000-0000-00000000000g'])(
    'is not looked for by what is no id: %s',
    async (id) => {
      await expectProblem(await ask(`/api/fleet/tokens/${id}`, cluster.token, 'DELETE'), 404, 'not_found');
    },
  );

  it('of scope admin may all, and needs no page token, for no browser sends it by itself', async () => {
    const { token } = await create('admin', ['admin']);
    expect((await ask('/api/fleet/machines', token)).status).toBe(200);
    const { token_id } = await create('to be revoked', ['read']);
    expect((await ask(`/api/fleet/tokens/${token_id}`, token, 'DELETE')).status).toBe(204);
    await expectProblem(await ask(`/api/fleet/tokens/${token_id}`, token, 'DELETE'), 404, 'not_found');
  });

  it('that is revoked, changed or made up is unknown', async () => {
    const { token, token_id } = await create('short life', ['read']);
    expect((await ask('/api/fleet/machines', token)).status).toBe(200);
    expect((await ask(`/api/fleet/tokens/${token_id}`, cluster.token, 'DELETE')).status).toBe(204);
    const changed = cluster.token.replace(/.$/, (char) => (char === 'A' ? 'B' : 'A'));
    for (const unknown of [token, changed, cluster.token.slice(0, -1), 'x']) {
      await expectProblem(await ask('/api/fleet/machines', unknown), 401, 'token_unknown');
    }
  });

  it('is no session', async () => {
    await expectProblem(await ask('/api/fleet/session', cluster.token), 401, 'login_required');
  });

  it('in an address is not looked at', async () => {
    const answer = await fetch(`${url}/api/fleet/machines?token=${cluster.token}`);
    await expectProblem(answer, 401, 'login_required');
  });
});

describe('who guesses passwords', () => {
  it('has to wait, whatever address a header claims, and is told for how long', async () => {
    let answer: Response | undefined;
    for (let tries = 0; tries < 7 && answer?.status !== 429; tries += 1) {
      answer = await post(
        '/api/fleet/login',
        { username: 'guessed', password: `guess ${tries}` },
        { 'x-forwarded-for': `198.51.100.${tries}`, forwarded: `for=198.51.100.${tries}` },
      );
    }
    if (answer === undefined) throw new Error('no answer');
    const retryAfter = Number(answer.headers.get('retry-after'));
    await expectProblem(
      answer,
      429,
      'rate_limited',
      'Too many failed attempts: after 5 within 15 minutes each has to wait.',
    );
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(900);
  });
});

describe('a name that somebody gives', () => {
  const HOSTILE = [
    ['a zero', 'a\0b'],
    ['a control character', 'a\u001b[2Jb'],
    ['a new line', 'a\nb'],
    ['a line separator', 'a\u2028b'],
    ['a C1 control character', 'a\u009bb'],
    ['half a character', 'a\ud800b'],
    ['the other half', 'a\udc00b'],
  ] as const;
  const admin = () => ({ authorization: `Bearer ${cluster.token}` });

  it.each(HOSTILE)('is refused with %s in it, wherever it is given', async (_, name) => {
    const password = 'correct horse battery';
    for (const [path, body] of [
      ['/api/fleet/login', { username: name, password }],
      ['/api/fleet/setup', { code: 'AAAA-AA', username: name, password }],
      ['/api/fleet/users', { username: name, password }],
      ['/api/fleet/password', { username: name, new_password: password }],
      ['/api/fleet/tokens', { name, scopes: ['read'] }],
    ] as const) {
      const problem = await expectProblem(await post(path, body, admin()), 400, 'bad_request');
      expect(problem, path).toMatchObject({ errors: [{ message: 'has characters that cannot be shown' }] });
    }
  });

  it('may be of any script, and of characters outside the first plane', async () => {
    const name = 'Bücher 図書館 👩‍💻';
    const answer = await post('/api/fleet/tokens', { name, scopes: ['read'] }, admin());
    expect(await answer.json()).toMatchObject({ name });
  });
});

it('a password that is set on the server lets in who had to wait', async () => {
  const guess = (password: string) => post('/api/fleet/login', { username: USER, password });
  const guesses = Array.from({ length: 6 }, () => guess('a wrong guess'));
  expect((await Promise.all(guesses)).some(({ status }) => status === 429)).toBe(true);
  const next = 'tr0ub4dor and three';
  await expectProblem(await guess(next), 429, 'rate_limited');
  const config = cluster.servers[0]?.configPath ?? '';
  const { code } = await atlasFleet(['user', 'passwd', USER, '--config', config], {
    stdin: `${next}\n`,
  });
  expect(code).toBe(0);
  expect((await guess(next)).status).toBe(200);
});
