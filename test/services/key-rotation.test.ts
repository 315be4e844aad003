/** A rotation of the secret in a small cluster, in which a member is stopped at any of its moments. */
import { expect, it } from 'vitest';
import { Keyring } from '../../src/protocol/keyring.ts';
import { Person } from '../membership/roster-chain-maker.ts';
import { CLUSTER_ID, fieldsOf, secretOf } from '../protocol/signer.ts';
import { refusalsOf, type Server, SmallCluster, statesOf } from './small-cluster.ts';

const INTERVAL_MS = 1000;
const STEP_MS = 250;
const MOMENTS = Array.from({ length: 32 }, (_, i) => i * STEP_MS);

/** Each holds the secret in a keyring of its own. */
const keyring = () => new Keyring(CLUSTER_ID, [secretOf('the secret of the tests')]);

/** On by one step, with all that the servers do about it: what is sealed is opened outside of the clock. */
async function step(small: SmallCluster, running: readonly Server[]): Promise<void> {
  await small.time.advance(STEP_MS);
  for (const { cluster } of running) await cluster.trust?.sync();
}

async function until(
  small: SmallCluster,
  running: readonly Server[],
  isSo: (server: Server) => boolean | undefined,
): Promise<void> {
  for (let steps = 0; !running.every(isSo); steps += 1) {
    if (steps > 200) throw new Error('never so');
    await step(small, running);
  }
}

it.each(MOMENTS)(
  'who was stopped %i ms after its beginning says no word under the retired secret, and is never refused',
  async (moment) => {
    const small = new SmallCluster({ intervalMs: INTERVAL_MS, timeoutMs: 3 * INTERVAL_MS }, { roster: true });
    const a = await small.start('a', { keyring: keyring() });
    const b = await small.start('b', { keyring: keyring() });
    const store = small.registry.store('c');
    /** The key id of each word of c. */
    const signedWith: unknown[] = [];
    const putOwn = store.putOwn.bind(store);
    store.putOwn = (slots) => {
      signedWith.push(fieldsOf(slots.heartbeat)._key_id);
      return putOwn(slots);
    };
    const c = await small.start('c', { keyring: keyring(), store });
    await until(small, [a, b, c], ({ cluster }) => cluster.trust?.roster?.members.size === 3);
    await until(small, [a, b, c], (server) =>
      Object.values(statesOf(server)).every((state) => state === 'healthy'),
    );
    const before = a.cluster.trust?.roster?.keyId ?? '';

    await a.cluster.trust?.rotation.begin();
    for (let passed = 0; passed < moment; passed += STEP_MS) await step(small, [a, b, c]);
    c.clock.stop();
    await until(small, [a, b], ({ cluster }) => cluster.trust?.roster?.retired.has(before));
    for (let more = 0; more < 8; more += 1) await step(small, [a, b]);
    signedWith.length = 0;
    c.clock.continue();
    await small.time.advance(0);
    await until(small, [a, b, c], (server) =>
      Object.values(statesOf(server)).every((state) => state === 'healthy'),
    );
    for (const server of [a, b, c]) expect(refusalsOf(server)).toEqual([]);
    expect(signedWith.length).toBeGreaterThan(0);
    expect(signedWith).not.toContain(before);
  },
);

it('who was never heard has a timeout in each rotation, and so has who comes later under that name', async () => {
  const small = new SmallCluster({ intervalMs: INTERVAL_MS, timeoutMs: 3 * INTERVAL_MS }, { roster: true });
  const { cluster } = await small.start('a', { keyring: keyring() });
  const { keeper, rotation } = cluster.trust ?? expect.fail('a cluster with a roster');
  const admitted = async () => {
    await keeper.propose(() => [{ op: 'admit', member: new Person('silent').member }]);
    await small.intervals(1);
  };
  const isWaitedForAndThenNot = async () => {
    await rotation.begin();
    await small.intervals(2);
    expect(keeper.roster?.pending?.phase).toBe('prepared');
    await small.intervals(10);
    expect(keeper.roster?.pending).toBe(null);
  };
  await admitted();
  await isWaitedForAndThenNot();
  await isWaitedForAndThenNot();
  await keeper.propose(() => [{ op: 'remove', node_id: 'silent' }]);
  await admitted();
  await isWaitedForAndThenNot();
});
