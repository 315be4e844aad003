/** A file that the user names: there whole or not at all, and what cannot be is said before the work. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { withNewFile } from '../../src/cli/new-file.ts';
import { makeFolder } from '../fakes/folder.ts';

async function* chunks(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text);
}

it('bears its name once it is whole, for its owner alone', async () => {
  const folder = await makeFolder();
  const path = join(folder, 'a.pkg');
  const during = await withNewFile(path, {}, async (file) => {
    const names = readdirSync(folder);
    await file.fill(chunks('one', 'two'));
    return names;
  });
  expect([during, readdirSync(folder)]).toEqual([['a.pkg.part'], ['a.pkg']]);
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['onetwo', 0o600]);
});

it('leaves nothing when the work fails, before the first byte and after it', async () => {
  const folder = await makeFolder();
  const fault = new AtlasError('unreachable', 'it broke off');
  async function* broken() {
    yield Buffer.from('half');
    throw fault;
  }
  await expect(withNewFile(join(folder, 'a'), {}, () => Promise.reject(fault))).rejects.toBe(fault);
  await expect(withNewFile(join(folder, 'a'), {}, (file) => file.fill(broken()))).rejects.toBe(fault);
  expect(readdirSync(folder)).toEqual([]);
});

it.each([
  ['in no folder', 'none/a.pkg', 'usage', 'there is no folder'],
  ['below a file', 'file/a.pkg', 'usage', 'there is no folder'],
  ['that is a folder', 'folder', 'usage', 'is a folder'],
  ['that is there', 'file', 'file_exists', 'is there already'],
])('refuses one %s before the work begins', async (_, name, code, words) => {
  const folder = await makeFolder();
  writeFileSync(join(folder, 'file'), 'mine');
  mkdirSync(join(folder, 'folder'));
  let began = false;
  const refused = withNewFile(join(folder, name), {}, async () => {
    began = true;
  });
  await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  expect([began, readdirSync(folder).sort()]).toEqual([false, ['file', 'folder']]);
});
