/** Who guesses passwords gains nothing by asking another server, nor by waiting for one to be started again. */
import { afterAll, beforeAll, it } from 'vitest';
import { LiveCluster, type LiveServer, USER } from '../scenario/live-cluster.ts';
import { expectProblem } from './problem-answer.ts';

let cluster: LiveCluster;
let first: LiveServer;
let second: LiveServer;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 2 });
  [first, second] = cluster.servers as [LiveServer, LiveServer];
});

afterAll(() => cluster?.stop());

const guess = ({ url }: LiveServer, password = 'a guess') =>
  fetch(`${url}/api/fleet/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: USER, password }),
  });

it('failed logins are counted across the cluster, and over a restart', async () => {
  for (const server of [first, second, first, second])
    await expectProblem(await guess(server), 401, 'login_failed');
  await first.process.kill();
  await first.process.start();
  await expectProblem(await guess(first), 401, 'login_failed');
  const { password } = cluster.secrets;
  const said = 'Too many failed attempts: after 5 within 15 minutes each has to wait.';
  for (const server of [second, first])
    await expectProblem(await guess(server, password), 429, 'rate_limited', said);
});
