/** What every database promises of its stores together, whatever its engine (src/store/sql/stores.ts). */
import { describe, expect, it } from 'vitest';
import type { Stores } from '../../src/store/sql/stores.ts';

/** `open`: the same database each time within one test, a new one in each; `openAnother`: another one. */
export function storesContract(open: () => Promise<Stores>, openAnother: () => Promise<Stores>): void {
  const idOf = async (opening: Promise<Stores>) => {
    const { databaseId, close } = await opening;
    await close();
    return databaseId;
  };

  describe('the id of the database', () => {
    it('is kept from one start to the next', async () => {
      const id = await idOf(open());
      expect(id).toMatch(/^[0-9a-f]{32}$/);
      expect(await idOf(open())).toBe(id);
    });

    it('is agreed on by servers that open a new database at the same moment', async () => {
      const stores = await Promise.all([1, 2, 3, 4].map(() => open()));
      expect(new Set(stores.map(({ databaseId }) => databaseId)).size).toBe(1);
      await Promise.all(stores.map(({ close }) => close()));
    });

    it('is another one for another database', async () => {
      expect(await idOf(open())).not.toBe(await idOf(openAnother()));
    });
  });
}
