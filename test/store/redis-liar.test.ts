/** Something in the place of a Redis or of its Sentinels: what it cannot do to us, and what people are told. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { CALL_MAX_BYTES } from '../../src/store/redis/bounds.ts';
import { connectGuarded, makeClient } from '../../src/store/redis/client.ts';
import type { RedisMemberStoreOptions } from '../../src/store/redis/member-store.ts';
import { RespGuard } from '../../src/store/redis/resp-guard.ts';
import { RedisServer } from '../backends/redis.ts';
import { FakeLog } from '../fakes/log.ts';
import { eventually } from '../scenario/eventually.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { type FakeAnswers, type FakeRedis, startFakeRedis } from './redis-fake.ts';
import { away, openRegistry } from './redis-registry.ts';

const SECRET = 'hunter2-of-the-cluster';
const password = Secret.fromText(SECRET);
/** Milliseconds, generous. */
const SOON_MS = 90_000;

/** A registry on a fake that greets well and then answers `name` with `answer`. */
async function openLiar(name: string, answer: string, options: Partial<RedisMemberStoreOptions> = {}) {
  const { port } = await startFakeRedis((asked) => (asked === name ? answer : null));
  return openRegistry({ port }, options);
}

describe('a server that answers a call', () => {
  const foreign = /it does not speak the Redis protocol$/;
  const tooMuch = /it sends more than it was asked for$/;

  it('as a Redis with nothing in it is taken for one', async () => {
    const store = await openLiar('-', '');
    expect(await store.read(['alice'], 64)).toMatchObject({ junkNames: 0, unreadNames: 0 });
  });

  it.each([
    ['with a list of 30 million, in lists', 'SCARD', '*30000000\r\n'.repeat(40), tooMuch],
    [
      'with a number of 300,000 digits',
      'SCARD',
      `(${'9'.repeat(300_000)}\r\n`,
      /it does not speak|it sends more/,
    ],
    ['with lists 200,000 deep', 'SCARD', '*1\r\n'.repeat(200_000), tooMuch],
    ['with a name of 300 MB', 'EXEC', `*1\r\n*1\r\n$${300 * 1024 * 1024}\r\n`, tooMuch],
    ['with infinity', 'SCARD', ',inf\r\n', foreign],
    ['with a word for a number', 'SCARD', '+abc\r\n', foreign],
    ['with less than nothing', 'SCARD', ':-1\r\n', foreign],
    ['with more than a number can hold', 'SCARD', ':9223372036854775807\r\n', foreign],
    ['with a word for a size', 'MEMORY', '+abc\r\n', foreign],
    ['with a list for a presence', 'EXISTS', '*0\r\n', foreign],
    ['with a number for a value', 'GETRANGE', ':1\r\n', foreign],
    ['with a value longer than asked for', 'GETRANGE', `$20000\r\n${'x'.repeat(20_000)}\r\n`, foreign],
    ['with a number for names', 'EXEC', '*1\r\n:1\r\n', foreign],
    ['with numbers for names', 'EXEC', '*1\r\n*1\r\n:1\r\n', foreign],
  ])('%s is left, and that is said', async (_, name, answer, reason) => {
    const store = await openLiar(name, answer);
    await expect(store.read(['alice'], 64)).rejects.toMatchObject(away(reason));
  });

  it('past the guard is left before it is asked anything', async () => {
    const { port } = await startFakeRedis(() => null);
    const access = { db: 0, username: null, password: null, tls: null };
    const made = makeClient({ host: '127.0.0.1', port }, access, { name: 'x', callBytes: CALL_MAX_BYTES });
    onTestFinished(() => made.client.destroy());
    const elsewhere = new RespGuard(CALL_MAX_BYTES);
    await expect(connectGuarded({ ...made, guard: elsewhere })).rejects.toThrow('cannot be checked');
  });

  it('in words of its own is quoted, cut, and without the password', async () => {
    const store = await openLiar('SET', `-ERR told ${SECRET} ${'x'.repeat(1000)}\r\n`, { password });
    const error: unknown = await store.probe().catch((reason: unknown) => reason);
    expect(error).toMatchObject(away(/it answered "ERR told \[secret\] x{90,110}"$/));
    expect((error as Error).cause).toBe(undefined);
  });
});

