/**
 * The roster of a live cluster on a real Redis, attacked: by whoever can write to Redis, and by a member that lies, with
 * every shared secret. Nobody is added, taken out, revived or spoken for, and each attempt is seen.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import type { Operation, RosterStep } from '../../src/protocol/roster-step.ts';
import { RedisServer } from '../backends/redis.ts';
import { ChainIntruder, forgeStep } from './chain-intruder.ts';
import { foundByAll, refusedTimes } from './complaints.ts';
import { eventually } from './eventually.ts';
import { LiveCluster, type LiveServer } from './live-cluster.ts';
import { newIdentityKey, RecordForger, stolenKey } from './record-forger.ts';
import { RedisIntruder } from './redis-intruder.ts';
import { afterBeat, fieldsOf, type Slot } from './registry-intruder.ts';
import { secretOnDisk } from './secret-on-disk.ts';
import { TrustClient } from './trust-client.ts';

const WAIT_MS = 90_000;
/** A member whose disk was read. */
const THIEF = 'server-03';

let redis: RedisServer;
let cluster: LiveCluster;
let chain: ChainIntruder;
let intruder: RedisIntruder;
/** As it all was in the beginning. */
let oldest: { readonly steps: readonly RosterStep[]; readonly putBackRows: () => Promise<void> };

beforeAll(async () => {
  redis = await RedisServer.start();
  cluster = await LiveCluster.start({ servers: 4, intervalSeconds: 1, timeoutSeconds: 3, redis });
  chain = new ChainIntruder(redis);
  intruder = new RedisIntruder(redis);
  oldest = { steps: (await chain.steps()).slice(0, 2), putBackRows: await intruder.copy() };
});

afterAll(async () => {
  await cluster?.stop();
  await redis?.stop();
});

const running = () => cluster.servers.filter(({ process }) => process.isRunning);
const trust = (server = cluster.server('server-01')) => new TrustClient(server);
const headAt = async (server: LiveServer) => (await trust(server).roster()).hash;
const membersAt = async (server?: LiveServer) =>
  (await trust(server).roster()).members.map(({ node_id }) => node_id);

/** All hold one roster, and the chain in Redis is it, from the first step to the last. */
async function whole(): Promise<readonly RosterStep[]> {
  return eventually('the chain in Redis is what all hold', WAIT_MS, async () => {
    const steps = await chain.steps();
    const heads = await Promise.all(running().map(headAt));
    const { epoch } = await trust().roster();
    return steps.length === epoch + 1 && heads.every((hash) => hash === steps.at(-1)?.digest)
      ? steps
      : undefined;
  });
}

/** Everybody has read what was written before this, and written since. */
async function goesOn(): Promise<void> {
  for (const { name } of running())
    await afterBeat(
      intruder,
      name,
      running().filter((server) => server.name !== name),
    );
}

describe('a member with every shared secret', () => {
  it.each(['node', 'heartbeat'] as const)(
    'that writes a %s record for another is refused by all others as bad_node_signature',
    async (type) => {
      const [thief, victim] = [cluster.server(THIEF), 'server-02'];
      const identityKey = stolenKey(thief.dataDir);
      const forger = new RecordForger({ ...cluster.secrets, clusterSecret: secretOnDisk(thief).secret });
      const slot: Slot = { type, nodeId: victim };
      const others = running().filter(({ name }) => name !== victim);
      await eventually('all others refuse it', WAIT_MS, async () => {
        const counts = await Promise.all(
          others.map((one) => refusedTimes(one, 'bad_node_signature', victim)),
        );
        if (counts.every((count) => count > 0)) return true;
        await afterBeat(intruder, victim, others);
        const fields = await fieldsOf(intruder, slot);
        const ahead = { ...fields, _sequence: Number(fields._sequence) + 100 };
        const named = type === 'node' ? { ...ahead, identity_key: publicKeyText(identityKey) } : ahead;
        await intruder.write(slot, forger.sign(named, { type, identityKey }));
        return false;
      });
      await cluster.settled();
    },
  );
});

describe('a server that left and was removed', () => {
  it('is not admitted again by its last records, put back while they are in time, and is when it starts', async () => {
    const gone = cluster.server('server-04');
    const slots = (['node', 'heartbeat'] as const).map((type): Slot => ({ type, nodeId: gone.name }));
    const captured = await Promise.all(slots.map((slot) => intruder.read(slot)));
    await gone.process.terminate();
    await eventually('it may be removed', WAIT_MS, () =>
      trust()
        .remove(gone.name)
        .then(() => true),
    );
    for (let look = 0; look < 8; look += 1) {
      for (const [i, slot] of slots.entries()) await intruder.write(slot, captured[i] ?? '');
      await goesOn();
    }
    for (const server of running()) expect(await membersAt(server)).not.toContain(gone.name);
    await gone.process.start();
    await eventually('it is admitted', WAIT_MS, async () => (await membersAt()).includes(gone.name));
    await cluster.settled();
  });
});

/** What servers say is wrong with the roster. */
async function sentencesAt({ client }: LiveServer): Promise<string[]> {
  const { findings } = await client.health();
  return findings.filter(({ code }) => code.startsWith('roster_')).map(({ sentence }) => sentence);
}

