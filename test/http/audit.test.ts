/** Who did what, as the routes write it down: before it happens, and nothing that is a secret. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { AtlasError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { Accounts } from '../../src/services/people/accounts.ts';
import { ApiTokens } from '../../src/services/people/api-tokens.ts';
import { Sessions } from '../../src/services/people/sessions.ts';
import { SetupCodes } from '../../src/services/people/setup-code.ts';
import { FakeAccountStore } from '../fakes/account-store.ts';
import { FakeAttemptStore } from '../fakes/attempt-store.ts';
import { FakeAuditLog } from '../fakes/audit-log.ts';
import { eventually } from '../scenario/eventually.ts';
import { type OpenDoor, openDoor } from './open-door.ts';
import { expectProblem } from './problem-answer.ts';

const PASSWORD = 'correct horse battery';
const NEXT_PASSWORD = 'staple of another battery';
const ADDRESS = '127.0.0.1';

let door: OpenDoor;
let store: FakeAccountStore;
let auditLog: FakeAuditLog;
let setup: SetupCodes;
/** Of an administrator. */
let token: string;
/** On the roster, as they were done. */
let acts: string[];

beforeEach(async () => {
  store = new FakeAccountStore();
  auditLog = new FakeAuditLog();
  const parts = { accounts: store, attempts: new FakeAttemptStore(), clock: systemClock, log: silentLog };
  const sessions = new Sessions(parts);
  const accounts = new Accounts({ ...parts, sessions });
  const tokens = new ApiTokens(parts);
  setup = new SetupCodes({ ...parts, people: accounts });
  token = (await tokens.create({ name: 'deploy', scopes: ['admin'] })).token;
  acts = [];
  const act = (name: string) => async () => {
    acts.push(name);
  };
  const trust = { evict: act('evict'), readmit: act('readmit'), rotate: act('rotate') };
  door = await openDoor({}, { accounts, sessions, tokens, setup, auditLog, trust });
});
afterEach(() => door.app.close());

