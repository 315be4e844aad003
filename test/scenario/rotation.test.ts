/**
 * The cluster secret changed while servers run, on a real Redis: nobody is refused, nobody restarts, and whoever was
 * away finds the new one by the chain.
 */
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rosterKey } from '../../src/protocol/registry-key.ts';
import type { RotationView } from '../../src/services/trust/rotation-view.ts';
import { RedisServer } from '../backends/redis.ts';
import { refusalsAt, refusedTimes } from './complaints.ts';
import { eventually, timeUntil } from './eventually.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { newIdentityKey, RecordForger } from './record-forger.ts';
import { RedisIntruder } from './redis-intruder.ts';
import { secretOnDisk } from './secret-on-disk.ts';
import { TrustClient } from './trust-client.ts';
import { ViewWitness } from './view-witness.ts';

/** Milliseconds for a whole rotation in which nobody is absent, or somebody is: the busy machine takes the most. */
const ROTATED_MS = 120_000;
/** At what each server says, from before a rotation to its end. */
const LOOKS = 50;
const COMMENT = '\n# Kept: "cluster_secret: x" was here   \n';

let redis: RedisServer;
let cluster: LiveCluster;

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await LiveCluster.start({ servers: 4, intervalSeconds: 2, timeoutSeconds: 6, redis });
  for (const { configPath } of cluster.servers) appendFileSync(configPath, COMMENT);
});

afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
});

const first = () => cluster.servers[0] as LiveServer;
const trust = (server: LiveServer = first()) => new TrustClient(server);
const keyIdAt = async (server: LiveServer) => (await trust(server).roster()).key_id;

/** All of these have retired `keyId`. */
async function retired(keyId: string, servers: readonly LiveServer[] = cluster.servers): Promise<void> {
  await Promise.all(
    servers.map((server) =>
      eventually(`${server.name} has retired ${keyId}`, ROTATED_MS, async () =>
        (await trust(server).roster()).retired_key_ids.includes(keyId),
      ),
    ),
  );
}

/** Every different thing that was said of a rotation until it was over. */
async function watched(on: LiveServer, keyId: string): Promise<RotationView[]> {
  const views: RotationView[] = [];
  await eventually('the rotation is over', ROTATED_MS, async () => {
    views.push(await trust(on).rotation());
    return (await trust(on).roster()).retired_key_ids.includes(keyId);
  });
  views.push(await trust(on).rotation());
  return views;
}

const REFUSED = new Set(['unknown_key', 'retired_key', 'invalid_signature', 'evicted', 'not_member']);
const wronglyRefused = async (server: LiveServer) =>
  (await refusalsAt(server)).filter(({ code }) => REFUSED.has(code));

