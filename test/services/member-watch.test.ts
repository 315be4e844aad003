/** Membership as it happens: servers of one cluster in one process, on a registry in memory and a manual clock. */
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/protocol/record.ts';
import type { SlotReading } from '../../src/store/member-store.ts';
import { memberStoreContract } from '../contract/member-store.ts';
import { FakeMemberStore, FakeRegistry } from '../fakes/member-store.ts';
import { bytesOf, fieldsOf, forge } from '../protocol/signer.ts';
import { memberOf, refusalsOf, type Server, SmallCluster, stateOf, statesOf } from './small-cluster.ts';

describe('the registry in memory', () => {
  let registry: FakeRegistry;
  beforeEach(() => {
    registry = new FakeRegistry();
  });
  memberStoreContract(async (nodeId) => registry.store(nodeId));
});

let small: SmallCluster;
let a: Server;
let b: Server;
let c: Server;

beforeEach(async () => {
  small = new SmallCluster();
  [a, b, c] = await small.startThree();
});

const NODE_C = 'fleet:cluster:node:c';
const HEARTBEAT_A = 'fleet:cluster:heartbeat:a';
const HEARTBEAT_C = 'fleet:cluster:heartbeat:c';
const warnings = (server: Server) =>
  server.log.lines
    .filter(({ level }) => level === 'warn' || level === 'error')
    .map(({ sentence }) => sentence);

function expectAllHealthy(servers: readonly Server[] = [a, b, c]): void {
  for (const server of servers) {
    const others = servers.filter(({ name }) => name !== server.name).map(({ name }) => [name, 'healthy']);
    expect(statesOf(server)).toEqual(Object.fromEntries(others));
  }
}

describe('a healthy cluster', () => {
  it('knows itself within three intervals, and has nothing to complain of, for ten minutes', async () => {
    expectAllHealthy();
    await small.watch(600_000, () => expectAllHealthy());
    for (const server of [a, b, c]) {
      expect(refusalsOf(server)).toEqual([]);
      expect(warnings(server)).toEqual([]);
      expect(server.cluster.watch.ownClock).toBe('trusted');
    }
    expect(a.log.lines.map(({ sentence }) => sentence)).toEqual(
      expect.arrayContaining([
        'Cluster security: HMAC-SHA256',
        'Node data signed: a',
        'Registered node in cluster: a',
        'Node data verified: b',
        'Node b is healthy',
      ]),
    );
  });

  it('tells who looks at it only when something changed', async () => {
    const { changes } = a;
    await small.intervals(20);
    expect(a.changes).toBe(changes);
    c.clock.kill();
    await small.intervals(5);
    expect(a.changes).toBe(changes + 2); // late, offline
  });

  it('with clocks two seconds apart has nothing to complain of either', async () => {
    b.clock.offsetMs = 2000;
    c.clock.offsetMs = -2000;
    await small.watch(300_000, () => expectAllHealthy());
    expect([a, b, c].flatMap(refusalsOf)).toEqual([]);
    // Shown as of the moment it was read, which is up to half an interval later.
    expect(memberOf(a, 'b')?.clockOffsetSeconds).toBeLessThanOrEqual(2);
    expect(memberOf(a, 'b')?.clockOffsetSeconds).toBeGreaterThanOrEqual(-3);
  });
});

