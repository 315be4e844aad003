/** Nodes that keep one roster over a backend that may forget, lie and be slow; and over a member that lies. */
import { describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import type { Operation } from '../../src/protocol/roster-step.ts';
import { SETTLING_TIMEOUTS } from '../../src/services/trust/roster-copy.ts';
import type { RosterPin } from '../../src/services/trust/roster-rivalry.ts';
import { FOLLOW_MS } from '../../src/services/trust/shared-chain.ts';
import type { SlotReading } from '../../src/store/member-store.ts';
import { ManualClock } from '../fakes/clock.ts';
import { FakeRosterStore } from '../fakes/roster-store.ts';
import { CLUSTER, RosterNode } from './roster-node.ts';

function stage() {
  const shared = new FakeRosterStore();
  const clock = new ManualClock();
  const node = (name: string, before?: RosterNode) => new RosterNode(name, shared, clock, before);
  return { shared, clock, node };
}

async function three() {
  const { shared, clock, node } = stage();
  const [a, b, c] = [node('a'), node('b'), node('c')] as [RosterNode, RosterNode, RosterNode];
  await a.found();
  await a.admit(b);
  await a.admit(c);
  for (const { keeper } of [b, c]) await keeper.sync();
  return { shared, clock, node, a, b, c };
}

const SETTLING_MS = SETTLING_TIMEOUTS * 3000;
const remove = (nodeId: string): Operation[] => [{ op: 'remove', node_id: nodeId }];
const digestAt = ({ keeper }: RosterNode) => keeper.roster?.digest ?? '';

describe('a roster that several keep', () => {
  it('is founded by one of those who start at once, and taken over by the others', async () => {
    const { shared, node } = stage();
    const nodes = ['a', 'b', 'c'].map((name) => node(name));
    const founded = await Promise.all(nodes.map((one) => one.found()));
    expect(founded.filter((one) => one)).toHaveLength(1);
    for (const { keeper } of nodes) await keeper.sync();
    expect(new Set(nodes.map(({ names }) => names.join()))).toEqual(
      new Set([['a', 'b', 'c'][founded.indexOf(true)]]),
    );
    expect(shared.places.size).toBe(1);
  });

  it('is the same for all when two admit at the same moment, two hundred times', async () => {
    const { node, a, b, c } = await three();
    for (let i = 0; i < 200; i += 1) {
      const newcomer = node(`new-${i}`);
      await Promise.all([a.admit(newcomer), b.admit(newcomer)]);
      await a.keeper.propose(() => remove(`new-${i}`));
    }
    for (const { keeper } of [a, b, c]) await keeper.sync();
    expect(new Set([a, b, c].map(digestAt)).size).toBe(1);
    expect(c.names).toEqual(['a', 'b', 'c']);
  });

  it('is on the disk: a node that starts again has it before it sees the backend', async () => {
    const { shared, node, b } = await three();
    shared.away = true;
    const again = node('b', b);
    await again.keeper.load();
    expect(again.names).toEqual(['a', 'b', 'c']);
    await expect(again.keeper.sync()).rejects.toMatchObject({ code: 'member_store_unavailable' });
  });

  it('is not taken from a disk on which somebody changed a byte', async () => {
    const { node, b } = await three();
    const [, bytes = new Uint8Array()] = b.disk.steps;
    const changed = Buffer.from(bytes).toString().replace('"node_id":"b"', '"node_id":"x"');
    b.disk.steps[1] = Buffer.from(changed);
    await expect(node('b', b).keeper.load()).rejects.toMatchObject({ code: 'roster_invalid' });
  });
});

describe('a backend', () => {
  it('that forgot everything is filled up again, and nobody changes his mind', async () => {
    const { shared, clock, a, b } = await three();
    shared.places.clear();
    await b.keeper.sync();
    expect(b.keeper.trouble).toEqual({ kind: 'short', from: 0 });
    expect(shared.places.size).toBe(3);
    await a.keeper.sync();
    await clock.advance(10 * 60_000);
    expect([a.names, b.names, b.keeper.trouble]).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], null]);
  });

  it('that was put back to an old copy revives nobody who was removed', async () => {
    const { shared, a, b } = await three();
    const copy = new Map(shared.places);
    await a.keeper.propose(() => remove('c'));
    await b.keeper.sync();
    shared.places.clear();
    for (const [epoch, bytes] of copy) shared.places.set(epoch, bytes);
    await b.keeper.sync();
    expect(b.names).toEqual(['a', 'b']);
    expect(shared.places.size).toBe(4);
  });

  it('that holds junk in the next place keeps no true step out', async () => {
    const { shared, a, b } = await three();
    shared.places.set(3, Buffer.from('{"junk":1}'));
    await a.keeper.propose(() => [{ op: 'note', text: 'still here' }]);
    await b.keeper.sync();
    expect(b.keeper.roster?.epoch).toBe(3);
    expect(digestAt(b)).toBe(digestAt(a));
  });

  it('that holds junk behind a new step, and does not let it be removed, keeps that step from nobody', async () => {
    const { shared, a, b } = await three();
    await a.keeper.propose(() => remove('c'));
    shared.places.set(4, Buffer.from('junk'));
    shared.cut = async () => {
      throw new AtlasError('member_store_unavailable', 'it takes no writes');
    };
    await expect(b.keeper.sync()).rejects.toMatchObject({ code: 'member_store_unavailable' });
    expect(b.names).toEqual(['a', 'b']);
  });

  it('that holds junk in place of the last step is mended', async () => {
    const { shared, a, b } = await three();
    shared.places.set(1, Buffer.from('junk'));
    shared.places.set(2, Buffer.from('junk'));
    await b.keeper.sync();
    await a.keeper.sync();
    expect([a.names, b.names]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect(Buffer.from(shared.places.get(1) ?? []).toString()).not.toBe('junk');
  });

  it('whose early step was changed is mended, and keeps a newer step that somebody wrote meanwhile', async () => {
    const { shared, a, b } = await three();
    await a.keeper.propose(() => [{ op: 'note', text: 'newer' }]);
    shared.places.set(1, Buffer.from('junk'));
    await b.keeper.sync();
    expect(shared.places.size).toBe(4);
    await b.keeper.sync();
    expect(digestAt(b)).toBe(digestAt(a));
  });

  it('that held junk where the first step belongs is vacant as soon as that is removed', async () => {
    const { shared, node } = stage();
    shared.places.set(0, Buffer.from('junk'));
    const a = node('a');
    await a.keeper.sync();
    expect([a.keeper.isVacant, a.keeper.trouble?.kind]).toEqual([false, 'refused']);
    await a.keeper.sync();
    expect([a.keeper.isVacant, shared.places.size]).toEqual([true, 0]);
    expect(await a.found()).toBe(true);
    expect(a.keeper.isVacant).toBe(false);
  });

  it('is known as of when it was asked: a node that is stopped meanwhile reads an old answer', async () => {
    const clock = new ManualClock();
    class Sleeper extends FakeRosterStore {
      override async read(from: number, limit: number): Promise<readonly SlotReading[]> {
        const answer = await super.read(from, limit);
        await clock.advance(60_000);
        return answer;
      }
    }
    const a = new RosterNode('a', new Sleeper(), clock);
    const askedAtMs = clock.monotonicMs();
    await a.keeper.sync();
    expect(a.keeper.syncedAtMs).toBe(askedAtMs);
  });

  it('that shows a newcomer the chain of another cluster gives him no roster', async () => {
    const { shared, clock, node, a } = await three();
    const foreign = node('x');
    const bytes = Buffer.from(shared.places.get(0) ?? []).toString();
    shared.places.set(0, Buffer.from(bytes.replace(CLUSTER, 'f'.repeat(32))));
    await foreign.keeper.sync();
    expect(foreign.keeper.roster).toBeNull();
    expect(foreign.keeper.trouble).toMatchObject({ kind: 'refused' }); // its signature does not hold any more
    expect(a.names).toEqual(['a', 'b', 'c']);
    expect(clock.waiting).toBe(0);
  });
});

