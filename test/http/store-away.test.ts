/** What a failing store is called at the doors: where it is, is said to who is known, and written into the log. */
import { afterEach, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { Accounts } from '../../src/services/people/accounts.ts';
import { Sessions } from '../../src/services/people/sessions.ts';
import { FakeAccountStore } from '../fakes/account-store.ts';
import { FakeAttemptStore } from '../fakes/attempt-store.ts';
import { ManualClock } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';
import { API_KEY, type OpenDoor, openDoor } from './open-door.ts';
import { expectProblem } from './problem-answer.ts';

const WHERE = 'PostgreSQL at 10.1.2.3:5432 does not answer';
const SAID = {
  store_unavailable: 'The database cannot be used right now.',
  store_locked: 'Another program keeps the database locked.',
} as const;

let door: OpenDoor;
let log: FakeLog;
afterEach(() => door.app.close());

async function openWithout(code: 'store_unavailable' | 'store_locked'): Promise<void> {
  const failure = new AtlasError(code, WHERE, { hint: 'see that it runs', retryAfterSeconds: 7 });
  const store = new FakeAccountStore();
  store.failure = failure;
  log = new FakeLog();
  const clock = new ManualClock();
  const sessions = new Sessions({ accounts: store, clock, log });
  const accounts = new Accounts({ accounts: store, attempts: new FakeAttemptStore(), sessions, clock, log });
  const fail = () => Promise.reject(failure);
  door = await openDoor({}, { accounts, sessions, log, intake: { take: fail } });
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${door.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

it.each(['store_unavailable', 'store_locked'] as const)(
  'a stranger learns of %s no more than that, and what works without it',
  async (code) => {
    await openWithout(code);
    const answer = await post('/api/fleet/login', { username: 'ada', password: 'a password' });
    expect(answer.headers.get('retry-after')).toBe('7');
    const problem = await expectProblem(answer, 503, code, SAID[code]);
    expect(problem.hint).toContain('On this server, atlas-fleet cluster status works all the same');
    const fields = expect.objectContaining({ err: expect.objectContaining({ message: WHERE }) });
    expect(log.lines).toEqual([expect.objectContaining({ event: 'http.store_failed', fields })]);
  },
);

it('nor does an agent, for all of them share one key', async () => {
  await openWithout('store_unavailable');
  await expectProblem(
    await post('/api/fleet/report', {}, { 'x-api-key': API_KEY }),
    503,
    'store_unavailable',
    SAID.store_unavailable,
  );
});

it('who is known is told where it is and what to do', async () => {
  await openWithout('store_unavailable');
  const change = { username: 'ada', new_password: 'correct horse battery' };
  const answer = await post('/api/fleet/password', change, { authorization: 'Bearer one' });
  expect(await answer.json()).toMatchObject({ status: 503, detail: WHERE, hint: 'see that it runs' });
});