describe('the death of a server', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'is seen by all others within the timeout and one interval, not earlier, and as late before (%i s after a look)',
    async (seconds) => {
      await small.time.advance(seconds * 1000);
      c.clock.kill();
      const seen: Record<string, Record<string, number>> = { a: {}, b: {} };
      await small.watch(45_000, (passedMs) => {
        for (const server of [a, b]) {
          const times = seen[server.name] ?? {};
          times[stateOf(server, 'c')] ??= passedMs;
        }
      });
      for (const times of Object.values(seen)) {
        expect(Object.keys(times)).toEqual(['healthy', 'late', 'offline']);
        expect(times.offline).toBeLessThanOrEqual(40_000);
        expect(times.offline).toBeGreaterThan(20_000); // its last word may be one interval old
      }
      expect(stateOf(a, 'b')).toBe('healthy');
      expect(warnings(a)).toEqual(['Node c is offline']);
    },
  );

  it('ends with its restart, for everybody within three seconds', async () => {
    c.clock.kill();
    await small.intervals(5);
    expect(stateOf(a, 'c')).toBe('offline');
    const again = await small.start('c');
    await small.watch(3000, () => {});
    expectAllHealthy([a, b, again]);
    expect([a, b, again].flatMap(refusalsOf)).toEqual([]);
  });

  it('and its restart with a clock that went back two seconds is no clone', async () => {
    c.clock.kill();
    await small.intervals(1);
    const again = await small.start('c', { offsetMs: -2000 });
    await small.intervals(3);
    expectAllHealthy([a, b, again]);
    expect([a, b].flatMap(refusalsOf)).toEqual([]);
  });

  it('of all at once, and their restart, ends healthy', async () => {
    for (const server of [a, b, c]) server.clock.kill();
    await small.intervals(100);
    const again = await small.startThree();
    expectAllHealthy(again);
  });
});

describe('a server that stops in order', () => {
  it('drains, leaves, and stays left without any alarm', async () => {
    await c.cluster.heartbeat.drain();
    await small.intervals(1);
    expect(stateOf(a, 'c')).toBe('draining');
    await c.cluster.stop();
    await small.intervals(1);
    expect(stateOf(a, 'c')).toBe('left');
    await small.intervals(100);
    expect(stateOf(a, 'c')).toBe('left');
    expect(warnings(a)).toEqual([]);
    const again = await small.start('c');
    await small.intervals(3);
    expectAllHealthy([a, b, again]);
  });
});

