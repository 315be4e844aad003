/** What a registry on Redis says of itself: a real one, with and without rights, and one that lies. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { aclFile, aclUserName } from '../../src/store/redis/acl.ts';
import { RedisServer } from '../backends/redis.ts';
import { startFakeRedis } from './redis-fake.ts';
import { openRegistry } from './redis-registry.ts';

const NOT_ALLOWED = { told: null, why: 'not_allowed' };
const NOT_TOLD = { told: null, why: 'not_told' };
const password = Secret.fromText('the password');

async function start(...plan: Parameters<typeof RedisServer.start>): Promise<RedisServer> {
  const server = await RedisServer.start(...plan);
  onTestFinished(() => server.stop());
  return server;
}

describe('the facts of a Redis', () => {
  it('without a password are that anybody gets in, as the default user', async () => {
    const facts = await openRegistry(await start()).describe();
    expect(facts).toEqual({
      kind: 'redis',
      tls: false,
      isOpen: { told: true },
      user: { told: 'default' },
      version: { told: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      role: { told: 'master' },
      appendOnly: { told: false },
      snapshots: { told: 0 },
      maxmemoryPolicy: { told: 'noeviction' },
    });
  });

  it('with a password and an append-only file say so', async () => {
    const server = await start({ password: 'the password', durable: true });
    expect(await openRegistry(server, { password }).describe()).toMatchObject({
      isOpen: { told: false },
      appendOnly: { told: true },
    });
  });

  it('are all told to the user of the ACL file', async () => {
    const server = await start({ acl: aclFile([{ nodeId: 'alice', password }]).text });
    const facts = await openRegistry(server, { username: aclUserName('alice'), password }).describe();
    expect(facts).toMatchObject({
      user: { told: 'fleet-alice' },
      isOpen: { told: false },
      appendOnly: { told: false },
      maxmemoryPolicy: { told: 'noeviction' },
    });
  });

  it('that a user may not ask for are told apart, and take nothing else away', async () => {
    const acl = 'user default reset\nuser poor on >pass ~* +@all -info -acl\n';
    const store = openRegistry(await start({ acl }), {
      username: 'poor',
      password: Secret.fromText('pass'),
    });
    expect(await store.describe()).toMatchObject({
      user: NOT_ALLOWED,
      appendOnly: NOT_ALLOWED,
      snapshots: NOT_ALLOWED,
      maxmemoryPolicy: NOT_ALLOWED,
      role: { told: 'master' },
      isOpen: { told: false },
    });
  });

  it('find a default user that is open beside the user with the password', async () => {
    const acl = 'user default on nopass ~* +@all\nuser fleet on >pass ~* +@all\n';
    const store = openRegistry(await start({ acl }), {
      username: 'fleet',
      password: Secret.fromText('pass'),
    });
    expect(await store.describe()).toMatchObject({ isOpen: { told: true }, user: { told: 'fleet' } });
  });

  it('hold no password of ours, should the server say it back', async () => {
    const server = await startFakeRedis((name) => (name === 'ACL' ? '$12\r\nthe password\r\n' : null));
    const facts = await openRegistry(server, { password }).describe();
    expect(facts).toMatchObject({ user: { told: '[secret]' } });
  });

  it('from a server that says nothing, or what could move a cursor, are not told or escaped', async () => {
    const info = 'txt:# Persistence\r\naof_enabled:0\r\nrdb_saves:many\r\nmaxmemory_policy:\u001b[2J\r\n';
    const server = await startFakeRedis((name) => {
      if (name === 'INFO') return `=${info.length}\r\n${info}\r\n`;
      return name === 'ACL' ? '-ERR no such thing\r\n' : null;
    });
    expect(await openRegistry(server).describe()).toMatchObject({
      user: NOT_TOLD,
      version: NOT_TOLD,
      snapshots: NOT_TOLD,
      maxmemoryPolicy: { told: '\\u001b[2J' },
    });
  });
});
