/** Keepers of one roster, each with a connection of its own to a real Redis. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { RedisServer } from '../backends/redis.ts';
import { FakeRosterStore } from '../fakes/roster-store.ts';
import { openRegistry } from '../store/redis-registry.ts';
import { RosterNode } from './roster-node.ts';

const TIMES = 200;
let redis: RedisServer;

beforeAll(async () => {
  redis = await RedisServer.start();
});

afterAll(() => redis?.stop());

it('two admit the same newcomer at the same moment, two hundred times: one step each, and one roster for all', async () => {
  const open = (name: string) =>
    new RosterNode(name, openRegistry(redis, { nodeId: name }).roster, systemClock);
  const [a, b, c] = [open('a'), open('b'), open('c')] as const;
  await a.found();
  await a.admit(b);
  await a.admit(c);
  for (let i = 0; i < TIMES; i += 1) {
    const newcomer = new RosterNode(`new-${i}`, new FakeRosterStore(), systemClock);
    await Promise.all([a.admit(newcomer), b.admit(newcomer), c.keeper.sync()]);
  }
  for (const { keeper } of [a, b, c]) await keeper.sync();
  const rosters = [a, b, c].map(({ keeper }) => keeper.roster);
  expect(new Set(rosters.map((roster) => roster?.digest)).size).toBe(1);
  expect(c.names).toHaveLength(3 + TIMES);
  expect(c.keeper.steps).toHaveLength(3 + TIMES);
  const signers = c.keeper.steps.slice(3).map(({ signer }) => signer);
  process.stderr.write(`admitted by a: ${signers.filter((name) => name === 'a').length} of ${TIMES}\n`);
  expect([a, b, c].map(({ keeper }) => keeper.trouble)).toEqual([null, null, null]);
});