describe('a server that refuses the greeting', () => {
  const echo: FakeAnswers = (name, text) =>
    name === 'HELLO' ? `-ERR what is ${text.replaceAll('\r\n', ' ')}\r\n` : null;

  it('with our own words is not quoted', async () => {
    const { port, heard } = await startFakeRedis(echo);
    const log = new FakeLog();
    const store = openRegistry({ port }, { log, password });
    const error: unknown = await store.probe().catch((reason: unknown) => reason);
    expect(error).toMatchObject(away(/it does not let us in$/));
    expect(heard()).toContain(SECRET);
    await eventually('it is said', SOON_MS, () => log.lines.length > 0);
    expect(JSON.stringify([log.lines, error])).not.toMatch(/hunter2|what is/);
  });

  it('and one that says something else each time is said once in the log', async () => {
    let times = 0;
    const { port } = await startFakeRedis((name) =>
      name === 'PING' && ++times % 2 === 0 ? `-ERR nr ${times}\r\n` : null,
    );
    const log = new FakeLog();
    openRegistry({ port }, { log });
    await eventually('it was tried again', SOON_MS, () => times > 6);
    expect(log.events().filter((event) => event === 'cluster.redis.away')).toHaveLength(1);
  });
});

describe('of three Sentinels', () => {
  const naming = (host: string, port: number | string) => {
    const text = `*2\r\n$${host.length}\r\n${host}\r\n$${`${port}`.length}\r\n${port}\r\n`;
    return startFakeRedis((name) => (name === 'SENTINEL' ? text : null));
  };
  const nowhere = async () => ({ port: await freePorts(1) });
  const open = (sentinels: readonly Pick<FakeRedis, 'port'>[], log = new FakeLog()) => {
    const named = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
    const endpoint = { kind: 'sentinel', sentinels: named, master: 'm' } as const;
    return openRegistry({ endpoint }, { password, log });
  };

  it('one that lies while the others are away sends nobody anywhere, and hears no password', async () => {
    const thief = await startFakeRedis(() => null);
    const liar = await naming('127.0.0.1', thief.port);
    const store = open([liar, await nowhere(), await nowhere()]);
    await expect(store.probe()).rejects.toMatchObject(
      away(/of 3 Sentinels 1 name a master, and not more than half/),
    );
    expect(liar.heard()).toContain('SENTINEL');
    expect(`${liar.heard()}${thief.heard()}`).not.toContain(SECRET);
  });

  it('one that asks for a password is not shown it', async () => {
    const asking = await startFakeRedis(() => '-NOAUTH Authentication required.\r\n');
    await expect(open([asking]).probe()).rejects.toMatchObject(away(/not shown redis_password without TLS$/));
    expect(asking.heard()).not.toContain(SECRET);
  });

  it('two that agree are believed against a third', async () => {
    const redis = await RedisServer.start({ password: SECRET });
    const thief = await startFakeRedis(() => null);
    const honest = await Promise.all([naming('127.0.0.1', redis.port), naming('127.0.0.1', redis.port)]);
    await open([await naming('127.0.0.1', thief.port), ...honest]).probe();
    await redis.stop();
    expect(thief.heard()).toBe('');
  });

  it.each([
    ['a name of 300 letters', 'h'.repeat(300), 6379],
    ['a NUL', 'a\0b', 6379],
    ['what turns the text around', '\x1b[2J', 6379],
    ['a path', '/tmp/socket', 6379],
    ['nothing', '', 6379],
    ['no such port', '127.0.0.1', 99_999],
    ['port 0', '127.0.0.1', 0],
    ['a port in hex', '127.0.0.1', '0x1F'],
    ['a port before nothing', '127.0.0.1', -1],
  ])('all that name %s name nobody, and are not quoted', async (_, host, port) => {
    const sentinel = await naming(host, port);
    await expect(open([sentinel]).probe()).rejects.toMatchObject(
      away(/no Sentinel names a master: a Sentinel names a master without an address$/),
    );
  });

  it.each(['::1', 'redis-1.invalid'])('one alone that names %s is believed', async (host) => {
    const why = /(nobody listens there|its name (is not known|cannot be looked up now)|no way to it)$/;
    await expect(open([await naming(host, await freePorts(1))]).probe()).rejects.toMatchObject(away(why));
  });

  it('one that names 20 MB is refused before they have come', async () => {
    const sentinel = await naming('h'.repeat(20 * 1024 * 1024), 6379);
    const log = new FakeLog();
    await expect(open([sentinel], log).probe()).rejects.toMatchObject(
      away(/no Sentinel names a master: it sends more than it was asked for$/),
    );
    expect(JSON.stringify(log.lines).length).toBeLessThan(10_000);
  });
});
