/** What every registry promises, whatever its engine (src/store/member-store.ts). */
import { describe, expect, it } from 'vitest';
import { RECORD_MAX_BYTES } from '../../src/protocol/limits.ts';
import type { MemberStore, RegistryReading, SlotReading } from '../../src/store/member-store.ts';

/** `open`: a node's way to one registry, the same for all nodes of a test, empty when the test begins. */
export function memberStoreContract(open: (nodeId: string) => Promise<MemberStore>): void {
  const bytes = (text: string) => Buffer.from(text, 'utf8');
  const holding = (text: string): SlotReading => ({ kind: 'bytes', bytes: expect.toSatisfy(isText(text)) });
  const isText = (text: string) => (given: Uint8Array) => Buffer.from(given).toString('utf8') === text;
  const idsOf = ({ slots }: RegistryReading) => slots.map(({ nodeId }) => nodeId);

  async function join(nodeId: string): Promise<MemberStore> {
    const store = await open(nodeId);
    await store.putOwn({ node: bytes(`node of ${nodeId}`), heartbeat: bytes(`heartbeat of ${nodeId}`) });
    return store;
  }

  describe('a slot', () => {
    it('holds for all what its node wrote last', async () => {
      const alice = await join('alice');
      const bob = await open('bob');
      const first = {
        nodeId: 'alice',
        node: holding('node of alice'),
        heartbeat: holding('heartbeat of alice'),
      };
      expect(await bob.read(['alice'], 0)).toEqual({ slots: [first], junkNames: 0, unreadNames: 0 });
      await alice.putOwn({ heartbeat: bytes('the next') });
      const next = { ...first, heartbeat: holding('the next') };
      expect(await bob.read(['alice'], 0)).toEqual({ slots: [next], junkNames: 0, unreadNames: 0 });
      expect(await alice.read(['alice'], 0)).toEqual({ slots: [next], junkNames: 0, unreadNames: 0 });
    });

    it('is written by its own node alone', async () => {
      const alice = await join('alice');
      const bob = await join('bob');
      await alice.putOwn({ node: bytes('a'), heartbeat: bytes('b') });
      expect(await bob.inspect('node', 'bob')).toEqual(holding('node of bob'));
      expect(await bob.inspect('heartbeat', 'bob')).toEqual(holding('heartbeat of bob'));
    });

    it('of n1 is not that of n10, nor of another node whose name begins the same', async () => {
      const nodeIds = ['n1', 'n10', 'n1.a', 'n1-a', 'n1_a', 'N1'];
      for (const nodeId of nodeIds) await join(nodeId);
      const { slots } = await (await open('n1')).read(nodeIds, 0);
      expect(slots).toEqual(
        nodeIds.map((nodeId) => ({
          nodeId,
          node: holding(`node of ${nodeId}`),
          heartbeat: holding(`heartbeat of ${nodeId}`),
        })),
      );
    });

    it('may lie there alone: a heartbeat without its node record', async () => {
      const alice = await open('alice');
      await alice.putOwn({ heartbeat: bytes('alone') });
      const slot = { nodeId: 'alice', node: { kind: 'missing' }, heartbeat: holding('alone') };
      expect(await alice.read([], 1)).toEqual({ slots: [slot], junkNames: 0, unreadNames: 0 });
    });

    it('is missing when nobody wrote it, and no error', async () => {
      const store = await open('alice');
      const nobody = { nodeId: 'nobody', node: { kind: 'missing' }, heartbeat: { kind: 'missing' } };
      expect(await store.read(['nobody'], 64)).toEqual({ slots: [nobody], junkNames: 0, unreadNames: 0 });
      expect(await store.inspect('node', 'nobody')).toEqual({ kind: 'missing' });
    });

    it('holds any bytes, none at all among them', async () => {
      const alice = await open('alice');
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      await alice.putOwn({ node: new Uint8Array(0), heartbeat: all });
      const [slot] = (await alice.read(['alice'], 0)).slots;
      expect(slot?.node).toEqual({ kind: 'bytes', bytes: expect.toSatisfy(isText('')) });
      expect(slot?.heartbeat.kind === 'bytes' && [...slot.heartbeat.bytes]).toEqual([...all]);
    });

    it('is read up to one byte more than a record can have', async () => {
      const alice = await open('alice');
      await alice.putOwn({ heartbeat: Buffer.alloc(200_000, 'x') });
      const [slot] = (await alice.read(['alice'], 0)).slots;
      expect(slot?.heartbeat.kind === 'bytes' && slot.heartbeat.bytes.byteLength).toBe(RECORD_MAX_BYTES + 1);
      const inspected = await alice.inspect('heartbeat', 'alice');
      expect(inspected.kind === 'bytes' && inspected.bytes.byteLength).toBe(RECORD_MAX_BYTES + 1);
    });

    it('is never seen half written', async () => {
      const names = ['a', 'b', 'c'];
      const writers = await Promise.all(names.map(open));
      const reader = await open('reader');
      const half: string[] = [];
      const write = async (store: MemberStore) => {
        for (let i = 0; i < 20; i += 1) {
          const value = Buffer.alloc(RECORD_MAX_BYTES, String.fromCharCode(97 + i));
          await store.putOwn({ node: value, heartbeat: value });
        }
      };
      let writing = true;
      const reading = (async () => {
        while (writing) {
          for (const { nodeId, node, heartbeat } of (await reader.read(names, 0)).slots) {
            for (const slot of [node, heartbeat]) {
              if (slot.kind === 'missing') continue;
              const whole =
                slot.kind === 'bytes' &&
                slot.bytes.byteLength === RECORD_MAX_BYTES &&
                slot.bytes.every((byte) => byte === slot.bytes[0]);
              if (!whole) half.push(nodeId);
            }
          }
          await new Promise(setImmediate);
        }
      })();
      await Promise.all(writers.map(write));
      writing = false;
      await reading;
      expect(half).toEqual([]);
    });
  });

  describe('a reading', () => {
    it('of an empty registry is empty', async () => {
      expect(await (await open('alice')).read([], 64)).toEqual({ slots: [], junkNames: 0, unreadNames: 0 });
    });

    it('has first the members asked for, in their order, then newcomers', async () => {
      for (const nodeId of ['alice', 'bob', 'carol', 'dave']) await join(nodeId);
      const store = await open('erin');
      const nodeIds = idsOf(await store.read(['dave', 'nobody', 'bob'], 64));
      expect(nodeIds.slice(0, 3)).toEqual(['dave', 'nobody', 'bob']);
      expect(nodeIds.slice(3).sort()).toEqual(['alice', 'carol']);
    });

    it('has no more newcomers than asked for, and others each time until all have had their turn', async () => {
      const strangers = Array.from({ length: 10 }, (_, i) => `stranger-${i}`);
      for (const nodeId of strangers) await join(nodeId);
      const store = await join('alice');
      const met = new Set<string>();
      for (let turn = 0; turn < 4; turn += 1) {
        const reading = await store.read(['alice'], 3);
        expect(reading.unreadNames).toBe(7);
        const [first, ...newcomers] = idsOf(reading);
        expect(first).toBe('alice');
        expect(newcomers).toHaveLength(3);
        for (const nodeId of newcomers) met.add(nodeId);
      }
      expect([...met].sort()).toEqual(strangers);
    });

    it('holds its bytes though the slot is written again', async () => {
      const alice = await join('alice');
      const [before] = (await alice.read(['alice'], 0)).slots;
      await alice.putOwn({ heartbeat: bytes('the next one, longer than the one before') });
      expect(before?.heartbeat).toEqual(holding('heartbeat of alice'));
    });
  });

  describe('closing', () => {
    it('may be done twice, and takes nothing away', async () => {
      const alice = await join('alice');
      await alice.close();
      await alice.close();
      expect((await (await open('bob')).inspect('node', 'alice')).kind).toBe('bytes');
    });
  });

  describe('a description', () => {
    it('says where the registry is, and nothing that was written there', async () => {
      const store = await join('alice');
      const facts = await store.describe();
      expect(facts.kind).toBe(store.backend === 'file' ? 'folder' : 'redis');
      if (facts.kind === 'folder') expect(facts).toMatchObject({ path: store.address, isOurs: true });
      else expect(facts).toMatchObject({ tls: false, role: { told: 'master' } });
      expect(JSON.stringify(facts)).not.toContain('of alice');
    });
  });

  describe('a probe', () => {
    it('writes and reads back, and leaves nothing that others take for a node', async () => {
      const store = await open('alice');
      await store.probe();
      await store.probe();
      expect(await store.read([], 64)).toEqual({ slots: [], junkNames: 0, unreadNames: 0 });
    });
  });
}
