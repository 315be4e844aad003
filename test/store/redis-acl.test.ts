/** The ACL file, in a real Redis: who may do what, and that nobody has to do more. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { NEWCOMERS_KEY, slotKey } from '../../src/protocol/registry-key.ts';
import { type AclUser, aclFile, aclUserName } from '../../src/store/redis/acl.ts';
import { RedisServer } from '../backends/redis.ts';
import { away, beat, openRegistry } from './redis-registry.ts';

const ADMIN = 'user admin on >admin ~* &* +@all\n';
const passwordOf = (nodeId: string | null) => Secret.fromText(`password of ${nodeId}`);
const usersOf = (...nodeIds: (string | null)[]): AclUser[] =>
  nodeIds.map((nodeId) => ({ nodeId, password: passwordOf(nodeId) }));

async function start(users: readonly AclUser[], redis: 6 | 7 = 7): Promise<RedisServer> {
  const server = await RedisServer.start({ acl: aclFile(users, redis).text + ADMIN });
  onTestFinished(() => server.stop());
  return server;
}

/** A node's store, by its own user unless told otherwise. */
function open(server: RedisServer, nodeId: string, user: string | null = nodeId) {
  return openRegistry(server, { nodeId, username: aclUserName(user), password: passwordOf(user) });
}

const as = (server: RedisServer, nodeId: string, ...command: string[]) =>
  server.tryCli(
    '--user',
    aclUserName(nodeId),
    '--pass',
    `password of ${nodeId}`,
    '--no-auth-warning',
    ...command,
  );

const NODES = ['n1', 'n10', 'n2', 'a.b-c_d'];

describe('the ACL file for a user per node', () => {
  it('lets each node do all that a registry is for', async () => {
    const server = await start(usersOf(...NODES));
    for (const nodeId of NODES) {
      const store = open(server, nodeId);
      await store.probe();
      await store.putOwn(beat);
    }
    const { slots } = await open(server, 'n1').read(['n1'], 64);
    expect(slots.map(({ nodeId }) => nodeId)).toEqual(['n1', 'a.b-c_d', 'n10', 'n2']);
    expect(slots.every(({ node, heartbeat }) => node.kind === 'bytes' && heartbeat.kind === 'bytes')).toBe(
      true,
    );
  });

  it('lets a node mend the set of newcomers', async () => {
    const server = await start(usersOf('n1'));
    await server.cli('--user', 'admin', '--pass', 'admin', '--no-auth-warning', 'SET', NEWCOMERS_KEY, 'x');
    const store = open(server, 'n1');
    await store.putOwn(beat);
    await store.putOwn(beat);
    expect((await as(server, 'n1', 'SCARD', NEWCOMERS_KEY)).stdout).toBe('1\n');
  });

  it.each(['n10', 'n2', 'n', 'a.b-c_d'])(
    'lets n1 read the slots of %s and write none of them',
    async (other) => {
      const server = await start(usersOf(...NODES));
      await expect(open(server, other, 'n1').putOwn(beat)).rejects.toMatchObject(
        away(/its user fleet-n1 may not do that; each server has a user of its own/, /cluster redis-acl/),
      );
      expect((await open(server, 'n1').inspect('node', other)).kind).toBe('missing');
      expect((await as(server, 'n1', 'UNLINK', slotKey('node', other))).stdout).toMatch(/^NOPERM/);
    },
  );

  it('takes a dot in a name for a dot', async () => {
    const server = await start(usersOf('a.b'));
    await expect(open(server, 'axb', 'a.b').putOwn(beat)).rejects.toMatchObject(away(/may not do that/));
  });

  it.each([
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['EVAL', 'return 1', '0'],
    ['FLUSHALL'],
    ['CONFIG', 'GET', '*'],
    ['MONITOR'],
    ['CLIENT', 'LIST'],
    ['SUBSCRIBE', 'channel'],
    ['GET', slotKey('node', 'n1')],
    ['SET', 'other', 'value'],
    ['MEMORY', 'PURGE'],
    ['ACL', 'LIST'],
  ])('lets a node not %s', async (...command) => {
    const server = await start(usersOf('n1'));
    expect((await as(server, 'n1', ...command)).stdout).toMatch(/^NOPERM/);
  });

  it('lets nobody in without a user, nor with the password of another', async () => {
    const server = await start(usersOf('n1', 'n2'));
    await expect(openRegistry(server).probe()).rejects.toMatchObject(away(/it asks for a password/));
    const wrong = { username: aclUserName('n1'), password: passwordOf('n2') };
    await expect(openRegistry(server, wrong).probe()).rejects.toMatchObject(
      away(/user or the password is wrong/),
    );
  });

  it('holds no password, and is not made for what is no node', () => {
    const { text, notes } = aclFile(usersOf('n1'));
    expect(text).not.toContain('password');
    expect(text).toMatch(
      /^user default reset\nuser fleet-n1 reset on #[0-9a-f]{64} %R~fleet:cluster:\* .+\n$/,
    );
    expect(notes).toHaveLength(3);
    for (const nodeId of ['n*', 'n1 +@all', 'n1\nuser x on nopass', ''])
      expect(() => aclFile(usersOf(nodeId))).toThrow('not a node id');
  });
});

describe('the ACL file for one user', () => {
  it.each([
    ['that all nodes share', [null], 7],
    ['of each node before Redis 7', ['n1'], 6],
  ] as const)(
    '%s lets it write all of the registry, says so, and allows nothing else',
    async (_, users, redis) => {
      const [user] = users;
      const server = await start(usersOf(user), redis);
      for (const nodeId of ['n1', 'n2']) await open(server, nodeId, user).putOwn(beat);
      const { slots } = await open(server, 'n3', user).read([], 64);
      expect(slots.map(({ nodeId }) => nodeId)).toEqual(['n1', 'n2']);
      const pass = ['--user', aclUserName(user), '--pass', `password of ${user}`, '--no-auth-warning'];
      expect((await server.tryCli(...pass, 'KEYS', '*')).stdout).toMatch(/^NOPERM/);
      expect((await server.tryCli(...pass, 'SET', 'other', 'value')).stdout).toMatch(/^NOPERM/);
      expect(aclFile(usersOf(user), redis).notes.at(-1)).toMatch(/may write every slot/);
    },
  );
});
