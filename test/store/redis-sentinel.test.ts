/** The registry on the master that Sentinels name: found, followed when it changes, and looked for when it is gone. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { RedisMemberStore, RedisMemberStoreOptions } from '../../src/store/redis/member-store.ts';
import { RedisServer } from '../backends/redis.ts';
import { MASTER_NAME, Sentinels } from '../backends/sentinel.ts';
import { eventually } from '../scenario/eventually.ts';
import { runForeign } from '../scenario/foreign-program.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { away, beat, openRegistry } from './redis-registry.ts';

/** Milliseconds for a failover: about two are its rule, the rest is for a slow machine. */
const FAILOVER_MS = 40_000;

async function startWatched(password?: string) {
  const secret = password === undefined ? {} : { password };
  const master = await RedisServer.start(secret);
  onTestFinished(() => master.stop());
  const replica = await RedisServer.start({ ...secret, replicaOf: master });
  onTestFinished(() => replica.stop());
  await eventually('the replica follows', FAILOVER_MS, async () =>
    /master_link_status:up/.test(await replica.cli('INFO', 'replication')),
  );
  const sentinels = await Sentinels.watch(master, secret);
  onTestFinished(() => sentinels.stop());
  for (const port of sentinels.ports)
    await eventually('the Sentinels know all', FAILOVER_MS, async () => {
      const known = await ask(port, 'SENTINEL', 'MASTER', MASTER_NAME);
      return /num-slaves\n1\nnum-other-sentinels\n2\n/.test(known);
    });
  return { master, replica, sentinels };
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
  it('is on their master, and on the next one when that dies', async () => {
    const { master, replica, sentinels } = await startWatched('of-the-cluster');
    const store = open(sentinels.ports, { password: Secret.fromText('of-the-cluster') });
    await store.putOwn(beat);
    expect(await master.cli('EXISTS', 'fleet:cluster:node:alice')).toBe('1');
    await master.process.end();
    await written(store);
    expect(await replica.cli('ROLE')).toMatch(/^master/);
    expect((await store.read(['alice'], 0)).slots[0]?.node.kind).toBe('bytes');
  });

  it('moves with a failover that somebody orders, without a word from the old master', async () => {
    const { replica, sentinels } = await startWatched();
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

  it('is found though some Sentinels are away', async () => {
    const { sentinels } = await startWatched();
    const dead = await freePorts(1);
    await open([dead, ...sentinels.ports]).probe();
  });

  it('cannot be used when no Sentinel answers or none knows its name, and that is said', async () => {
    const { sentinels } = await startWatched();
    await expect(open([await freePorts(1)]).probe()).rejects.toMatchObject(
      away(/no Sentinel names a master: nobody listens there$/, /redis_sentinels/),
    );
    await expect(open(sentinels.ports, { master: 'other' }).probe()).rejects.toMatchObject(
      away(/know no master of that name$/, /redis_sentinel_master/),
    );
  });

  it('shows its password to a Sentinel only when that asks for it', async () => {
    const { sentinels } = await startWatched('of-the-cluster');
    for (const port of sentinels.ports)
      await ask(port, 'ACL', 'SETUSER', 'default', 'resetpass', '>of-the-cluster');
    await open(sentinels.ports, { password: Secret.fromText('of-the-cluster') }).probe();
    await expect(open(sentinels.ports).probe()).rejects.toMatchObject(
      away(/no Sentinel names a master: it asks for a password$/),
    );
  });
});