describe('an own disk that is full', () => {
  it('keeps nobody in who was removed, says so, and is written to when there is room', async () => {
    const { node, a, b } = await three();
    b.disk.isFull = true;
    await a.keeper.propose(() => remove('c'));
    await b.keeper.sync();
    expect([b.names, b.keeper.isUnsaved, b.disk.steps.length]).toEqual([['a', 'b'], true, 3]);
    const again = node('b', b);
    await again.keeper.load();
    expect(again.names).toEqual(['a', 'b', 'c']);
    await again.keeper.sync();
    expect(again.names).toEqual(['a', 'b']);
    b.disk.isFull = false;
    await again.keeper.sync();
    expect([again.keeper.isUnsaved, b.disk.steps.length]).toEqual([false, 4]);
  });
});

describe('a node that stops', () => {
  it('writes no step any more, nor one that it was just making, and goes on reading', async () => {
    const { shared, a, b } = await three();
    const note = (text: string): Operation[] => [{ op: 'note', text }];
    let stopped: Promise<void> | undefined;
    const making = a.keeper.propose(() => {
      stopped = a.keeper.stop();
      return note('too late');
    });
    await expect(making).rejects.toMatchObject({ code: 'roster_refused' });
    await stopped;
    await expect(a.keeper.propose(() => note('later'))).rejects.toMatchObject({ code: 'roster_refused' });
    expect(shared.places.size).toBe(3);
    await b.keeper.propose(() => note('of another'));
    await a.keeper.sync();
    expect(digestAt(a)).toBe(digestAt(b));
  });

  it('has stopped once what it was writing is there', async () => {
    const { shared, a } = await three();
    const append = shared.append.bind(shared);
    const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>();
    const { promise: isWriting, resolve: writes } = Promise.withResolvers<void>();
    shared.append = async (epoch, bytes) => {
      writes();
      await mayGoOn;
      return append(epoch, bytes);
    };
    const written = a.keeper.propose(() => remove('c'));
    await isWriting;
    const stopping = a.keeper.stop();
    goOn();
    await stopping;
    expect(shared.places.size).toBe(4);
    await written;
  });
});

