/** kill -9 for whoever carries a rotation on, in each of its phases: the others end it, and all verify each other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/protocol/roster-step.ts';
import { RedisServer } from '../backends/redis.ts';
import { ChainIntruder } from './chain-intruder.ts';
import { eventually } from './eventually.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { RedisIntruder } from './redis-intruder.ts';
import { fieldsOf } from './registry-intruder.ts';
import { secretOnDisk } from './secret-on-disk.ts';
import { TrustClient } from './trust-client.ts';

const WAIT_MS = 90_000;

let redis: RedisServer;
let cluster: LiveCluster;
let chain: ChainIntruder;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await LiveCluster.start({ servers: 4, intervalSeconds: 1, timeoutSeconds: 3, redis });
  chain = new ChainIntruder(redis);
});

afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
});

/** The first step behind `epoch` that does so, as soon as it lies in Redis. */
function stepWith(op: Operation['op'], epoch: number) {
  return eventually(`somebody wrote ${op}`, WAIT_MS, async () =>
    (await chain.steps()).find(
      (step) => step.epoch > epoch && step.operations.some((operation) => operation.op === op),
    ),
  );
}

/** Every server's newest heartbeat says that it signs with the pending secret. */
async function allSign(keyId: string | null): Promise<boolean> {
  const intruder = new RedisIntruder(redis);
  const slots = cluster.servers.map(({ name }) => ({ type: 'heartbeat', nodeId: name }) as const);
  const beats = await Promise.all(slots.map((slot) => fieldsOf(intruder, slot)));
  return beats.every((beat) => beat.signs === keyId);
}

/** Each by who is to die then, in a rotation that was begun behind that epoch. */
const MOMENTS: readonly (readonly [string, (epoch: number) => Promise<string>])[] = [
  ['right after prepare: who began', async (epoch) => (await stepWith('prepare_secret', epoch)).signer],
  ['right after activate: who wrote it', async (epoch) => (await stepWith('activate_secret', epoch)).signer],
  [
    'before retire, when all sign with the new one: who began',
    async (epoch) => {
      const { signer, operations } = await stepWith('prepare_secret', epoch);
      const [prepare] = operations.flatMap((one) => (one.op === 'prepare_secret' ? [one] : []));
      await eventually('all sign with it', WAIT_MS, () => allSign(prepare?.key_id ?? null));
      return signer;
    },
  ],
];

describe('the coordinator of a rotation is killed', () => {
  it.each(MOMENTS)('%s', async (_, victimBehind) => {
    const [first] = cluster.servers as [LiveServer];
    const { epoch, key_id: before } = await new TrustClient(first).roster();
    await new TrustClient(first).rotate();
    const victim = cluster.server(await victimBehind(epoch));
    await victim.process.kill();
    const died = performance.now();
    const retire = await stepWith('retire_secret', epoch);
    const intervals = (performance.now() - died) / cluster.intervalMs;
    process.stderr.write(
      `${victim.name} killed; ${retire.signer} ended the rotation ${intervals.toFixed(1)} intervals later\n`,
    );
    expect(retire.signer).not.toBe(victim.name);
    for (const server of cluster.servers.filter(({ process }) => process.isRunning)) {
      await eventually(`${server.name} has retired the old one`, WAIT_MS, async () =>
        (await new TrustClient(server).roster()).retired_key_ids.includes(before),
      );
    }
    await cluster.settled();
    await victim.process.start();
    await cluster.settled();
    const { key_id: keyId } = await new TrustClient(first).roster();
    await eventually('every config.yaml has it', WAIT_MS, () =>
      cluster.servers.every((server) => secretOnDisk(server).keyId === keyId),
    );
  });
});
