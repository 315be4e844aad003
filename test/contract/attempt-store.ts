/** What every attempt store promises, whatever its engine (src/store/attempt-store.ts). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptStore, Attempts } from '../../src/store/attempt-store.ts';

export interface OpenedAttemptStore {
  readonly store: AttemptStore;
  close(): Promise<void>;
}

const NOW = Date.UTC(2026, 10, 21, 12);
const ADA = 'ab'.repeat(32);
const GRACE = 'cd'.repeat(32);

export function attemptStoreContract(open: () => Promise<OpenedAttemptStore>): void {
  let opened: OpenedAttemptStore;
  let store: AttemptStore;
  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.close());

  const attempts = (count: number, changes: Partial<Attempts> = {}): Attempts => ({
    count,
    lastMs: NOW,
    blockedUntilMs: 0,
    ...changes,
  });
  const set = (changes: Readonly<Record<string, Attempts | null>>) =>
    store.change(Object.keys(changes), () => new Map(Object.entries(changes)));
  const seen = async (...subjects: string[]): Promise<Record<string, Attempts>> => {
    let found: ReadonlyMap<string, Attempts> = new Map();
    await store.change(subjects, (current) => {
      found = new Map(current);
      return new Map();
    });
    return Object.fromEntries(found);
  };
  const countOne = (...subjects: string[]) =>
    store.change(
      subjects,
      (current) =>
        new Map(subjects.map((subject) => [subject, attempts((current.get(subject)?.count ?? 0) + 1)])),
    );

  describe('a change', () => {
    it('sees nothing of a subject that never failed', async () => {
      expect(await seen(ADA, GRACE)).toEqual({});
    });

    it('sees what the one before wrote, of the subjects that it names', async () => {
      const ada = attempts(3, { blockedUntilMs: NOW + 30_000 });
      await set({ [ADA]: ada, [GRACE]: attempts(1) });
      expect(await seen(ADA)).toEqual({ [ADA]: ada });
      expect(await seen(GRACE, ADA, ADA)).toEqual({ [ADA]: ada, [GRACE]: attempts(1) });
    });

    it('removes what it says null of, and leaves what it does not speak of', async () => {
      await set({ [ADA]: attempts(1), [GRACE]: attempts(2) });
      await store.change([ADA, GRACE], () => new Map([[ADA, null]]));
      expect(await seen(ADA, GRACE)).toEqual({ [GRACE]: attempts(2) });
    });

    it('that throws rejects with what it threw, and nothing is written', async () => {
      await set({ [ADA]: attempts(1) });
      const thrown = new TypeError('blocked');
      const change = store.change([ADA, GRACE], () => {
        throw thrown;
      });
      await expect(change).rejects.toBe(thrown);
      expect(await seen(ADA, GRACE)).toEqual({ [ADA]: attempts(1) });
    });

    it('waits for another on the same subjects, in whatever order they are named', async () => {
      const changes = Array.from({ length: 20 }, (_, turn) =>
        turn % 2 === 0 ? countOne(ADA, GRACE) : countOne(GRACE, ADA),
      );
      await Promise.all(changes);
      expect(await seen(ADA, GRACE)).toEqual({ [ADA]: attempts(20), [GRACE]: attempts(20) });
    });

    it('of no subject is nothing', async () => {
      await expect(store.change([], () => new Map())).resolves.toBeUndefined();
    });
  });

  it('forgets subjects whose last attempt and block lie before a time, and no other', async () => {
    const blocked = attempts(6, { lastMs: NOW - 1, blockedUntilMs: NOW });
    await set({ [ADA]: attempts(1, { lastMs: NOW - 1 }), [GRACE]: blocked });
    expect(await store.sweep(NOW)).toBe(1);
    expect(await store.sweep(NOW)).toBe(0);
    expect(await seen(ADA, GRACE)).toEqual({ [GRACE]: blocked });
    await set({ [GRACE]: attempts(1) });
    expect(await store.sweep(NOW)).toBe(0);
  });
}
