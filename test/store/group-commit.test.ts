import { describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { RowRefused } from '../../src/store/sql/failures.ts';
import { GroupCommit } from '../../src/store/sql/group-commit.ts';
import { BATCH_MAX_BYTES, QUEUE_MAX_BYTES } from '../../src/store/sql/limits.ts';

/** A group commit that doubles numbers, and the batches it made. */
function doubling(refuse: (batch: readonly number[]) => Error | undefined = () => undefined) {
  const batches: (readonly number[])[] = [];
  const group = new GroupCommit<number, number>(async (items) => {
    batches.push(items);
    const error = refuse(items);
    if (error !== undefined) throw error;
    return items.map((item) => item * 2);
  });
  return { group, batches };
}

describe('GroupCommit', () => {
  it('gives each caller its own result, and gathers what comes during a commit', async () => {
    const { group, batches } = doubling();
    const first = group.add(1, 1);
    const second = group.add(2, 1);
    const third = first.then(() => group.add(3, 1));
    expect(await Promise.all([first, second, third])).toEqual([2, 4, 6]);
    expect(batches).toEqual([[1, 2], [3]]);
  });

  it('ends a batch before it has too many bytes, but takes one large item', async () => {
    const { group, batches } = doubling();
    const sizes = [10, BATCH_MAX_BYTES, BATCH_MAX_BYTES * 2, 10, 10];
    await Promise.all(sizes.map((bytes, item) => group.add(item, bytes)));
    expect(batches).toEqual([[0], [1], [2], [3, 4]]);
  });

  it('turns away what would hold too many bytes, until some are written', async () => {
    const { group } = doubling();
    const large = group.add(1, QUEUE_MAX_BYTES);
    await expect(group.add(2, 1)).rejects.toMatchObject({ code: 'intake_busy' });
    await large;
    expect(await group.add(2, 1)).toBe(4);
  });

  it('commits each alone when the database refuses one of them', async () => {
    const { group, batches } = doubling((items) =>
      items.includes(2) ? new RowRefused('the database refuses a value') : undefined,
    );
    const results = await Promise.allSettled([1, 2, 3].map((item) => group.add(item, 1)));
    expect(results).toMatchObject([
      { value: 2 },
      { reason: { name: 'RowRefused', message: 'the database refuses a value' } },
      { value: 6 },
    ]);
    expect(batches).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it('fails all that wait when the database fails, and works again afterwards', async () => {
    let failing = true;
    const { group, batches } = doubling(() =>
      failing ? new AtlasError('store_unavailable', 'the disk of the database is full') : undefined,
    );
    const sizes = [BATCH_MAX_BYTES, BATCH_MAX_BYTES, BATCH_MAX_BYTES];
    const results = await Promise.allSettled(sizes.map((bytes, item) => group.add(item, bytes)));
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { code: 'store_unavailable' } });
    expect(batches).toEqual([[0]]);
    failing = false;
    expect(await group.add(4, QUEUE_MAX_BYTES)).toBe(8);
  });

  it('settles everything before close() resolves', async () => {
    const { group } = doubling();
    const settled: number[] = [];
    const added = [1, 2, 3].map((item) => group.add(item, BATCH_MAX_BYTES).then((r) => settled.push(r)));
    await group.close();
    await Promise.all(added);
    expect(settled).toEqual([2, 4, 6]);
    await expect(group.add(4, 1)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