function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return fetch(`http://127.0.0.1:${door.port}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
const asToken = (method: string, path: string, body?: unknown) =>
  ask(method, path, body, { authorization: `Bearer ${token}` });

async function addAda(): Promise<void> {
  const answer = await asToken('POST', '/api/fleet/users', { username: 'ada', password: PASSWORD });
  expect(answer.status).toBe(201);
}

async function logIn(): Promise<Record<string, string>> {
  const answer = await ask('POST', '/api/fleet/login', { username: 'ada', password: PASSWORD });
  const { csrf_token } = (await answer.json()) as { csrf_token: string };
  return { cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '', 'x-csrf-token': csrf_token };
}

/** When there are so many: notes are written beside the answer. */
const entries = (count: number) =>
  eventually(`${count} entries`, 60_000, () => auditLog.entries.length >= count && auditLog.entries);

describe('the audit log', () => {
  it('names who came and went, and who changed a password', async () => {
    await addAda();
    const session = await logIn();
    const change = { current_password: PASSWORD, new_password: NEXT_PASSWORD };
    const changed = await ask('POST', '/api/fleet/password', change, session);
    expect(changed.status).toBe(204);
    const cookie = changed.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const renewed = await ask('GET', '/api/fleet/session', undefined, { cookie });
    const { csrf_token } = (await renewed.json()) as { csrf_token: string };
    await ask('POST', '/api/fleet/logout', undefined, { cookie, 'x-csrf-token': csrf_token });
    const ada = { actor: { kind: 'user', name: 'ada' }, address: ADDRESS, nodeId: 'server-01' };
    expect(await entries(4)).toMatchObject([
      { actor: { kind: 'token', name: 'deploy' }, action: 'user.added', subject: 'ada', address: ADDRESS },
      { ...ada, action: 'login.succeeded' },
      { ...ada, action: 'password.changed', subject: 'ada' },
      { ...ada, action: 'login.ended' },
    ]);
  });

  it('names who made a token and who revoked it, and holds no password and no token', async () => {
    const wanted = { name: 'grafana', scopes: ['read'] };
    const made = (await (await asToken('POST', '/api/fleet/tokens', wanted)).json()) as {
      token: string;
      token_id: string;
    };
    await asToken('DELETE', `/api/fleet/tokens/${made.token_id}`);
    await addAda();
    const deploy = { actor: { kind: 'token', name: 'deploy' }, outcome: 'done' };
    expect(auditLog.entries).toMatchObject([
      { ...deploy, action: 'token.created', subject: 'grafana', detail: { scopes: 'read' } },
      { ...deploy, action: 'token.revoked', subject: 'grafana' },
      { ...deploy, action: 'user.added' },
    ]);
    const text = JSON.stringify(auditLog.entries);
    for (const secret of [made.token, token, PASSWORD]) expect(text).not.toContain(secret);
  });

  it('tells of the first administrator', async () => {
    const { code } = await setup.create();
    await ask('POST', '/api/fleet/setup', { code, username: 'grace', password: PASSWORD });
    expect(await entries(2)).toMatchObject([
      { actor: { kind: 'anonymous' }, action: 'setup.completed', subject: 'grace', address: ADDRESS },
      { actor: { kind: 'user', name: 'grace' }, action: 'login.succeeded' },
    ]);
  });

  it('says of an act that was refused that it was', async () => {
    await addAda();
    const again = await asToken('POST', '/api/fleet/users', { username: 'ada', password: PASSWORD });
    expect(again.status).toBe(409);
    expect((await entries(3)).at(-1)).toMatchObject({
      action: 'user.added',
      outcome: 'refused',
      detail: { code: 'user_exists' },
    });
  });

  it('that cannot be written lets nobody be added, but lets people in', async () => {
    await addAda();
    auditLog.failure = new AtlasError('store_unavailable', 'PostgreSQL does not answer');
    const grace = { username: 'grace', password: PASSWORD };
    expect((await asToken('POST', '/api/fleet/users', grace)).status).toBe(503);
    expect((await store.users()).map(({ username }) => username)).toEqual(['ada']);
    expect((await ask('POST', '/api/fleet/login', { username: 'ada', password: PASSWORD })).status).toBe(200);
  });

  it('that cannot be written hinders no eviction, and every other act of trust', async () => {
    auditLog.failure = new AtlasError('store_unavailable', 'PostgreSQL does not answer');
    const server = { node_id: 'server-02' };
    expect((await asToken('POST', '/api/fleet/cluster/readmit', server)).status).toBe(503);
    expect((await asToken('POST', '/api/fleet/cluster/rotation', { mode: 'routine' })).status).toBe(503);
    expect((await asToken('POST', '/api/fleet/cluster/evict', server)).status).toBe(204);
    expect(acts).toEqual(['evict']);
  });
});

describe('GET /api/fleet/audit', () => {
  const read = async (query: string) => {
    const answer = await asToken('GET', `/api/fleet/audit?${query}`);
    expect(answer.status).toBe(200);
    return (await answer.json()) as {
      items: { action: string; subject: string }[];
      next_cursor: string | null;
    };
  };

  it('is read page by page, and by kind', async () => {
    for (const name of ['a', 'b']) await asToken('POST', '/api/fleet/tokens', { name, scopes: ['read'] });
    await addAda();
    const first = await read('limit=2');
    const second = await read(`limit=2&cursor=${first.next_cursor}`);
    expect([...first.items, ...second.items].map(({ subject }) => subject)).toEqual(['ada', 'b', 'a']);
    expect(second.next_cursor).toBeNull();
    expect((await read('kind=user')).items).toEqual([
      {
        entry_id: expect.any(String),
        at: expect.stringMatching(/Z$/),
        actor: { kind: 'token', name: 'deploy' },
        action: 'user.added',
        sentence: 'Administrator added',
        subject: 'ada',
        detail: {},
        outcome: 'done',
        node_id: 'server-01',
        address: ADDRESS,
      },
    ]);
  });

  it.each([
    ['limit=501', 'bad_request'],
    ['kind=nothing', 'bad_request'],
    ['cursor=AAAA', 'bad_cursor'],
  ])('refuses ?%s', async (query, code) => {
    await expectProblem(await asToken('GET', `/api/fleet/audit?${query}`), 400, code);
  });
});