describe('a registry that cannot be read', () => {
  const expectNobodyDies = () => {
    for (const server of [a, b, c]) expect(Object.values(statesOf(server))).not.toContain('offline');
  };

  it('is said to be away, since when, and nobody is declared dead, before, during or after', async () => {
    small.registry.readable = false;
    small.registry.writable = false;
    await small.watch(600_000, expectNobodyDies);
    expect(a.cluster.watch.outage?.sinceMs).toBeGreaterThan(small.time.wallMs() - 600_000);
    expect(warnings(a)[0]).toBe('Registry unavailable; nobody is declared dead meanwhile');
    expect(warnings(a).filter((sentence) => sentence.startsWith('Registry'))).toHaveLength(1);
    small.registry.readable = true;
    small.registry.writable = true;
    await small.watch(60_000, expectNobodyDies);
    expectAllHealthy();
    expect(a.cluster.watch.outage).toBeNull();
  });

  it('hides a death only for so long: it is told one timeout and one interval after', async () => {
    small.registry.readable = false;
    c.clock.kill();
    await small.watch(600_000, () => expect(stateOf(a, 'c')).toBe('healthy'));
    small.registry.readable = true;
    await small.watch(29_000, () => expect(stateOf(a, 'c')).not.toBe('offline'));
    await small.intervals(1);
    expect(stateOf(a, 'c')).toBe('offline');
  });

  it('now and then does not hide a death', async () => {
    c.clock.kill();
    let looks = 0;
    await small.watch(120_000, () => {
      looks += 1;
      small.registry.readable = looks % 15 < 9;
    });
    expect(stateOf(a, 'c')).toBe('offline');
    expect(stateOf(a, 'b')).toBe('healthy');
  });

  it.each([
    [2400, 600],
    [1900, 600],
    [5000, 1500],
  ])(
    'for %i ms, then shown for %i ms, again and again, keeps nobody alive who died',
    async (hidden, shown) => {
      small = new SmallCluster({ intervalMs: 1000, timeoutMs: 4000 });
      [a, b, c] = await small.startThree();
      c.clock.kill();
      const states: string[] = [];
      for (let passed = 0; passed < 60_000; passed += hidden + shown) {
        small.registry.readable = false;
        await small.time.advance(hidden);
        small.registry.readable = true;
        await small.time.advance(shown);
        states.push(stateOf(a, 'c'));
        expect(stateOf(a, 'b')).toBe('healthy');
      }
      expect(states.at(-1)).toBe('offline');
      expect(states.filter((state) => state === 'healthy').length * (hidden + shown)).toBeLessThan(15_000);
    },
  );

  it.each([500, 900, 2000, 3000])('for %i ms at the shortest timeout is no death', async (ms) => {
    small = new SmallCluster({ intervalMs: 1000, timeoutMs: 3000 });
    [a, b, c] = await small.startThree();
    for (let i = 0; i < 20; i += 1) {
      small.registry.readable = false;
      small.registry.writable = false;
      await small.watch(ms, expectNobodyDies);
      small.registry.readable = true;
      small.registry.writable = true;
      await small.watch(2300, expectNobodyDies);
    }
    expectAllHealthy();
  });

  it('because it hangs is no death, also when it fails in the end', async () => {
    small = new SmallCluster({ intervalMs: 1000, timeoutMs: 3000 });
    [a, b, c] = await small.startThree();
    const { promise, resolve } = Promise.withResolvers<void>();
    small.registry.hung = promise;
    small.registry.writable = false;
    await small.watch(10_000, expectNobodyDies);
    small.registry.readable = false;
    resolve();
    await small.watch(10_000, expectNobodyDies);
    small.registry.readable = true;
    small.registry.writable = true;
    await small.watch(10_000, expectNobodyDies);
    expectAllHealthy();
  });

  it('because a look at it does not end, is said to be away after one timeout', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    small.registry.hung = promise;
    await small.watch(2 * small.pace.timeoutMs, expectNobodyDies);
    expect(a.cluster.watch.outage).toMatchObject({ kind: 'unreadable', reason: 'a look at it does not end' });
    resolve();
    await small.watch(10_000, expectNobodyDies);
    expect(a.cluster.watch.outage).toBeNull();
  });

  it('and not be written: whose silence is whose nobody can know, and nobody is taken for dead', async () => {
    small.registry.writable = false;
    await small.watch(600_000, () => expectAllHealthy());
    expect(a.cluster.watch.outage).toMatchObject({ kind: 'unwritable' });
    expect(warnings(a)).toContain('Registry takes no writes; nobody is declared dead meanwhile');
    expect(warnings(a)).toContain('Heartbeat not written; trying again');
    small.registry.writable = true;
    await small.intervals(2);
    expectAllHealthy();
  });
});

describe('a registry that was emptied', () => {
  it('is incomplete and no death, and full again after one interval', async () => {
    await small.time.advance(1000);
    small.registry.flush();
    let sawMissing = false;
    await small.watch(60_000, () => {
      sawMissing ||= memberOf(a, 'b')?.missing === true;
      expectAllHealthy();
    });
    expect(sawMissing).toBe(true);
    expect(memberOf(a, 'b')?.missing).toBe(false);
    expect([a, b, c].flatMap(refusalsOf)).toEqual([]);
  });

  it('again and again, so that rows are never there, calls nobody dead', async () => {
    await small.watch(120_000, () => {
      small.registry.flush();
      for (const server of [a, b, c]) expect(Object.values(statesOf(server))).not.toContain('offline');
    });
    expect(statesOf(a)).toEqual({ b: 'unconfirmed', c: 'unconfirmed' });
    await small.intervals(2);
    expectAllHealthy();
  });

  it('gets a node record back at the next beat of who misses it', async () => {
    small.registry.remove('node', 'a');
    await small.intervals(2);
    expect(small.registry.get('node', 'a').kind).toBe('bytes');
  });
});

describe('a row that somebody overwrites again and again', () => {
  it.each([
    ['junk', () => '{}'],
    ['a folder', (): SlotReading => ({ kind: 'unreadable', reason: 'Not a file' })],
    ['the row of another', () => small.registry.capture('heartbeat', 'b')],
  ])('with %s is missing, and no death', async (_, content) => {
    await small.watch(120_000, () => {
      small.registry.put('heartbeat', 'c', content());
      expect(stateOf(a, 'c')).not.toBe('offline');
    });
    expect(memberOf(a, 'c')).toMatchObject({ state: 'unconfirmed', missing: true });
    await small.intervals(2);
    expectAllHealthy();
    expect(memberOf(a, 'c')?.missing).toBe(false);
  });
});

