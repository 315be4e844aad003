/** The way to Redis when it is not as it should be: what people are told, and that it heals by itself. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { RedisMemberStore } from '../../src/store/redis/member-store.ts';
import { type RedisPlan, RedisServer } from '../backends/redis.ts';
import { FakeLog } from '../fakes/log.ts';
import { eventually } from '../scenario/eventually.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { makeRedisCertificates } from './redis-certificates.ts';
import { RedisLink } from './redis-link.ts';
import { away, beat, openRegistry } from './redis-registry.ts';

/** Milliseconds: generous, on a machine that does other things too. The promise of 5 s is the fault stand's to measure. */
const NOTICED_MS = 90_000;

async function startRedis(plan: RedisPlan = {}): Promise<RedisServer> {
  const redis = await RedisServer.start(plan);
  onTestFinished(() => redis.stop());
  return redis;
}

const refused = (store: RedisMemberStore) =>
  eventually('the registry is refused', NOTICED_MS, () =>
    store.probe().then(
      () => false,
      (error: unknown) => error,
    ),
  );

const healed = (store: RedisMemberStore) =>
  eventually('the registry is back', NOTICED_MS, async () => {
    await store.putOwn(beat);
    await store.probe();
    return (await store.read(['alice'], 0)).slots[0]?.node.kind === 'bytes';
  });

describe('a Redis that is away', () => {
  it('at the start refuses calls with the reason, and is found when it comes', async () => {
    const port = await freePorts(1);
    const log = new FakeLog();
    const store = openRegistry({ port }, { log });
    const why = away(/nobody listens there$/, /redis_host and redis_port/);
    await expect(store.putOwn(beat)).rejects.toMatchObject(why);
    await expect(store.read(['alice'], 0)).rejects.toMatchObject(why);
    await expect(store.inspect('node', 'alice')).rejects.toMatchObject(why);
    await expect(store.probe()).rejects.toMatchObject(why);
    const found = await startRedis();
    await store.close();
    expect(log.events()).toEqual(['cluster.redis.away']);
    await healed(openRegistry(found));
  });

  it('and comes back empty is written anew', async () => {
    const redis = await startRedis();
    const store = openRegistry(redis);
    await healed(store);
    await redis.process.end();
    await expect(store.read(['alice'], 0)).rejects.toMatchObject(
      away(/nobody listens|closed the connection|was cut/),
    );
    await redis.process.start();
    const empty = await eventually('it is read again', NOTICED_MS, () => store.read(['alice'], 64));
    expect(empty.slots[0]).toMatchObject({ node: { kind: 'missing' }, heartbeat: { kind: 'missing' } });
    await healed(store);
  });

  it('has a name that nobody knows', async () => {
    const endpoint = { kind: 'single', host: 'redis.invalid', port: 6379 } as const;
    await expect(openRegistry({ endpoint }).probe()).rejects.toMatchObject(
      away(/its name (is not known|cannot be)/),
    );
  });

  it('says so once in the log, however often it is tried', async () => {
    const redis = await startRedis();
    const log = new FakeLog();
    const link = await RedisLink.to(redis.port);
    const store = openRegistry(link, { log });
    await healed(store);
    await redis.process.end();
    await refused(store);
    const tries = link.joined;
    await eventually('it was tried again', NOTICED_MS, () => link.joined > tries + 4);
    const lost = log.lines.filter(({ event }) => event === 'cluster.redis.away');
    expect(lost).toHaveLength(new Set(lost.map(({ fields }) => fields.reason)).size);
  });
});

describe('a Redis that stops answering', () => {
  it('because it is stopped is noticed, and used again when it goes on', async () => {
    const redis = await startRedis();
    const store = openRegistry(redis);
    await healed(store);
    redis.process.signal('SIGSTOP');
    expect(await refused(store)).toMatchObject(away(/it does not answer in time$/));
    redis.process.signal('SIGCONT');
    await healed(store);
  });

  it('because its clients are paused is noticed, and used again afterwards', async () => {
    const redis = await startRedis();
    const store = openRegistry(redis);
    await healed(store);
    await redis.cli('CLIENT', 'PAUSE', '8000', 'ALL');
    expect(await refused(store)).toMatchObject(away(/it does not answer in time$/));
    await healed(store);
  });

  it('because the network drops everything is noticed, by an idle store too', async () => {
    const redis = await startRedis();
    const link = await RedisLink.to(redis.port);
    const log = new FakeLog();
    const store = openRegistry(link, { log });
    await healed(store);
    link.state = 'silent';
    await eventually('it is said', NOTICED_MS, () => log.events().includes('cluster.redis.away'));
    expect(await refused(store)).toMatchObject(away(/it does not answer in time$/));
    link.state = 'open';
    await healed(store);
  });

  it('except for a byte now and then is given up', async () => {
    const redis = await startRedis();
    const link = await RedisLink.to(redis.port);
    const store = openRegistry(link);
    await healed(store);
    link.state = 'trickling';
    await expect(store.read(['alice'], 0)).rejects.toMatchObject(away(/it does not answer in time$/));
    link.state = 'open';
    await healed(store);
  });
});