describe('two halves of a cluster, each sure of another past', () => {
  it('write over each other a dozen times, then once a minute, say so, and change their minds never', async () => {
    const { shared, clock, a, b, c } = await three();
    const head = digestAt(a);
    const [byA, byB] = [a.forge(3, head, remove('b')), b.forge(3, head, remove('a'))];
    for (const step of [byA, byB]) {
      shared.places.set(3, step.bytes);
      for (const { keeper } of [a, b]) await keeper.sync();
    }
    for (const noPast of ['', byA.digest.slice(0, 7), '00112233'])
      await expect(a.keeper.choose(noPast)).rejects.toMatchObject({ code: 'roster_choice' });
    await a.keeper.choose(byA.digest);
    await b.keeper.choose(byB.digest);
    const round = async () => {
      const before = shared.places.get(3);
      for (const { keeper } of [a, b, c]) await keeper.sync();
      return shared.places.get(3) === before ? 0 : 1;
    };
    let changes = 0;
    for (let i = 0; i < 100; i += 1) changes += await round();
    expect(changes).toBeLessThanOrEqual(24);
    let quiet = 0;
    for (let i = 0; i < 20; i += 1) quiet += await round();
    expect(quiet).toBe(0);
    expect([a, b].some(({ keeper }) => keeper.isContested)).toBe(true);
    expect([a, b].map(digestAt)).toEqual([byA.digest, byB.digest]);
    await clock.advance(60_000);
    let anew = 0;
    for (let i = 0; i < 20; i += 1) anew += await round();
    expect(anew).toBeLessThanOrEqual(2);
  });
});

describe('a node with pins', () => {
  it('takes over the chain that holds them all, and founds none', async () => {
    const { shared, clock, a } = await three();
    const pins = [0, 2].map((epoch) => ({ epoch, digest: a.keeper.steps[epoch]?.digest ?? '' }));
    const alone = new RosterNode('new', new FakeRosterStore(), clock, undefined, pins);
    expect([await alone.found(), alone.names]).toEqual([false, []]);
    const joined = new RosterNode('new', shared, clock, undefined, pins);
    await joined.keeper.sync();
    expect([joined.names, joined.keeper.trouble]).toEqual([['a', 'b', 'c'], null]);
  });

  it.each([
    ['an old copy, which lacks the last', 2],
    ['a chain of somebody else from the first on', 0],
  ])('does not take over %s', async (_, epoch) => {
    const { shared, clock, a } = await three();
    const digests = a.keeper.steps.map(({ digest }) => digest);
    const pins = [0, 2].map((at) => ({ epoch: at, digest: digests[at] ?? '' }));
    if (epoch === 2) await shared.cut(2);
    else pins[0] = { epoch, digest: 'ab'.repeat(32) };
    const joined = new RosterNode('new', shared, clock, undefined, pins);
    await joined.keeper.sync();
    expect([joined.names, joined.keeper.trouble]).toEqual([[], { kind: 'unpinned', epoch }]);
  });
});