describe('a verifier that slept', () => {
  it.each([60_000, 600_000, 1_800_000])('%i ms finds nobody dead, at no moment', async (ms) => {
    a.clock.stop();
    await small.time.advance(ms);
    expect(statesOf(a)).toEqual({ b: 'healthy', c: 'healthy' }); // as a page would ask it on waking
    a.clock.continue();
    await small.watch(60_000, () => expect(statesOf(a)).toEqual({ b: 'healthy', c: 'healthy' }));
    expect(warnings(a)).toContain('This server slept or its clock jumped; judging nobody for one timeout');
    expect(stateOf(b, 'a')).toBe('healthy');
  });

  it('finds out who died meanwhile, one timeout later', async () => {
    a.clock.stop();
    c.clock.kill();
    await small.time.advance(600_000);
    a.clock.continue();
    await small.watch(25_000, () => expect(stateOf(a, 'c')).not.toBe('offline'));
    await small.intervals(2);
    expect(statesOf(a)).toEqual({ b: 'healthy', c: 'offline' });
  });
});

describe('replay', () => {
  it('of an old heartbeat to who heard a newer one changes nothing and is counted', async () => {
    const captured = small.registry.capture('heartbeat', 'c');
    await small.intervals(2);
    c.clock.kill();
    small.registry.put('heartbeat', 'c', captured);
    await small.intervals(1);
    expect(refusalsOf(a)).toEqual([{ code: 'replayed', nodeId: 'c', slot: HEARTBEAT_C, count: 1 }]);
    await small.intervals(4);
    expect(memberOf(a, 'c')).toMatchObject({ state: 'unconfirmed', missing: true });
    expect(warnings(a)).toContain('Rejecting node c: Replayed: an older record than one already seen');
  });

  it('to a verifier that restarted gives no life, is counted, and is not listed in the end', async () => {
    const node = small.registry.capture('node', 'c');
    const heartbeat = small.registry.capture('heartbeat', 'c');
    c.clock.kill();
    a.clock.kill();
    const again = await small.start('a');
    const states = new Set<string>();
    await small.watch(60_000, () => {
      small.registry.put('node', 'c', node);
      small.registry.put('heartbeat', 'c', heartbeat);
      states.add(stateOf(again, 'c'));
    });
    expect([...states]).toEqual(['unconfirmed', 'not listed']);
    expect(refusalsOf(again)).toContainEqual({ code: 'replayed', nodeId: 'c', slot: HEARTBEAT_C, count: 1 });
    expect(stateOf(again, 'b')).toBe('healthy');
  });

  it('of all that was ever captured, in turn, revives nobody', async () => {
    const captured: Uint8Array[] = [];
    await small.watch(60_000, () => void captured.push(small.registry.capture('heartbeat', 'c')));
    c.clock.kill();
    await small.intervals(5);
    for (const bytes of captured) {
      small.registry.put('heartbeat', 'c', bytes);
      await small.time.advance(5000);
      expect(stateOf(a, 'c')).toBe('offline');
      expect(stateOf(b, 'c')).toBe('offline');
    }
  });

  it('of a record under another name is refused, and both go on', async () => {
    small.registry.put('heartbeat', 'c', small.registry.capture('heartbeat', 'b'));
    await small.time.advance(5000);
    expect(refusalsOf(a)).toEqual([{ code: 'wrong_slot', nodeId: 'b', slot: HEARTBEAT_C, count: 1 }]);
    await small.intervals(2);
    expectAllHealthy();
  });
});

