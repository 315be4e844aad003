/** Nodes that keep one roster over a backend that may forget, lie and be slow; and over a member that lies. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import {
  type Operation,
  type RosterMember,
  type RosterStep,
  signStep,
} from '../../src/protocol/roster-step.ts';
import { FORK_WINDOW_MS } from '../../src/services/roster-copy.ts';
import { RosterKeeper } from '../../src/services/roster-keeper.ts';
import { ManualClock } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';
import { FakeRosterDisk, FakeRosterStore } from '../fakes/roster-store.ts';

const CLUSTER = '00112233445566778899aabbccddeeff';
const KEY_ID = '0011223344556677';
const PROOF = Buffer.alloc(32, 7).toString('base64');

class Node {
  readonly keeper: RosterKeeper;
  readonly disk: FakeRosterDisk;
  readonly key: KeyObject;
  readonly member: RosterMember;
  readonly #clock: ManualClock;
  /** Whose heartbeats it sees. */
  peers: readonly Node[] = [];

  constructor(nodeId: string, shared: FakeRosterStore, clock: ManualClock, before?: Node) {
    this.key = before?.key ?? generateKeyPairSync('ed25519').privateKey;
    this.disk = before?.disk ?? new FakeRosterDisk();
    this.#clock = clock;
    const sealing = publicKeyText(generateKeyPairSync('x25519').privateKey);
    this.member = before?.member ?? {
      node_id: nodeId,
      identity_key: publicKeyText(this.key),
      sealing_key: sealing,
    };
    this.keeper = new RosterKeeper({
      shared,
      disk: this.disk,
      clock,
      log: new FakeLog(),
      nodeId,
      signingKey: this.key,
      clusterId: CLUSTER,
      pins: [],
      isProved: () => true,
      peerEpochs: () => this.peers.map(({ keeper }) => keeper.roster?.epoch ?? -1),
      intervalMs: 1000,
      onChange: async () => undefined,
      onOwnStep: () => undefined,
      onLost: () => undefined,
    });
  }

  found(): Promise<boolean> {
    return this.keeper.found({
      op: 'found',
      member: this.member,
      admission: 'secret',
      level: 2,
      key_id: KEY_ID,
      proof: PROOF,
    });
  }

  admit({ member }: Node) {
    return this.keeper.propose(({ members }) =>
      members.has(member.node_id) ? null : [{ op: 'admit', member }],
    );
  }

  /** A step that no keeper made. */
  forge(epoch: number, parent: string, operations: readonly Operation[]): RosterStep {
    const time = Math.floor(this.#clock.wallMs() / 1000);
    const place = { clusterId: CLUSTER, epoch, parent, signer: this.member.node_id, time };
    return signStep({ ...place, operations }, this.key);
  }

  get names(): string[] {
    return [...(this.keeper.roster?.members.keys() ?? [])];
  }
}

function stage() {
  const shared = new FakeRosterStore();
  const clock = new ManualClock();
  const node = (name: string, before?: Node) => new Node(name, shared, clock, before);
  return { shared, clock, node };
}

async function three() {
  const { shared, clock, node } = stage();
  const [a, b, c] = [node('a'), node('b'), node('c')] as [Node, Node, Node];
  await a.found();
  await a.admit(b);
  await a.admit(c);
  for (const { keeper } of [b, c]) await keeper.sync();
  return { shared, clock, node, a, b, c };
}

const remove = (nodeId: string): Operation[] => [{ op: 'remove', node_id: nodeId }];
const digestAt = ({ keeper }: Node) => keeper.roster?.digest ?? '';

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
    const { bytes = new Uint8Array() } = b.disk.steps[1] ?? {};
    const changed = Buffer.from(bytes).toString().replace('"node_id":"b"', '"node_id":"x"');
    b.disk.steps[1] = { bytes: Buffer.from(changed), isSettled: false };
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
    await clock.advance(FORK_WINDOW_MS + 1000);
    for (const { keeper } of [a, b, c]) await keeper.sync(); // and it is there still
    let lower = b.forge(3, parent, [{ op: 'note', text: '0' }]);
    for (let i = 1; lower.digest > truth; i += 1) lower = b.forge(3, parent, [{ op: 'note', text: `${i}` }]);
    shared.places.set(3, lower.bytes);
    await c.keeper.sync();
    expect(digestAt(c)).toBe(truth);
    expect(c.keeper.trouble).toMatchObject({ kind: 'rewritten', epoch: 3 });
    expect(Buffer.from(shared.places.get(3) ?? []).equals(Buffer.from(lower.bytes))).toBe(false);
  });
});
