/** This node's own copy of the roster, on a real disk. */
import { chownSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FileRosterDisk } from '../../src/store/file/roster-disk.ts';
import { temporaryFolder } from '../config/config-file.ts';

let folder: string;
let disk: FileRosterDisk;
beforeEach(() => {
  folder = join(temporaryFolder(), 'roster');
  disk = new FileRosterDisk(folder);
});

const stepsOf = (count: number, word = 'step') =>
  Array.from({ length: count }, (_, i) => Buffer.from(`${word} ${i}`));
const load = async () => {
  const { steps, settled } = await new FileRosterDisk(folder).load();
  return { steps: steps.map((bytes) => Buffer.from(bytes).toString()), settled };
};
const texts = (steps: readonly Buffer[]) => steps.map(String);

it('holds nothing before the first step, and does not mind', async () => {
  expect(await load()).toEqual({ steps: [], settled: 0 });
  await disk.cut(0);
  expect(await load()).toEqual({ steps: [], settled: 0 });
});

it('keeps many at once, in order, for its owner alone, and leaves nothing beside them', async () => {
  const steps = stepsOf(200);
  await disk.keep(0, steps.slice(0, 150));
  await disk.keep(150, steps.slice(150));
  await disk.settle(7);
  expect(await load()).toEqual({ steps: texts(steps), settled: 7 });
  expect(readdirSync(folder)).toHaveLength(201);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

it('writes over what lay there, and takes the end off with what was settled of it', async () => {
  await disk.keep(0, stepsOf(10));
  await disk.settle(8);
  await disk.cut(5);
  expect(await load()).toEqual({ steps: texts(stepsOf(5)), settled: 5 });
  await disk.keep(4, stepsOf(2, 'other'));
  expect((await load()).steps.slice(3)).toEqual(['step 3', 'other 0', 'other 1']);
});

describe('what is settled', () => {
  it('is never more than there is', async () => {
    await disk.keep(0, stepsOf(4));
    await disk.settle(4);
    rmSync(join(folder, '2.json'));
    expect(await load()).toEqual({ steps: ['step 0', 'step 1'], settled: 2 });
  });

  it.each(['', 'three\n', '-1\n', '1e9\n', '3', '9'.repeat(40)])(
    'is nothing where %j stands for it',
    async (text) => {
      await disk.keep(0, stepsOf(4));
      writeFileSync(join(folder, 'settled'), text);
      expect((await load()).settled).toBe(0);
    },
  );

  it('is not read through a link', async () => {
    await disk.keep(0, stepsOf(4));
    const elsewhere = join(temporaryFolder(), 'number');
    writeFileSync(elsewhere, '4\n');
    symlinkSync(elsewhere, join(folder, 'settled'));
    await expect(load()).rejects.toMatchObject({ code: 'ELOOP' });
  });
});

it.skipIf(process.geteuid?.() !== 0)(
  'believes no step that another user put there (needs root)',
  async () => {
    await disk.keep(0, stepsOf(2));
    chownSync(join(folder, '1.json'), 1000, 1000);
    await expect(load()).rejects.toMatchObject({
      code: 'file_of_another',
      message: `${join(folder, '1.json')} belongs to user 1000; expected root or user 0`,
    });
  },
);