describe('a server with a wrong clock', () => {
  it.each([60_000, -60_000, 600_000, -600_000])(
    '%i ms off is rejected by the others, with the reason and without a word of attack, and heals within five seconds',
    async (offsetMs) => {
      c.clock.offsetMs = offsetMs;
      await small.intervals(4);
      for (const server of [a, b]) {
        expect(memberOf(server, 'c')).toMatchObject({
          state: 'rejected',
          refusal: { code: offsetMs > 0 ? 'timestamp_future' : 'timestamp_old' },
        });
        expect(server.cluster.watch.ownClock).toBe('trusted');
        expect(stateOf(server, server === a ? 'b' : 'a')).toBe('healthy');
        expect(warnings(server).join()).not.toMatch(/tamper|clone/i);
      }
      expect(c.cluster.watch.ownClock).toBe(offsetMs < 0 ? 'behind' : 'ahead_or_held_back');
      c.clock.offsetMs = 0;
      await small.watch(5000, () => {});
      expectAllHealthy();
      expect(c.cluster.watch.ownClock).toBe('trusted');
    },
  );

  it.each([60_000, -60_000, 600_000, -600_000])(
    'that started %i ms off suspects its own clock, and is well one interval after it was set',
    async (offsetMs) => {
      c.clock.kill();
      const again = await small.start('c', { offsetMs });
      await small.intervals(26);
      expect(again.cluster.watch.ownClock).toBe(offsetMs < 0 ? 'behind' : 'ahead_or_held_back');
      for (const server of [a, b]) expect(server.cluster.watch.ownClock).toBe('trusted');
      again.clock.offsetMs = 0;
      await small.intervals(4);
      expectAllHealthy([a, b, again]);
      expect(again.cluster.watch.ownClock).toBe('trusted');
    },
  );

  it('is not what an intruder can make us believe of our own by putting old records back', async () => {
    const [old, older] = [1, 2].map(() =>
      ['b', 'c'].map((name) => small.registry.capture('heartbeat', name)),
    );
    await small.intervals(1);
    const later = ['b', 'c'].map((name) => small.registry.capture('heartbeat', name));
    await small.intervals(5);
    for (const set of [old, later, older, later, old, later]) {
      for (const [i, name] of ['b', 'c'].entries()) {
        small.registry.put('heartbeat', name, set?.[i] ?? '');
      }
      await small.time.advance(5000);
      expect(a.cluster.watch.ownClock).toBe('trusted');
    }
  });
});

describe('heartbeats that somebody holds back and shows too late', () => {
  class LateStore extends FakeMemberStore {
    readonly #written: Uint8Array[] = [];
    /** Intervals. */
    late = 0;

    override async putOwn({ heartbeat, node }: { node?: Uint8Array; heartbeat: Uint8Array }): Promise<void> {
      this.#written.push(heartbeat);
      const shown = this.#written.at(-1 - this.late) ?? heartbeat;
      await super.putOwn({ heartbeat: shown, ...(node && { node }) });
    }
  }

  it('make their servers rejected, and prove nobody’s clock wrong', async () => {
    small = new SmallCluster();
    a = await small.start('a');
    const stores = ['b', 'c'].map((name) => new LateStore(small.registry, name));
    for (const [i, name] of ['b', 'c'].entries()) {
      const store = stores[i];
      if (store) await small.start(name, { store });
    }
    await small.intervals(8);
    for (const store of stores) store.late = 4;
    await small.intervals(8);
    expect(memberOf(a, 'b')).toMatchObject({ state: 'rejected', refusal: { code: 'timestamp_old' } });
    expect(a.cluster.watch.ownClock).toBe('ahead_or_held_back');
  });
});

