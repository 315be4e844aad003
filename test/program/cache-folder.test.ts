import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CacheFolder, defaultCacheFolder, type Surroundings } from '../../src/program/cache-folder.ts';

import { makeFolder } from '../fakes/folder.ts';

const somebody: Surroundings = { env: {}, platform: 'linux', isRoot: false, home: '/home/ada' };

it.each<[string, Partial<Surroundings>]>([
  ['/home/ada/.cache/atlas-fleet', {}],
  ['/x/atlas-fleet', { env: { XDG_CACHE_HOME: '/x' } }],
  ['/var/cache/atlas-fleet', { isRoot: true, env: { XDG_CACHE_HOME: '/x' } }],
  ['/Users/ada/Library/Caches/atlas-fleet', { platform: 'darwin', home: '/Users/ada' }],
  ['/Library/Caches/com.fleet.server', { platform: 'darwin', isRoot: true }],
  ['/given', { platform: 'darwin', isRoot: true, env: { ATLAS_FLEET_CACHE: '/given' } }],
])('the cache lies in %s for %j', (folder, where) => {
  expect(defaultCacheFolder({ ...somebody, ...where })).toBe(folder);
});

it('a file in the place of the cache is said in plain words', async () => {
  const path = join(await makeFolder(), 'file');
  writeFileSync(path, 'mine', { mode: 0o600 });
  const made = new CacheFolder(path).make('node/x', async () => {});
  await expect(made).rejects.toMatchObject({
    code: 'file_unwritable',
    hint: expect.stringContaining('ATLAS_FLEET_CACHE'),
  });
});
