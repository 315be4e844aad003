/** A hostile hand in a real Redis: redis-cli with every right, first one thing after the other, then all at once. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisServer } from '../backends/redis.ts';
import { eventually } from './eventually.ts';
import { type HostileScene, hostileRegistry } from './hostile-registry.ts';
import { LiveCluster } from './live-cluster.ts';
import { RedisIntruder, redisOddities } from './redis-intruder.ts';
import { printStrain, StrainGauge } from './strain.ts';
import { STRANGER_RECORDS } from './stranger-records.ts';
import { seldomLate, ViewWitness } from './view-witness.ts';

/** Longer than the cluster's node_timeout of 8 s, so that whoever is taken for dead is dead by then. */
const LONG_MS = 11_000;
const DELETE_EACH_MS = 100;
const WAIT_MS = 90_000;
/** Times that each server was asked for its life while it was attacked. */
const ANSWERS = 100;
/** MB that a server may grow by while all of it goes on. Far less than any one of the values planted. */
const GROWTH_MB = 150;

let redis: RedisServer;

afterAll(() => redis?.stop());

/** And on until it was enough. */
async function forAWhile(
  ms: number,
  everyMs: number,
  act: () => Promise<unknown>,
  isEnough = () => true,
): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until || !isEnough()) {
    await act();
    await wait(everyMs);
  }
}

const members = (scene: HostileScene) => scene.cluster.servers.map(({ name }) => name);

function deleteAll(scene: HostileScene): Promise<void> {
  return redis.send(
    members(scene).flatMap((name) => [
      ['del', `fleet:cluster:node:${name}`],
      ['del', `fleet:cluster:heartbeat:${name}`],
    ]),
  );
}

/** All servers say so, and go on by themselves afterwards. */
async function registryIs(state: string, scene: HostileScene): Promise<void> {
  for (const { name, client } of scene.cluster.servers) {
    await eventually(`${name} calls the registry ${state}`, WAIT_MS, async () => {
      return (await client.health()).backend.state === state;
    });
  }
}

/** Whose rows are withheld may be unconfirmed; that is not knowing, and never a death. */
const WITHHELD = new Set(['healthy', 'unconfirmed']);

function expectNobodyMoved({ cluster }: HostileScene, witness: ViewWitness): void {
  for (const view of witness.views) {
    const members = view.map((line) => line.split(' '));
    expect(members.map(([name, , address]) => `${name} ${address}`)).toEqual(
      cluster.servers.map(({ name, port }) => `${name} 127.0.0.1:${port}`),
    );
    for (const [, state] of members) expect(WITHHELD).toContain(state);
  }
  expect(witness.looks).toBeGreaterThan(100);
}

function onlyRedis(scene: HostileScene): void {
  let witness: ViewWitness;

  beforeAll(() => {
    witness = new ViewWitness(scene.cluster.servers);
  });

  afterAll(() => witness?.stop());

  describe('with the whole of Redis, ', () => {
    it('FLUSHALL is survived', async () => {
      await redis.cli('flushall');
      await scene.goesOn();
    });

    it("every member's rows deleted each 100 ms are missing rows and no deaths", async () => {
      await forAWhile(LONG_MS, DELETE_EACH_MS, () => deleteAll(scene));
      await scene.goesOn();
    });

    it('a Redis that answers nobody (CLIENT PAUSE) is an unavailable registry and no death', async () => {
      await redis.cli('client', 'pause', String(2 * LONG_MS), 'all');
      await registryIs('unavailable', scene);
      await wait(LONG_MS);
      await registryIs('available', scene);
      await scene.goesOn();
    });

    it.each([
      ['a full memory', ['config', 'set', 'maxmemory', '1'], ['config', 'set', 'maxmemory', '0']],
      [
        'too few replicas',
        ['config', 'set', 'min-replicas-to-write', '3'],
        ['config', 'set', 'min-replicas-to-write', '0'],
      ],
      ['a right taken away', ['acl', 'setuser', 'default', '-set'], ['acl', 'setuser', 'default', '+set']],
      [
        'writes that wait (CLIENT PAUSE WRITE)',
        ['client', 'pause', String(3 * LONG_MS), 'write'],
        ['client', 'unpause'],
      ],
    ])('a Redis that takes no writes is no death: %s', async (_, begin, end) => {
      await redis.cli(...begin);
      await registryIs('unavailable', scene);
      await wait(LONG_MS);
      await redis.cli(...end);
      await registryIs('available', scene);
      await scene.goesOn();
    });

    it('names and the list of names may be anything: 50 MB, 100,000 of them, a list', async () => {
      const set = 'fleet:cluster:newcomers';
      await redis.send([['sadd', set, Buffer.alloc(50_000_000, 'x')]]);
      await scene.goesOn();
      await redis.send(Array.from({ length: 100_000 }, (_, i) => ['sadd', set, `nobody-${i}`]));
      await scene.goesOn();
      await redis.send([
        ['del', set],
        ['rpush', set, 'server-01'],
      ]);
      await scene.goesOn();
      await eventually(
        'the set is a set again',
        WAIT_MS,
        async () => (await redis.cli('type', set)) === 'set',
      );
    });
  });

  describe('with everything at once, ', () => {
    it('nobody is moved, and the servers stay level in memory and answer all the time', async () => {
      const { cluster, intruder, forger } = scene;
      const gauge = new StrainGauge(cluster.servers);
      const oddities = redisOddities(() => redis);
      await intruder.crowd(
        Array.from({ length: 10_000 }, (_, i) => `crowd-${i}`),
        'junk',
      );
      const attack = async () => {
        for (const { type, nodeId, content } of STRANGER_RECORDS)
          await intruder.write({ type, nodeId }, content(forger, nodeId));
        for (const [i, { put }] of oddities.entries()) await put(`odd-${i}`);
        const [first = '', second = ''] = members(scene);
        await intruder.write({ type: 'node', nodeId: first }, '{}');
        await intruder.write({ type: 'heartbeat', nodeId: second }, Buffer.alloc(1_000_000, '['));
        await deleteAll(scene);
        await redis.cli('client', 'pause', '300', 'all');
      };
      await forAWhile(2 * LONG_MS, DELETE_EACH_MS, attack, () => gauge.answers > ANSWERS);
      await redis.cli('flushall');
      const strains = await gauge.stop();
      printStrain('everything at once', strains);
      for (const { memoryBefore, memoryMost, answers } of strains) {
        expect(memoryMost - memoryBefore).toBeLessThan(GROWTH_MB);
        expect(answers).toBeGreaterThan(ANSWERS);
      }
      await scene.goesOn();
    });

    it('and afterwards every view is what it was before', async () => {
      await scene.cluster.settled();
      await witness.stop();
      expectNobodyMoved(scene, witness);
      for (const { client } of scene.cluster.servers) {
        const states = (await client.nodes()).map(({ node_id, state }) => `${node_id} ${seldomLate(state)}`);
        expect(states).toEqual(members(scene).map((name) => `${name} healthy`));
      }
    });
  });
}

hostileRegistry({
  async open(plan) {
    redis = await RedisServer.start();
    const cluster = await LiveCluster.start({ ...plan, redis });
    return { cluster, intruder: new RedisIntruder(redis) };
  },
  oddities: redisOddities(() => redis),
  more: onlyRedis,
});