describe('our own slot', () => {
  it('with a forged record is an alarm, and ours again at the next beat', async () => {
    const forged = Buffer.from(small.registry.capture('heartbeat', 'a')).toString().replace('"up"', '"left"');
    small.registry.put('heartbeat', 'a', forged);
    await small.intervals(1);
    for (const server of [a, b, c]) {
      expect(refusalsOf(server)).toEqual([
        { code: 'invalid_signature', nodeId: 'a', slot: HEARTBEAT_A, count: 1 },
      ]);
      expect(warnings(server)).toEqual([
        'Invalid signature for node: a',
        'Rejecting node a: Invalid signature - data tampered!',
      ]);
    }
    await small.intervals(1);
    expectAllHealthy();
  });

  it('with a record by the key of another member is an alarm', async () => {
    const fields = { ...fieldsOf(small.registry.capture('heartbeat', 'a')), _sequence: 900 };
    const forged = forge(fields, small.disk('b').signer, { type: 'heartbeat' });
    small.registry.put('heartbeat', 'a', bytesOf(forged));
    await small.time.advance(5000);
    expect(refusalsOf(a)).toEqual([{ code: 'bad_node_signature', nodeId: 'a', slot: HEARTBEAT_A, count: 1 }]);
  });

  it('held at an old record by somebody who is always faster is noticed by us, though we read the same bytes each time', async () => {
    const { registry } = small;
    let held: Uint8Array | null = null;
    class HeldStore extends FakeMemberStore {
      override async putOwn(slots: { node?: Uint8Array; heartbeat: Uint8Array }): Promise<void> {
        await super.putOwn(slots);
        held ??= slots.heartbeat;
        registry.put('heartbeat', 'd', held);
      }
    }
    const d = await small.start('d', { store: new HeldStore(registry, 'd') });
    await small.intervals(10);
    expect(refusalsOf(d)).toEqual([
      { code: 'replayed', nodeId: 'd', slot: 'fleet:cluster:heartbeat:d', count: 1 },
    ]);
    expect(d.cluster.watch.isOwnSlotLost).toBe(true);
  });

  it('removed again and again is noticed by us, and removed once is not', async () => {
    small.registry.flush();
    await small.watch(20_000, () => expect(a.cluster.watch.isOwnSlotLost).toBe(false));
    await small.watch(60_000, () => small.registry.flush());
    expect(a.cluster.watch.isOwnSlotLost).toBe(true);
    await small.intervals(2);
    expect(a.cluster.watch.isOwnSlotLost).toBe(false);
  });

  it('that we cannot write holds an older record of ours, which is no alarm', async () => {
    small.registry.writable = false;
    await small.intervals(10);
    small.registry.writable = true;
    await small.intervals(2);
    expect(refusalsOf(a)).toEqual([]);
    expect(a.cluster.watch.isOwnSlotLost).toBe(false);
  });

  it('after a restart holds a record of our earlier run, which is no alarm', async () => {
    a.clock.kill();
    small.registry.writable = false;
    const again = await small.start('a');
    await small.intervals(2);
    small.registry.writable = true;
    await small.intervals(3);
    expect(refusalsOf(again)).toEqual([]);
    expectAllHealthy([again, b, c]);
  });
});

describe('two servers with one key', () => {
  it('both raise the alarm, each speaks as a newer one, and nobody bans them', async () => {
    const twin = await small.start('c', { disk: { ...small.disk('c') } });
    const before = c.cluster.heartbeat.incarnation;
    await small.watch(60_000, () => {
      for (const server of [a, b]) expect(['healthy', 'unconfirmed']).toContain(stateOf(server, 'c'));
    });
    for (const server of [c, twin]) {
      expect(refusalsOf(server).map(({ code, nodeId }) => [code, nodeId])).toContainEqual(['clone', 'c']);
      expect(warnings(server)).toContain('Rejecting node c: Another server speaks with our own key');
    }
    expect(c.cluster.heartbeat.incarnation).toBeGreaterThan(before);
    twin.clock.kill();
    await small.intervals(4);
    expectAllHealthy();
  });

  it('of which one stays behind are an alarm for the others', async () => {
    const order = { incarnation: c.cluster.heartbeat.incarnation - 1, sequence: 900 };
    const timestamp = Math.floor(small.time.wallMs() / 1000);
    small.registry.put('heartbeat', 'c', small.disk('c').signer.heartbeat({ ...order, timestamp }));
    await small.time.advance(5000);
    for (const server of [a, b]) {
      expect(refusalsOf(server)).toEqual([{ code: 'clone', nodeId: 'c', slot: HEARTBEAT_C, count: 1 }]);
      expect(warnings(server)).toEqual(['Rejecting node c: An earlier incarnation is still speaking']);
    }
    expectAllHealthy();
  });

  it('and no room on the disk for a new incarnation: said so, and the others are seen all the same', async () => {
    small.disk('c').writable = false;
    const order = { timestamp: Math.floor(small.time.wallMs() / 1000), incarnation: 9e15, sequence: 1 };
    small.registry.put('heartbeat', 'c', small.disk('c').signer.heartbeat(order));
    await small.time.advance(5000);
    expect(warnings(c)).toContain('No new incarnation; speaking on as the old one');
    expect(c.cluster.watch.outage).toBeNull();
    await small.intervals(6);
    for (const name of ['a', 'b']) expect(memberOf(c, name)?.silentMs).toBeLessThan(15_000);
  });
});

