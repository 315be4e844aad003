/** The registry on the master that Sentinels name: found, followed when it changes, and looked for when it is gone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { RedisMemberStore, RedisMemberStoreOptions } from '../../src/store/redis/member-store.ts';
import { RedisServer } from '../backends/redis.ts';
import { MASTER_NAME, Sentinels } from '../backends/sentinel.ts';
import { eventually } from '../scenario/eventually.ts';
import { runForeign } from '../scenario/foreign-program.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { away, beat, openRegistry } from './redis-registry.ts';

/** Milliseconds for a failover: about two are its rule, the rest is for a slow machine. */
const FAILOVER_MS = 120_000;

interface Watched {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: Sentinels;
}

async function startWatched(password?: string): Promise<Watched> {
  const secret = password === undefined ? {} : { password };
  const master = await RedisServer.start(secret);
  const replica = await RedisServer.start({ ...secret, replicaOf: master });
  await eventually('the replica follows', FAILOVER_MS, async () =>
    /master_link_status:up/.test(await replica.cli('INFO', 'replication')),
  );
  const sentinels = await Sentinels.watch(master, secret);
  for (const port of sentinels.ports)
    await eventually('the Sentinels know all', FAILOVER_MS, async () => {
      const known = await ask(port, 'SENTINEL', 'MASTER', MASTER_NAME);
      return /num-slaves\n1\nnum-other-sentinels\n2\n/.test(known);
    });
  return { master, replica, sentinels };
}

async function stop({ master, replica, sentinels }: Watched): Promise<void> {
  await sentinels.stop();
  await replica.stop();
  await master.stop();
}

/** redis-cli on one Sentinel. */
async function ask(port: number, ...command: string[]): Promise<string> {
  const ran = await runForeign('redis-cli', '-p', `${port}`, ...command);
  if (ran === null) throw new Error('there is no redis-cli on this machine');
  return ran.stdout;
}

function open(
  ports: readonly number[],
  { master = MASTER_NAME, ...options }: Partial<RedisMemberStoreOptions> & { master?: string } = {},
): RedisMemberStore {
  const sentinels = ports.map((port) => ({ host: '127.0.0.1', port }));
  return openRegistry({ endpoint: { kind: 'sentinel', sentinels, master } }, options);
}

const written = (store: RedisMemberStore) =>
  eventually('the registry takes writes', FAILOVER_MS, async () => {
    await store.putOwn(beat);
    await store.probe();
    return true;
  });

describe('the registry behind Sentinels', () => {
  let watched: Watched;
  beforeAll(async () => {
    watched = await startWatched();
  });
  afterAll(() => stop(watched));

  it('is found though some Sentinels are away', async () => {
    const dead = await freePorts(1);
    await open([dead, ...watched.sentinels.ports]).probe();
  });

  it('cannot be used when no Sentinel answers or none knows its name, and that is said', async () => {
    await expect(open([await freePorts(1)]).probe()).rejects.toMatchObject(
      away(/no Sentinel names a master: nobody listens there$/, /redis_sentinels/),
    );
    await expect(open(watched.sentinels.ports, { master: 'other' }).probe()).rejects.toMatchObject(
      away(/know no master of that name$/, /redis_sentinel_master/),
    );
  });

  it('moves with a failover that somebody orders, without a word from the old master', async () => {
    const { replica, sentinels } = watched;
    const store = open(sentinels.ports);
    await store.putOwn(beat);
    expect(await ask(sentinels.ports[0] ?? 0, 'SENTINEL', 'FAILOVER', MASTER_NAME)).toBe('OK\n');
    await eventually('the other one is master', FAILOVER_MS, async () =>
      /^master/.test(await replica.cli('ROLE')),
    );
    await eventually('the registry is on it', FAILOVER_MS, async () => {
      await store.probe();
      return (await replica.cli('EXISTS', 'fleet:cluster:probe:alice')) === '1';
    });
  });
});

describe('the registry behind Sentinels that need a password for Redis', () => {
  const password = Secret.fromText('of-the-cluster');
  let watched: Watched;
  beforeAll(async () => {
    watched = await startWatched(password.revealText());
  });
  afterAll(() => stop(watched));

  it('shows it to no Sentinel that asks for it without TLS, and says so', async () => {
    const { ports } = watched.sentinels;
    const asking = (rule: string) =>
      Promise.all(ports.map((port) => ask(port, 'ACL', 'SETUSER', 'default', 'resetpass', rule)));
    await open(ports, { password }).probe();
    await asking(`>${password.revealText()}`);
    await expect(open(ports, { password }).probe()).rejects.toMatchObject(
      away(
        /no Sentinel names a master: it asks for a password, and is not shown redis_password without TLS$/,
      ),
    );
    await expect(open(ports).probe()).rejects.toMatchObject(
      away(/no Sentinel names a master: it asks for a password$/),
    );
    for (const port of ports)
      await ask(port, '-a', password.revealText(), 'ACL', 'SETUSER', 'default', 'nopass');
    await open(ports, { password }).probe();
  });

  it('is on their master, and on the next one when that dies', async () => {
    const { master, replica, sentinels } = watched;
    const store = open(sentinels.ports, { password });
    await store.putOwn(beat);
    expect(await master.cli('EXISTS', 'fleet:cluster:node:alice')).toBe('1');
    await master.process.end();
    await written(store);
    expect(await replica.cli('ROLE')).toMatch(/^master/);
    expect((await store.read(['alice'], 0)).slots[0]?.node.kind).toBe('bytes');
  });
});
