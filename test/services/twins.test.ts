/**
 * A data folder that was copied, and both copies started: one of the two ends up silent, whatever the timing, and the
 * other servers see one node all the time.
 */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import type { MemberStore } from '../../src/store/member-store.ts';
import {
  type Disk,
  memberOf,
  type Pace,
  refusalsOf,
  type Server,
  SmallCluster,
  stateOf,
} from './small-cluster.ts';

/** Moments of the original's beat at which the copy starts. */
const OFFSETS = 200;
/** Incarnations that the two take together, the two starts among them. */
const INCARNATIONS_MAX = 6;
/** What the others may say of the node while it is not clear who speaks: it names them again at its next beat. */
const STATES = ['healthy', 'unconfirmed'];
const CHANGES_MAX = 6;
const COPY_PORT = 9768;

/** What a registry takes to do a thing, in milliseconds of the cluster's time. */
interface Delays {
  readonly readMs: number;
  readonly writeMs: number;
}

function slowed(store: MemberStore, clock: Clock, { readMs, writeMs }: Delays): MemberStore {
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  return {
    backend: store.backend,
    address: store.address,
    putOwn: async (slots) => {
      await wait(writeMs);
      await store.putOwn(slots);
    },
    read: async (members, newcomers) => {
      const reading = await store.read(members, newcomers);
      await wait(readMs);
      return reading;
    },
    inspect: (type, nodeId) => store.inspect(type, nodeId),
    probe: () => store.probe(),
    describe: () => store.describe(),
    close: () => store.close(),
  };
}

/** A copy of a disk as it is now; counts the incarnations taken on it. */
class CountedDisk implements Disk {
  readonly signer: Disk['signer'];
  readonly roster: Disk['roster'];
  readonly rest: Disk['rest'];
  readonly marks: Disk['marks'];
  writable = true;
  taken = 0;
  #incarnation: number;

  constructor(disk: Disk) {
    this.signer = disk.signer;
    this.roster = disk.roster;
    this.rest = disk.rest;
    this.marks = disk.marks;
    this.#incarnation = disk.incarnation;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  set incarnation(incarnation: number) {
    this.#incarnation = incarnation;
    this.taken += 1;
  }
}

interface CopyPlan {
  readonly delays?: Delays;
  readonly offsetMs?: number;
  readonly port?: number;
}

interface Twins {
  readonly small: SmallCluster;
  readonly others: readonly [Server, Server];
  readonly original: Server;
  readonly disk: CountedDisk;
}

async function startCluster(delays?: Delays, pace?: Pace): Promise<Twins> {
  const small = new SmallCluster(pace);
  const slow = (name: string) => {
    const store = small.registry.store(name);
    return delays === undefined ? store : slowed(store, small.time, delays);
  };
  const start = async (name: string, options = {}) => {
    const started = small.start(name, { store: slow(name), ...options });
    await small.time.advance(0); // it writes first
    await small.time.advance(12_300);
    return started;
  };
  const others = [await start('a'), await start('b')] as const;
  const disk = new CountedDisk(small.disk('c'));
  const original = await start('c', { disk });
  await small.intervals(3);
  return { small, others, original, disk };
}

/** What it says of itself is where it runs; `starting` ends when it has looked once. */
function startCopy({ small, disk }: Twins, { delays, offsetMs = 0, port = COPY_PORT }: CopyPlan) {
  const copy = new CountedDisk(disk);
  const plain = small.registry.store('c');
  const store = delays === undefined ? plain : slowed(plain, small.time, delays);
  return { starting: small.start('c', { disk: copy, port, store, offsetMs }), copy };
}

/** Lets a minute pass (two on a slow registry), and holds what must be so at every moment and at the end. Returns who speaks, and who not. */
async function endsWithOneVoice(twins: Twins, plan: CopyPlan = {}): Promise<[Server, Server]> {
  const { small, others, original, disk } = twins;
  const takenBefore = disk.taken;
  const settleMs = plan.delays === undefined ? 60_000 : 120_000;
  const { starting, copy } = startCopy(twins, plan);
  const seen = others.map((server) => [stateOf(server, 'c')]);
  for (let passedMs = 0; passedMs < settleMs; passedMs += 500) {
    await small.time.advance(500);
    others.forEach((server, i) => {
      const state = stateOf(server, 'c');
      if (seen[i]?.at(-1) !== state) seen[i]?.push(state);
    });
  }
  const second = await starting;
  const voices = [original, second].filter(({ cluster }) => !cluster.heartbeat.isSilent);
  expect(voices).toHaveLength(1);
  expect(disk.taken - takenBefore + copy.taken).toBeLessThanOrEqual(INCARNATIONS_MAX);
  for (const states of seen) {
    expect(STATES).toEqual(expect.arrayContaining(states));
    expect(states.length - 1).toBeLessThanOrEqual(CHANGES_MAX);
  }
  const [speaks = original] = voices;
  await stays(twins, speaks);
  return [speaks, speaks === original ? second : original];
}

/** One voice, the same for all, for one more timeout. */
async function stays({ small, others }: Twins, speaks: Server): Promise<void> {
  const { incarnation } = speaks.cluster.heartbeat;
  const refused = others.map(refusalsOf);
  await small.watch(30_000, () => {
    for (const server of others) {
      expect(stateOf(server, 'c')).toBe('healthy');
      expect(memberOf(server, 'c')?.mark?.incarnation).toBe(incarnation);
      expect(memberOf(server, 'c')?.heartbeat?.contested?.twin).toEqual({
        host: 'c.example.org',
        port: portOf(server) === COPY_PORT ? 8768 : COPY_PORT,
      });
    }
  });
  expect(others.map(refusalsOf)).toEqual(refused);
}

