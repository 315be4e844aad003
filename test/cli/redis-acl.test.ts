/** The ACL file that the command writes, on a real Redis with real servers behind it. */
import { expect, it, onTestFinished } from 'vitest';
import { RedisServer } from '../backends/redis.ts';
import { LiveCluster } from '../scenario/live-cluster.ts';
import { atlasFleet } from './atlas-fleet.ts';

const USERS = /^(\S+), below .+\n {2}redis_username: (\S+)\n {2}redis_password: "(\S+)"$/gm;
/** Who looks at the registry from outside. */
const OPERATOR = 'user operator on >operator ~* &* +@all\n';

async function usersOf(nodes: readonly string[]) {
  const { code, stdout, stderr } = await atlasFleet([
    'cluster',
    'redis-acl',
    ...nodes.flatMap((node) => ['--node', node]),
  ]);
  expect(code).toBe(0);
  const users = [...stderr.matchAll(USERS)].map(([, nodeId = '', name = '', password = '']) => {
    return { nodeId, name, password };
  });
  for (const { password } of users) expect(stdout).not.toContain(password);
  return { acl: stdout, users };
}

it('lets two servers join under a user each, and neither write for the other', async () => {
  const { acl, users } = await usersOf(['server-01', 'server-02']);
  const redis = await RedisServer.start({ acl: acl + OPERATOR });
  onTestFinished(() => redis.stop());
  const each = users.map(({ name, password }) => ({
    values: {
      'cluster.redis_username': name,
      'cluster.redis_password': password,
    },
  }));
  const cluster = await LiveCluster.start({ servers: 2, redis, each });
  onTestFinished(() => cluster.stop());
  for (const { client } of cluster.servers) {
    const health = await client.health();
    expect(health.backend.write_probe).toMatchObject({ ok: true });
    expect(health.security.level).toBe(3);
  }
  const [first] = users;
  const login = ['--user', first?.name ?? '', '--pass', first?.password ?? '', '--no-auth-warning'];
  const answer = async (...args: string[]) => (await redis.tryCli(...login, ...args)).stdout;
  expect(await answer('set', 'fleet:cluster:node:server-02', 'x')).toMatch(/NOPERM/);
  expect(await answer('set', 'fleet:cluster:node:server-010', 'x')).toMatch(/NOPERM/);
  expect(await answer('keys', '*')).toMatch(/NOPERM/);
  expect(await answer('flushall')).toMatch(/NOPERM/);
});

it('says what to name when there is no server to ask', async () => {
  const { code, stderr } = await atlasFleet(['cluster', 'redis-acl']);
  expect(code).toBe(2);
  expect(stderr).toContain('error: no servers are named, and no running server could be asked for them');
  expect(stderr).toContain('--node server-01');
});
