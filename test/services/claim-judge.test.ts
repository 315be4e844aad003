/** Who asks to be admitted by the secret: only somebody who lives now, and not what somebody captured of it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/protocol/record.ts';
import { Signer } from '../protocol/signer.ts';
import { refusalsOf, type Server, SmallCluster } from './small-cluster.ts';

const INTERVAL_MS = 2000;
const HOUR_MS = 3_600_000;

let small: SmallCluster;
let a: Server;

beforeEach(async () => {
  small = new SmallCluster({ intervalMs: INTERVAL_MS, timeoutMs: 6000 }, { roster: true });
  a = await small.start('a');
});

const members = () => [...(a.cluster.trust?.roster?.members.keys() ?? [])];
const remove = (nodeId: string) =>
  a.cluster.trust?.keeper.propose(() => [{ op: 'remove', node_id: nodeId }]) ?? Promise.reject();

/** b as a member that stopped without a word, with what lay in its slots, then taken off the roster. */
async function removedB(): Promise<{ node: Uint8Array; heartbeats: Uint8Array[] }> {
  const b = await small.start('b');
  const heartbeats: Uint8Array[] = [];
  await small.watch(4 * INTERVAL_MS, () => {
    heartbeats.push(small.registry.capture('heartbeat', 'b'));
  });
  expect(members()).toEqual(['a', 'b']);
  b.clock.kill();
  await remove('b');
  expect(members()).toEqual(['a']);
  return { node: small.registry.capture('node', 'b'), heartbeats };
}

describe('a newcomer', () => {
  it('is admitted as soon as it speaks to a member', async () => {
    await small.start('b');
    await small.intervals(2);
    expect(members()).toEqual(['a', 'b']);
  });

  it.each([
    ['names nobody', { seen: {} }],
    ['names an earlier run of the verifier', { seen: { a: 1 } }],
    ['names another node record', { record: 'f'.repeat(64) }],
    ['says that it goes', { state: 'left' }],
  ] as const)('whose heartbeat %s is not', async (_, changes) => {
    const b = new Signer('b');
    const timestamp = Math.floor(small.time.wallMs() / 1000);
    const run = { timestamp, incarnation: small.time.wallMs() };
    const seen = { a: a.cluster.heartbeat.incarnation };
    const node = b.node(run);
    small.registry.put('node', 'b', node);
    const body = (more: object) => ({ record: digestOf(node), seen, ...more });
    small.registry.put('heartbeat', 'b', b.heartbeat(run, body(changes)));
    await small.intervals(2);
    expect(members()).toEqual(['a']);
    small.registry.put('heartbeat', 'b', b.heartbeat({ ...run, sequence: 2 }, body({})));
    await small.intervals(1);
    expect(members()).toEqual(['a', 'b']);
  });
});

describe('who was removed', () => {
  it('is not admitted for its last records, which still lie there', async () => {
    await removedB();
    await small.intervals(3);
    expect(members()).toEqual(['a']);
  });

  it('is not admitted for captured ones, in any order, for as long as they are in time', async () => {
    const { node, heartbeats } = await removedB();
    for (let i = 0; i < 200; i += 1) {
      small.registry.put('node', 'b', node);
      small.registry.put('heartbeat', 'b', heartbeats[i % heartbeats.length] ?? '');
      await small.time.advance(INTERVAL_MS);
    }
    expect(members()).toEqual(['a']);
  });

  it('is not admitted for a heartbeat that was held back from the member until then', async () => {
    const b = await small.start('b');
    await small.intervals(3);
    const before = small.registry.capture('heartbeat', 'b');
    await b.cluster.heartbeat.speakNow();
    const heldBack = small.registry.capture('heartbeat', 'b');
    small.registry.put('heartbeat', 'b', before);
    b.clock.kill();
    await remove('b');
    small.registry.put('heartbeat', 'b', heldBack);
    await small.intervals(3);
    expect(members()).toEqual(['a']);
  });

  it('is not admitted for captured ones by a server whose clock was set back to when they were new', async () => {
    const b = await small.start('b');
    await small.intervals(3);
    const node = small.registry.capture('node', 'b');
    const heartbeats = [small.registry.capture('heartbeat', 'b')];
    await small.intervals(3);
    heartbeats.push(small.registry.capture('heartbeat', 'b'));
    b.clock.kill();
    small.registry.remove('node', 'b');
    small.registry.remove('heartbeat', 'b');
    await remove('b');
    await small.time.advance(HOUR_MS);
    a.clock.offsetMs = -HOUR_MS - 6 * INTERVAL_MS;
    for (const heartbeat of heartbeats) {
      small.registry.put('node', 'b', node);
      small.registry.put('heartbeat', 'b', heartbeat);
      await small.intervals(1);
    }
    expect(members()).toEqual(['a']);
    expect(refusalsOf(a)).toContainEqual(expect.objectContaining({ code: 'replayed', nodeId: 'b' }));
  });

  it('is back when it is started again', async () => {
    await removedB();
    await small.start('b');
    await small.intervals(6);
    expect(members()).toEqual(['a', 'b']);
  });
});