/** Where a server hears the node from. */
const portOf = (server: Server) => memberOf(server, 'c')?.record?.port;

describe('two servers on copies of one data folder', () => {
  const moments = (count: number) => Array.from({ length: count }, (_, i) => (i * 10_000) / count);

  it(`end with one voice, started at any of ${OFFSETS} moments of the other's beat`, async () => {
    for (const moment of moments(OFFSETS)) {
      const twins = await startCluster();
      await twins.small.time.advance(moment);
      const [speaks] = await endsWithOneVoice(twins);
      expect(speaks).toBe(twins.original); // which was there first
    }
  }, 600_000);

  it.each([
    { readMs: 0, writeMs: 400 },
    { readMs: 400, writeMs: 0 },
    { readMs: 900, writeMs: 1700 },
  ])('end with one voice on a registry that takes %o', async (delays) => {
    for (const moment of moments(OFFSETS / 8)) {
      const twins = await startCluster(delays);
      await twins.small.time.advance(moment);
      await endsWithOneVoice(twins, { delays });
    }
  });

  it.each([4000, -4000])('end with one voice with clocks that are %d ms apart', async (offsetMs) => {
    for (const moment of moments(OFFSETS / 8)) {
      const twins = await startCluster();
      await twins.small.time.advance(moment);
      await endsWithOneVoice(twins, { offsetMs });
    }
  });

  it.each([3_600_000, -3_600_000])(
    'and a clock that is %d ms off end with the right one',
    async (offsetMs) => {
      const twins = await startCluster();
      const second = await startCopy(twins, { offsetMs }).starting;
      await twins.small.intervals(6);
      expect(second.cluster.heartbeat.isSilent).toBe(true);
      await stays(twins, twins.original);
    },
  );

  it('end so within six intervals, at the first start and at a second, where a beat is a second', async () => {
    for (const moment of moments(OFFSETS / 4)) {
      const twins = await startCluster(undefined, { intervalMs: 1000, timeoutMs: 5000 });
      for (const start of ['first', 'second']) {
        await twins.small.time.advance(moment / 10);
        const copy = await startCopy(twins, {}).starting;
        await twins.small.intervals(6);
        const silent = [twins.original, copy].map(({ cluster }) => cluster.heartbeat.isSilent);
        expect(silent, `${start} start, ${moment / 10} ms`).toEqual([false, true]);
        copy.clock.kill();
      }
    }
  });

  it('end with one voice when each of both is copied once more', async () => {
    const twins = await startCluster();
    await endsWithOneVoice(twins);
    const third = await startCopy(twins, { port: COPY_PORT }).starting;
    await twins.small.intervals(6);
    expect(third.cluster.heartbeat.isSilent).toBe(true);
    await stays(twins, twins.original);
  });
});

describe('the silent one of two', () => {
  it('writes nothing any more, not even a last word, and sees the others all the same', async () => {
    const twins = await startCluster();
    const [, silent] = await endsWithOneVoice(twins);
    const { heartbeat, watch } = silent.cluster;
    const { sequence } = heartbeat.mark('heartbeat') ?? {};
    await heartbeat.drain();
    await silent.cluster.stop();
    expect(heartbeat.mark('heartbeat')?.sequence).toBe(sequence);
    expect(watch.outage).toBeNull();
    for (const name of ['a', 'b']) expect(memberOf(silent, name)?.silentMs).toBeLessThan(20_000);
    await stays(twins, twins.original);
  });

  it('tries again when it is started again, and speaks when the other is gone', async () => {
    const twins = await startCluster();
    const [speaks, silent] = await endsWithOneVoice(twins);
    silent.clock.kill();
    speaks.clock.kill();
    const again = await twins.small.start('c', { disk: twins.disk });
    await twins.small.intervals(3);
    expect(again.cluster.heartbeat.contested).toBeUndefined();
    for (const server of twins.others) {
      expect(stateOf(server, 'c')).toBe('healthy');
      expect(memberOf(server, 'c')?.heartbeat?.contested).toBeUndefined();
    }
  });
});

describe('a machine that was resumed from a snapshot', () => {
  it('finds what it wrote itself, speaks as a newer one once, and nobody calls it two', async () => {
    const twins = await startCluster();
    const { small, others, original, disk } = twins;
    const mark = original.cluster.heartbeat.mark('heartbeat');
    if (mark === undefined) throw new Error('it has spoken');
    const later = { incarnation: mark.incarnation, sequence: mark.sequence + 500 };
    const timestamp = Math.floor(small.time.wallMs() / 1000);
    small.registry.put('heartbeat', 'c', disk.signer.heartbeat({ ...later, timestamp }));
    const { taken } = disk;
    await small.intervals(6);
    expect(disk.taken - taken).toBe(1);
    expect(original.cluster.heartbeat.isSilent).toBe(false);
    for (const server of others) {
      expect(stateOf(server, 'c')).toBe('healthy');
      expect(memberOf(server, 'c')?.heartbeat?.contested?.twin).toBeUndefined();
    }
  });

  it('does so also when that was hours ago', async () => {
    const { small, original, disk } = await startCluster();
    const mark = original.cluster.heartbeat.mark('heartbeat');
    const order = { incarnation: (mark?.incarnation ?? 0) + 1, sequence: 500 };
    const timestamp = Math.floor(small.time.wallMs() / 1000) - 7200;
    small.registry.put('heartbeat', 'c', disk.signer.heartbeat({ ...order, timestamp }));
    await small.intervals(3);
    expect(original.cluster.heartbeat.incarnation).toBeGreaterThan(order.incarnation);
  });
});