/** Whoever saw it first mends it, and says so. */
async function mended(steps: readonly RosterStep[], said: RegExp): Promise<void> {
  await eventually(`somebody says ${said}`, WAIT_MS, async () =>
    (await Promise.all(running().map(sentencesAt))).flat().some((sentence) => said.test(sentence)),
  );
  const digests = steps.map(({ digest }) => digest).join();
  await eventually('the chain in Redis is what it was', WAIT_MS, async () => {
    return (await chain.steps()).map(({ digest }) => digest).join() === digests;
  });
  expect((await whole()).at(-1)?.digest).toBe(steps.at(-1)?.digest);
}

describe('in the chain in Redis, ', () => {
  const attacks: readonly (readonly [string, RegExp, (steps: readonly RosterStep[]) => Promise<void>])[] = [
    ['a hole', /from step 1 on/, () => chain.remove(1)],
    [
      'a changed byte in an early step',
      /^Step 1 .+ is none: Not the shape/,
      async () => chain.put(1, (await chain.text(1)).replace('"op":"admit"', '"op":"admin"')),
    ],
    [
      'an early step twice',
      /^Step 2 .+ is none: Does not follow/,
      ([, second]) => chain.put(2, second?.bytes ?? ''),
    ],
    ['50 MB', /^Step 1 .+ is none: Larger than/, () => chain.put(1, Buffer.alloc(50_000_000, '['))],
    ['junk behind the last', /is none: Not the shape/, (steps) => chain.put(steps.length, '{"junk":1}')],
    ['nothing at all (FLUSHALL)', /from step 0 on/, async () => void (await redis.cli('flushall'))],
    [
      'the oldest dump, restored,',
      /from step 2 on/,
      async () => {
        await redis.cli('flushall');
        await chain.show(oldest.steps);
        await oldest.putBackRows();
      },
    ],
  ];

  it.each(attacks)('%s is seen and mended, and moves nobody', async (_, said, attack) => {
    const [before, members] = [await whole(), await membersAt()];
    await attack(before);
    await mended(before, said);
    for (const server of running()) expect(await membersAt(server)).toEqual(members);
    await cluster.settled();
  });
});

describe('a member that signs a step', () => {
  const OPEN: Operation = { op: 'admission', admission: 'secret' };
  const admit = (node_id: string, identityKey = newIdentityKey()): Operation => {
    const identity_key = publicKeyText(identityKey);
    return { op: 'admit', member: { node_id, identity_key, sealing_key: publicKeyText(newIdentityKey()) } };
  };
  const bannedKey = () => stolenKey(cluster.server('server-04').dataDir);
  const readmit: Operation = { op: 'readmit', node_id: 'server-04' };
  const FORGED: readonly (readonly [string, RegExp, () => Operation[], string])[] = [
    ["that swaps another's key", /: server-01 is a member/, () => [OPEN, admit('server-01')], THIEF],
    ['that swaps its own key', /: server-03 is a member/, () => [OPEN, admit('server-03')], THIEF],
    ['that drops the ban of a name', /: server-04 was evicted/, () => [OPEN, admit('server-04')], THIEF],
    [
      'that drops the ban of a key, under its old name',
      /: This key was evicted/,
      () => [OPEN, readmit, admit('server-04', bannedKey())],
      THIEF,
    ],
    [
      'that drops the ban of a key, under a new name',
      /: This key was evicted/,
      () => [OPEN, admit('fresh', bannedKey())],
      THIEF,
    ],
    [
      'that signs in the name of another',
      /: Not signed by the key of server-01/,
      () => [{ op: 'note', text: 'I am server-01' }],
      'server-01',
    ],
  ];

  beforeAll(async () => {
    const banned = cluster.server('server-04');
    await trust().evict(banned.name);
    await banned.process.kill();
    await eventually('all hold it', WAIT_MS, async () => {
      const views = await Promise.all(running().map((server) => trust(server).roster()));
      return views.every(({ evicted }) => evicted.includes(banned.name));
    });
  });

  it.each(FORGED)('%s is refused, changes nothing, and is seen', async (_, said, operations, as) => {
    const before = await whole();
    const head = before.at(-1) as RosterStep;
    const forged = forgeStep(cluster.server(THIEF), head, operations(), as);
    await chain.put(forged.epoch, forged.bytes);
    await mended(before, said);
  });
});

describe('a newcomer with a pin', () => {
  it('takes no chain from which that step is withheld, and makes none of its own', async () => {
    const steps = await whole();
    const pinned = steps.at(-1) as RosterStep;
    const liar = await RedisServer.start();
    try {
      const { secret } = secretOnDisk(cluster.server('server-01'));
      const values = {
        'cluster.redis_port': liar.port,
        'cluster.cluster_secret': secret,
        'cluster.roster_pins': [`${pinned.epoch}:${pinned.digest}`],
      };
      const newcomer = await cluster.add({ values });
      await newcomer.process.start();
      const shown = new ChainIntruder(liar);
      const speaks = (times: number) =>
        eventually('it speaks', WAIT_MS, async () => {
          const beat = await fieldsOf(new RedisIntruder(liar), { type: 'heartbeat', nodeId: newcomer.name });
          return Number(beat._sequence) > times;
        });
      await speaks(3);
      expect(await shown.steps()).toEqual([]);
      await shown.show(steps.slice(0, -1));
      await foundByAll([newcomer], 'roster_unpinned');
      await expect(trust(newcomer).roster()).rejects.toThrow(/roster_missing/);
      await shown.show(steps);
      await eventually('it has the roster', WAIT_MS, async () => (await headAt(newcomer)) === pinned.digest);
      await newcomer.process.kill();
    } finally {
      await liar.stop();
    }
  });
});
