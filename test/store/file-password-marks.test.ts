/** What is noted of the passwords, in a file: nothing noted is one thing, and not to be read another. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { FilePasswordMarks } from '../../src/store/file/password-marks.ts';
import { makeFolder } from '../fakes/folder.ts';

const MARKS = { step: 'ab', redis: { salt: 'cd', digest: 'ef' }, postgres: null };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await makeFolder();
  path = join(folder, 'passwords-at-compromise.json');
});

it('is there again after a restart', async () => {
  await new FilePasswordMarks(folder).keep(MARKS);
  expect(await new FilePasswordMarks(folder).load()).toEqual(MARKS);
});

it('is null where nothing was noted', async () => {
  expect(await new FilePasswordMarks(folder).load()).toBeNull();
});

it.each(['', '{', '{"step":"ab"}', '[]'])('is refused where the file holds %j', async (text) => {
  writeFileSync(path, text);
  await expect(new FilePasswordMarks(folder).load()).rejects.toThrow('does not hold what was noted');
});

it('is refused where a folder lies in its place, or a link', async () => {
  mkdirSync(path);
  await expect(new FilePasswordMarks(folder).load()).rejects.toThrow('does not hold what was noted');
  const elsewhere = await makeFolder();
  symlinkSync(path, join(elsewhere, 'passwords-at-compromise.json'));
  await expect(new FilePasswordMarks(elsewhere).load()).rejects.toMatchObject({ code: 'ELOOP' });
});
