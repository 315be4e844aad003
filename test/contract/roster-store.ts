/** What every place of the roster's chain promises, whatever its engine (src/store/roster-store.ts). */
import { describe, expect, it } from 'vitest';
import { ROSTER_STEP_MAX_BYTES } from '../../src/protocol/limits.ts';
import { CUT_PLACES, type RosterStore } from '../../src/store/roster-store.ts';

/** `open`: a way to one chain, the same for all ways of a test, empty when the test begins. */
export function rosterStoreContract(open: () => Promise<RosterStore>): void {
  const bytes = (text: string) => Buffer.from(text, 'utf8');
  const textsOf = async (store: RosterStore, from = 0, limit = 10) =>
    (await store.read(from, limit)).map((place) =>
      place.kind === 'bytes' ? Buffer.from(place.bytes).toString('utf8') : place.kind,
    );

  describe('a chain', () => {
    it('is read in order, from any step on, as far as it goes and was asked for', async () => {
      const [writer, reader] = [await open(), await open()];
      expect(await textsOf(reader)).toEqual([]);
      for (const [epoch, text] of ['first', 'second', 'third'].entries())
        expect(await writer.append(epoch, bytes(text))).toBe(true);
      expect(await textsOf(reader)).toEqual(['first', 'second', 'third']);
      expect(await textsOf(reader, 1, 1)).toEqual(['second']);
      expect(await textsOf(reader, 3)).toEqual([]);
    });

    it('ends before the first step that is not there', async () => {
      const store = await open();
      await store.append(0, bytes('first'));
      await store.append(2, bytes('third'));
      expect(await textsOf(store)).toEqual(['first']);
    });

    it('takes one step in one place: of many who write at once one is told so', async () => {
      const writers = await Promise.all(Array.from({ length: 8 }, open));
      for (let epoch = 0; epoch < 20; epoch += 1) {
        const taken = await Promise.all(
          writers.map((writer, i) => writer.append(epoch, bytes(`${epoch} of ${i}`))),
        );
        expect(taken.filter((one) => one)).toHaveLength(1);
        expect(await textsOf(await open(), epoch, 1)).toEqual([`${epoch} of ${taken.indexOf(true)}`]);
      }
    });

    it('is replaced and cut where that is asked for', async () => {
      const store = await open();
      for (const epoch of [0, 1, 2, 3]) await store.append(epoch, bytes(`${epoch}`));
      await store.replace(1, bytes('other'));
      expect(await textsOf(store)).toEqual(['0', 'other', '2', '3']);
      await store.cut(2);
      await store.cut(2);
      expect(await textsOf(store)).toEqual(['0', 'other']);
      expect(await store.append(2, bytes('again'))).toBe(true);
    });

    it('is cut over a hole, and no further than so many places: nobody makes it work for ever', async () => {
      const store = await open();
      const places = [0, 1, 3, CUT_PLACES, CUT_PLACES + 1, CUT_PLACES + 2];
      for (const epoch of places) await store.append(epoch, bytes(`${epoch}`));
      await store.cut(1);
      expect(await textsOf(store)).toEqual(['0']);
      expect(await textsOf(store, 3)).toEqual([]);
      expect(await textsOf(store, CUT_PLACES)).toEqual([]);
      expect(await textsOf(store, CUT_PLACES + 1)).toEqual([`${CUT_PLACES + 1}`, `${CUT_PLACES + 2}`]);
    });

    it('holds any bytes, none at all among them, and is read up to one more than a step can have', async () => {
      const store = await open();
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      await store.append(0, all);
      await store.append(1, new Uint8Array());
      await store.append(2, Buffer.alloc(ROSTER_STEP_MAX_BYTES * 2, 'x'));
      const sizes = (await store.read(0, 10)).map(
        (place) => place.kind === 'bytes' && place.bytes.byteLength,
      );
      expect(sizes).toEqual([256, 0, ROSTER_STEP_MAX_BYTES + 1]);
    });
  });
}