describe('a Redis that says no', () => {
  it.each([
    ['without a password', null, null, /it asks for a password$/],
    ['with a wrong password', null, 'wrong', /the user or the password is wrong$/],
    ['with a user it does not know', 'nobody', 'right', /the user or the password is wrong$/],
  ])('%s', async (_, username, password, reason) => {
    const redis = await startRedis({ password: 'right' });
    const store = openRegistry(redis, {
      username,
      password: password === null ? null : Secret.fromText(password),
    });
    await expect(store.probe()).rejects.toMatchObject(away(reason, /redis_password/));
  });

  it('until its password is the one we have', async () => {
    const redis = await startRedis({ password: 'right' });
    const log = new FakeLog();
    const store = openRegistry(redis, { log, password: Secret.fromText('the next password') });
    await expect(store.probe()).rejects.toMatchObject(away(/password is wrong$/));
    await redis.cli('CONFIG', 'SET', 'requirepass', 'the next password');
    await healed(store);
    expect(JSON.stringify([log.lines, store])).not.toContain('the next password');
    expect(store.address).not.toContain('password');
  });

  it('because it is a replica', async () => {
    const master = await startRedis();
    const replica = await startRedis({ replicaOf: master });
    await expect(openRegistry(replica).probe()).rejects.toMatchObject(away(/it is a replica/, /Sentinels/));
  });

  it('since it became a replica, until it is a master again', async () => {
    const [redis, master] = [await startRedis(), await startRedis()];
    const store = openRegistry(redis);
    await healed(store);
    await redis.cli('REPLICAOF', '127.0.0.1', `${master.port}`);
    expect(await refused(store)).toMatchObject(away(/it is a replica/));
    await expect(store.read(['alice'], 0)).rejects.toMatchObject(away(/it is a replica/));
    await redis.cli('REPLICAOF', 'NO', 'ONE');
    await healed(store);
  });

  it('because its memory is full', async () => {
    const redis = await startRedis();
    const store = openRegistry(redis);
    await healed(store);
    await redis.cli('CONFIG', 'SET', 'maxmemory', '1');
    await expect(store.putOwn(beat)).rejects.toMatchObject(away(/its memory is full$/, /maxmemory/));
    expect((await store.read(['alice'], 0)).slots).toHaveLength(1);
  });

  it('because it has no database of that number', async () => {
    const redis = await startRedis();
    await expect(openRegistry(redis, { db: 99 }).probe()).rejects.toMatchObject(
      away(/no database of that number$/),
    );
  });

  it('in another language', async () => {
    const port = await startForgetful('HTTP/1.1 400 Bad Request\r\n\r\n');
    await expect(openRegistry({ port }).probe()).rejects.toMatchObject(away(/not speak the Redis protocol$/));
  });

  it('to nothing and keeps nothing: a probe notices', async () => {
    const port = await startForgetful();
    await expect(openRegistry({ port }).probe()).rejects.toMatchObject(
      away(/does not keep what is written$/),
    );
  });
});

describe('TLS', () => {
  const NAME = 'redis.example.test';

  it('is spoken with a server that the own authority vouches for by its name', async () => {
    const { ca, files } = await makeRedisCertificates(NAME);
    const redis = await startRedis({ tls: files });
    await healed(openRegistry(redis, { tls: { ca, serverName: NAME } }));
  });

  it('is refused to a server of an unknown authority, of another name, or to one that does not speak it', async () => {
    const [{ ca, files }, other] = [await makeRedisCertificates(NAME), await makeRedisCertificates(NAME)];
    const redis = await startRedis({ tls: files });
    const probe = (serverName: string | null, authority: string | null, port = redis.port) =>
      openRegistry({ port }, { tls: { ca: authority, serverName } }).probe();
    const untrusted = away(/its certificate is not trusted$/, /redis_ca_file/);
    await expect(probe(NAME, other.ca)).rejects.toMatchObject(untrusted);
    await expect(probe(NAME, null)).rejects.toMatchObject(untrusted);
    const misnamed = away(/its certificate is for another name$/, /redis_server_name/);
    await expect(probe('other.example.test', ca)).rejects.toMatchObject(misnamed);
    await expect(probe(null, ca)).rejects.toMatchObject(misnamed);
    await expect(probe('127.0.0.1', ca)).rejects.toMatchObject(away(/is an address, not a name$/));
    const plain = await startRedis();
    await expect(probe(NAME, ca, plain.port)).rejects.toMatchObject(
      away(/it does not answer in time$/, /redis_tls/),
    );
    await expect(openRegistry(redis).probe()).rejects.toMatchObject(away(/closed the connection$|was cut$/));
  });
});

describe('closing', () => {
  it.each(['open', 'silent'] as const)(
    'ends all connections of a link that is %s, and does not wait',
    async (state) => {
      const redis = await startRedis();
      const link = await RedisLink.to(redis.port);
      const store = openRegistry(link);
      await healed(store);
      link.state = state;
      const pending = state === 'silent' ? store.probe() : undefined;
      const left = pending && expect(pending).rejects.toMatchObject(away(/has left it$/));
      await store.close();
      await store.close();
      await left;
      await expect(store.putOwn(beat)).rejects.toMatchObject(away(/has left it$/));
      await eventually('the connections are gone', NOTICED_MS, () => link.connections === 0);
    },
  );
});

/** A server that says OK to everything and has nothing, or always the same. */
async function startForgetful(always?: string): Promise<number> {
  const port = await freePorts(1);
  const sockets = new Set<Socket>();
  const answers: Readonly<Record<string, string>> = {
    HELLO: '%1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n',
    PING: '+PONG\r\n',
    GETRANGE: '$0\r\n\r\n',
  };
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const [, name = ''] of text.matchAll(/\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n/g))
        socket.write(always ?? answers[name] ?? '+OK\r\n');
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}