describe('a hostile hand in the registry', () => {
  it('with 10,000 values changes nothing of what we believe, and little of what we remember', async () => {
    const genuine = Buffer.from(small.registry.capture('heartbeat', 'c')).toString();
    const hostile = (i: number) =>
      [
        '',
        'null',
        '{}',
        `{"node_id":"junk-${i}"}`,
        genuine,
        genuine.replace('"c"', `"junk-${i}"`),
        genuine.slice(0, i % genuine.length),
        '\u0000'.repeat(i),
        '['.repeat(i),
      ][i % 9] ?? '';
    for (let i = 0; i < 10_000; i += 1) small.registry.put('heartbeat', `junk-${i}`, hostile(i));
    small.registry.put('node', 'folder', { kind: 'unreadable', reason: 'Not a file' });
    for (let i = 0; i < 160; i += 1) {
      await small.time.advance(5000);
      expectAllHealthy();
    }
    const counts = a.cluster.ledger.counts;
    expect(counts.length).toBeLessThanOrEqual(256);
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(10_000);
    expect(a.log.lines.length).toBeLessThan(256 * 20);
  });

  it('in a node slot is told once, and not also as a heartbeat without its record', async () => {
    const stranger = new SmallCluster().disk('d').signer;
    const order = (sequence: number) => ({ timestamp: Math.floor(small.time.wallMs() / 1000), sequence });
    small.registry.put(
      'node',
      'd',
      Buffer.from(stranger.node(order(1)))
        .toString()
        .replace('8768', '8769'),
    );
    for (let sequence = 1; sequence < 5; sequence += 1) {
      small.registry.put('heartbeat', 'd', stranger.heartbeat(order(sequence)));
      await small.intervals(1);
    }
    expect(refusalsOf(a).map(({ code, count }) => [code, count])).toEqual([['invalid_signature', 1]]);
  });

  it('that takes the node record away while heartbeats go on leaves the last one in force', async () => {
    await small.watch(200_000, () => small.registry.remove('node', 'c'));
    expect(memberOf(a, 'c')).toMatchObject({ state: 'healthy', record: small.disk('c').signer.nodeBody() });
  });

  it('that puts an older node record back moves nothing', async () => {
    const old = small.registry.capture('node', 'c');
    await small.intervals(13);
    expect(digestOf(small.registry.capture('node', 'c'))).not.toBe(digestOf(old));
    small.registry.put('node', 'c', old);
    await small.time.advance(5000);
    expect(refusalsOf(a)).toEqual([{ code: 'replayed', nodeId: 'c', slot: NODE_C, count: 1 }]);
    expectAllHealthy();
  });
});

describe('at security level 1', () => {
  it('the cluster works, and says at every start that it is open', async () => {
    small = new SmallCluster();
    [a, b, c] = await small.startThree(null);
    expectAllHealthy();
    c.clock.kill();
    await small.intervals(4);
    expect(stateOf(a, 'c')).toBe('offline');
    expect(warnings(a).slice(0, 2)).toEqual([
      'Cluster authentication DISABLED - nodes can join without verification!',
      "Add 'cluster_secret' to config for node authentication",
    ]);
  });
});