describe('a fork', () => {
  it('ends the same for all: who removes the other signer wins', async () => {
    const { shared, a, b, c } = await three();
    const head = digestAt(a);
    const removing = a.forge(3, head, remove('b'));
    const noting = b.forge(3, head, [{ op: 'note', text: 'not me' }]);
    shared.places.set(3, noting.bytes);
    await b.keeper.sync();
    await c.keeper.sync();
    shared.places.set(3, removing.bytes);
    for (const { keeper } of [b, c, a, b, c]) await keeper.sync();
    expect(new Set([a, b, c].map(digestAt))).toEqual(new Set([removing.digest]));
    expect(c.names).toEqual(['a', 'c']);
  });

  it('in which each removes the other freezes trust, and says so', async () => {
    const { shared, a, b, c } = await three();
    const head = digestAt(a);
    shared.places.set(3, a.forge(3, head, remove('b')).bytes);
    await c.keeper.sync();
    shared.places.set(3, b.forge(3, head, remove('a')).bytes);
    await c.keeper.sync();
    expect(c.keeper.trouble).toMatchObject({ kind: 'frozen', epoch: 3 });
    await expect(c.keeper.propose(() => remove('b'))).rejects.toMatchObject({ code: 'roster_frozen' });
  });

  it('written long afterwards moves nobody, however low its digest', async () => {
    const { shared, clock, a, b, c } = await three();
    const parent = (await shared.read(1, 1)).length === 1 ? (a.keeper.roster?.digest ?? '') : '';
    await a.keeper.propose(() => [{ op: 'note', text: 'the true one' }]);
    for (const { keeper } of [b, c]) await keeper.sync();
    const truth = digestAt(a);
    await settle(clock, [a, b, c]);
    let lower = b.forge(3, parent, [{ op: 'note', text: '0' }]);
    for (let i = 1; lower.digest > truth; i += 1) lower = b.forge(3, parent, [{ op: 'note', text: `${i}` }]);
    shared.places.set(3, lower.bytes);
    await c.keeper.sync();
    expect(digestAt(c)).toBe(truth);
    expect(c.keeper.trouble).toMatchObject({ kind: 'rewritten', epoch: 3 });
    expect(Buffer.from(shared.places.get(3) ?? []).equals(Buffer.from(lower.bytes))).toBe(false);
  });

  it('does not bring back who was evicted, though it begins with a step that somebody honest once signed', async () => {
    const { shared, a, b, c } = await three();
    const parent = digestAt(a);
    const honest = b.forge(3, parent, [{ op: 'note', text: 'lost to another' }]);
    const taken = c.forge(3, parent, [{ op: 'note', text: 'won' }]);
    shared.places.set(3, taken.bytes);
    for (const { keeper } of [a, b, c]) await keeper.sync();
    await a.keeper.propose(() => remove('c'));
    for (const { keeper } of [b, a]) await keeper.sync();
    const back = c.forge(4, honest.digest, [{ op: 'note', text: 'still here' }]);
    shared.places.set(3, honest.bytes);
    shared.places.set(4, back.bytes);
    for (const { keeper } of [a, b, a]) await keeper.sync();
    expect([a.names, b.names]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('from the first step on moves nobody who is not alone in the cluster', async () => {
    const { shared, clock, a, b } = await three();
    const mallory = new RosterNode('mallory', new FakeRosterStore(), clock);
    await mallory.found();
    shared.places.clear();
    for (const { epoch, bytes } of mallory.keeper.steps) shared.places.set(epoch, bytes);
    for (const { keeper } of [a, b, a]) await keeper.sync();
    expect([a.names, b.names]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect(a.keeper.trouble).toMatchObject({ kind: 'rewritten', epoch: 0 });
  });

  it('about a step that the backend never showed is lost by who wrote it', async () => {
    const { shared, a, b, c } = await three();
    await a.keeper.propose(() => [{ op: 'note', text: 'acknowledged, and lost' }]);
    shared.places.delete(3);
    await b.keeper.propose(() => [{ op: 'note', text: 'the other' }]);
    for (const { keeper } of [c, a]) await keeper.sync();
    expect(new Set([a, b, c].map(digestAt)).size).toBe(1);
    expect(a.keeper.steps.at(-1)?.signer).toBe('b');
    expect(a.lost.map(({ epoch }) => epoch)).toEqual([3]);
  });

  it('keeps an eviction that its victim writes over before anybody has seen it', async () => {
    const { shared, a, b, c } = await three();
    const parent = digestAt(a);
    await a.keeper.propose(() => remove('c'));
    shared.places.set(3, c.forge(3, parent, [{ op: 'note', text: 'not me' }]).bytes);
    for (const { keeper } of [a, b]) await keeper.sync();
    expect([a.names, b.names]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('ends by who has not settled giving in, and never by two halves writing for ever', async () => {
    const { shared, clock, a, b, c } = await three();
    const parent = digestAt(a);
    const forged = [a, b].map((node) => node.forge(3, parent, [{ op: 'note', text: node.member.node_id }]));
    const [lower, higher] = forged.sort((one, other) => (one.digest < other.digest ? -1 : 1));
    shared.places.set(3, higher?.bytes ?? new Uint8Array());
    await settle(clock, [b, c]);
    shared.places.set(3, lower?.bytes ?? new Uint8Array());
    await a.keeper.sync();
    await a.keeper.sync(); // it has seen it, and the rule is on its side
    for (let i = 0; i < 8; i += 1) for (const { keeper } of [b, c, a]) await keeper.sync();
    expect(new Set([a, b, c].map(digestAt))).toEqual(new Set([higher?.digest]));
  });
});

/** Until what they see in the backend is settled. */
async function settle(clock: ManualClock, nodes: readonly RosterNode[]): Promise<void> {
  for (const { keeper } of nodes) await keeper.sync();
  for (const { keeper } of nodes) await keeper.sync();
  await clock.advance(SETTLING_MS + 1000);
  for (const { keeper } of nodes) await keeper.sync();
}

/** Each reading takes a while. */
class SlowStore extends FakeRosterStore {
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    super();
    this.#clock = clock;
  }

  override async read(from: number, limit: number): Promise<readonly SlotReading[]> {
    await this.#clock.advance(FOLLOW_MS / 10);
    return super.read(from, limit);
  }
}

describe('a member that writes steps without end', () => {
  const FLOOD = 2000;

  async function flooded() {
    const clock = new ManualClock();
    const shared = new SlowStore(clock);
    const node = (name: string, pins: readonly RosterPin[] = []) =>
      new RosterNode(name, shared, clock, undefined, pins);
    const [a, b] = [node('a'), node('b')];
    await a.found();
    await a.admit(b);
    await b.keeper.sync();
    const steps = b.flood(FLOOD, shared);
    return { clock, shared, node, a, b, steps };
  }

  it('is followed little by little, and named; its steps are what is left of it when it is removed', async () => {
    const { a, b, clock } = await flooded();
    const beganMs = clock.monotonicMs();
    await a.keeper.sync();
    expect(clock.monotonicMs() - beganMs).toBeLessThan(2 * FOLLOW_MS);
    expect(a.keeper.roster?.epoch).toBeGreaterThan(100);
    expect(a.keeper.roster?.epoch).toBeLessThan(FLOOD / 2);
    for (let look = 0; look < 3; look += 1) await a.keeper.sync();
    expect(a.keeper.trouble).toMatchObject({ kind: 'flooded', by: 'b' });
    await a.keeper.propose(() => remove('b'));
    expect([a.names, a.keeper.roster?.epoch]).toEqual([['a'], FLOOD + 2]);
    expect(b.keeper.roster?.epoch).toBe(1);
  });

  it('does not make a server believe that it knows all that there is', async () => {
    const { a, clock } = await flooded();
    const knownMs = a.keeper.syncedAtMs;
    await a.keeper.sync();
    expect(a.keeper.syncedAtMs).toBe(knownMs);
    await a.keeper.propose(() => null);
    for (let look = 0; look < 20; look += 1) await a.keeper.sync();
    expect(a.keeper.roster?.epoch).toBe(FLOOD + 1);
    expect(a.keeper.syncedAtMs).toBeGreaterThan(clock.monotonicMs() - FOLLOW_MS);
  });

  it('keeps no newcomer out that was promised a step of its: it reads on where it was', async () => {
    const { node, steps } = await flooded();
    const { epoch, digest } = steps.at(-1) ?? expect.fail('no steps');
    const newcomer = node('c', [{ epoch, digest }]);
    for (let look = 0; look < 20 && newcomer.keeper.roster === null; look += 1) {
      await newcomer.keeper.sync();
      expect(newcomer.keeper.trouble).toBeNull();
    }
    expect(newcomer.names).toEqual(['a', 'b']);
    expect(newcomer.keeper.roster?.epoch).toBe(FLOOD + 1);
  });

  it('takes nothing true out of the backend', async () => {
    const { a, shared } = await flooded();
    for (let look = 0; look < 20; look += 1) await a.keeper.sync();
    expect(shared.places.size).toBe(FLOOD + 2);
  });
});