describe('a routine rotation', () => {
  let before: string;

  it('refuses no heartbeat, restarts nothing and moves nobody, and every config.yaml has the new secret', async () => {
    before = await keyIdAt(first());
    const files = cluster.servers.map(secretOnDisk);
    const runs = (await first().client.nodes()).map(({ started_at, incarnation }) => [
      started_at,
      incarnation,
    ]);
    const witness = new ViewWitness(cluster.servers);
    await trust().rotate();
    const views = await watched(first(), before);
    await retired(before);
    await eventually('everybody was looked at often', ROTATED_MS, () => witness.looks > LOOKS);
    await witness.stop();

    for (const server of cluster.servers) expect(await wronglyRefused(server), server.name).toEqual([]);
    for (const view of witness.views) {
      expect(view.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(
        cluster.servers.map(({ name }) => `${name} healthy`),
      );
    }
    const after = (await first().client.nodes()).map(({ started_at, incarnation }) => [
      started_at,
      incarnation,
    ]);
    expect(after).toEqual(runs);
    expect(new Set(views.map(({ phase }) => phase))).toEqual(new Set(['prepared', 'active', null]));
    const keyId = await keyIdAt(first());
    expect(keyId).not.toBe(before);
    await eventually('every config.yaml has it', ROTATED_MS, () =>
      cluster.servers.every((server) => secretOnDisk(server).keyId === keyId),
    );
    for (const [i, server] of cluster.servers.entries()) {
      const { text = '', secret = '' } = files[i] ?? {};
      const now = secretOnDisk(server);
      expect(now.text).toBe(text.replace(secret, now.secret));
      expect(now.text).toContain(COMMENT);
      expect(now.mode).toBe(0o600);
    }
  });

  it('ends with the old secret refused by all as retired_key, within two intervals', async () => {
    const forger = new RecordForger(cluster.secrets);
    const identityKey = newIdentityKey();
    const fields = forger.nodeFields('old-hand', identityKey);
    const slot = { type: 'node', nodeId: 'old-hand' } as const;
    const written = performance.now();
    await new RedisIntruder(redis).write(slot, forger.sign(fields, { type: 'node', identityKey }));
    const refused = await Promise.all(
      cluster.servers.map((server) =>
        timeUntil(`${server.name} refuses it`, ROTATED_MS, written, async () => {
          return (await refusedTimes(server, 'retired_key', 'old-hand')) > 0;
        }),
      ),
    );
    const intervals = Math.max(...refused.map(({ afterMs }) => afterMs)) / cluster.intervalMs;
    process.stderr.write(`the old secret: refused by all after ${intervals.toFixed(2)} intervals\n`);
    for (const { afterMs, lateMs } of refused)
      expect(afterMs).toBeLessThanOrEqual(2 * cluster.intervalMs + lateMs);
  });

  it('is abandoned, and nothing has changed but that its secret never counts', async () => {
    const [keyId, files] = [await keyIdAt(first()), cluster.servers.map(secretOnDisk)];
    await trust().rotate();
    const { next_key_id: next } = await trust().rotation();
    await expect(trust().rotate()).rejects.toThrow(/^rotation_runs/);
    await trust(cluster.server('server-02')).abandon();
    await retired(next ?? '');
    await expect(trust().abandon()).rejects.toThrow(/rotation_none/);
    expect(await keyIdAt(first())).toBe(keyId);
    expect(cluster.servers.map(secretOnDisk)).toEqual(files);
    for (const server of cluster.servers)
      expect((await wronglyRefused(server)).map(({ node_id }) => node_id)).toEqual(['old-hand']);
    await cluster.settled();
  });
});

describe('who is away for the whole of a rotation', () => {
  it('is named, stopped or killed, blocks nothing, and comes back by the chain, also after Redis was emptied', async () => {
    const [stopped, killed] = [cluster.server('server-03'), cluster.server('server-04')];
    const present = cluster.servers.slice(0, 2);
    const before = await keyIdAt(first());
    stopped.process.signal('SIGSTOP');
    await killed.process.kill();
    await trust().rotate();
    const views = await watched(first(), before);
    const sentences = views.map(({ sentence }) => sentence);
    expect(sentences).toContainEqual(
      expect.stringMatching(/server-03, server-04 absent, and will find it when back/),
    );
    await retired(before, present);
    expect(secretOnDisk(stopped).keyId).toBe(before);

    const { epoch } = await trust().roster();
    await redis.cli('flushall');
    // Who comes back before the others have put it back knows no better than its own disk, and is refused till then.
    await eventually('the chain is put back', ROTATED_MS, async () =>
      (await redis.cli('exists', rosterKey(epoch))).includes('1'),
    );
    stopped.process.signal('SIGCONT');
    await killed.process.start();
    await cluster.settled();
    const keyId = await keyIdAt(first());
    await eventually('every config.yaml has the new one', ROTATED_MS, () =>
      cluster.servers.every((server) => secretOnDisk(server).keyId === keyId),
    );
    for (const server of present)
      for (const { name } of [stopped, killed])
        expect(await refusedTimes(server, 'retired_key', name), `${name} at ${server.name}`).toBe(0);
  });
});
