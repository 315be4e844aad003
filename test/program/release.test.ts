/** What `npm run release` writes, with runtimes of a few pages in place of the real ones. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type ReleaseTerms, release } from '../../scripts/release.ts';
import { sectionOf } from '../../scripts/release-notes.ts';
import { loadConfig } from '../../src/config/load.ts';
import { isSecretPath, KEY_PATHS } from '../../src/config/schema.ts';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import { inspectPackage } from '../../src/installer/inspect.ts';
import { openCache } from '../../src/program/open-program.ts';
import { makeFolder } from '../fakes/folder.ts';
import { fakeRuntime } from '../fakes/runtime-tarball.ts';
import { run } from '../installer/foreign.ts';
import { INSTALLER, SigningAuthority } from '../installer/signing-authority.ts';
import { fakeBundle } from './fake-bundle.ts';

const arm64 = fakeRuntime({ machine: 'arm64' });
const x64 = fakeRuntime({ machine: 'x64', size: 9000 });

const PACKAGES = ['FleetAgent', 'FleetServerStandalone'].flatMap((name) =>
  ['arm64', 'universal', 'x64'].map((architecture) => `${name}-0.1.0-${architecture}.pkg`),
);
const OTHERS = ['NOTES.md', 'SHA256SUMS', 'fleet-background-items.mobileconfig'];

/** A checkout that was bundled and whose runtimes were fetched, and where its release goes. */
async function checkout(): Promise<Omit<ReleaseTerms, 'signer'>> {
  const root = await makeFolder();
  const folder = join(root, 'program');
  await fakeBundle({ folder, runtimes: { arm64: arm64.pin, x64: x64.pin } });
  const cache = openCache(join(root, 'cache'));
  for (const { pin, tarball } of [arm64, x64]) await cache.npm.keep(pin, sourceOfBytes(tarball).read());
  return { program: { folder, cache }, out: join(root, 'release') };
}

async function released(signer: ReleaseTerms['signer'] = null): Promise<string> {
  const terms = await checkout();
  await release({ ...terms, signer });
  return terms.out;
}

const contentsOf = async (folder: string) =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(folder)).map(async (name) => [
        name,
        (await readFile(join(folder, name))).toString('base64'),
      ]),
    ),
  );

it('is a package of each kind for each Mac, with checksums that others can check', async () => {
  const out = await released();
  expect((await readdir(out)).sort()).toEqual([...PACKAGES, ...OTHERS].sort());
  expect(run('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { folder: out }).match(/: OK$/gm)).toHaveLength(
    8,
  );
  expect((await stat(join(out, 'SHA256SUMS'))).mode & 0o777).toBe(0o644);
  const notes = await readFile(join(out, 'NOTES.md'), 'utf8');
  for (const line of run('sha256sum', PACKAGES, { folder: out }).trim().split('\n')) {
    const [digest = '', name = ''] = line.split(/ +/);
    expect(notes).toMatch(new RegExp(`^\\| ${name} \\| [0-9.]+ \\| \`${digest}\` \\|$`, 'm'));
  }
  expect(notes).toContain('Nobody signed these packages');
});

it('is the same in every byte, wherever, in whatever time zone and under whatever umask it was made', async () => {
  const first = await contentsOf(await released());
  const { TZ } = process.env;
  const umask = process.umask(0o077);
  process.env.TZ = 'Pacific/Chatham';
  onTestFinished(() => {
    process.umask(umask);
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  });
  expect(await contentsOf(await released())).toEqual(first);
});

it('holds no secret: neither by its own list nor by what its configuration gives', async () => {
  const out = await released();
  const folder = await makeFolder();
  for (const name of PACKAGES) {
    const path = join(out, name);
    const { contents } = await inspectPackage(sourceOfBytes(await readFile(path)));
    expect(contents).toMatchObject({ credentials: 'none' });
    expect(contents?.items.filter(({ secret }) => secret)).toEqual([]);
    const [product, component] = name.startsWith('FleetAgent')
      ? ['FleetAgent', 'fleet-agent.pkg']
      : ['FleetServer', 'fleet-server.pkg'];
    run('bsdtar', ['-xf', path, '-C', folder]);
    run('bsdtar', ['-xpf', join(folder, component, 'Payload'), '-C', folder]);
    const configPath = join(folder, 'Library', product, 'config.yaml');
    const loaded = loadConfig({ role: 'any', configPath, env: {} });
    if (!loaded.ok) throw new Error(loaded.problems.map(({ sentence }) => sentence).join('\n'));
    const given = KEY_PATHS.filter((key) => loaded.origins.get(key)?.from !== 'default');
    expect(given.filter(isSecretPath)).toEqual([]);
  }
});

it('names who signed it, and is the same each time it is signed', async () => {
  const authority = new SigningAuthority();
  onTestFinished(() => authority.remove());
  const out = await released(authority.signer());
  expect(await readFile(join(out, 'NOTES.md'), 'utf8')).toContain(`Signed by ${INSTALLER}. Not notarized.`);
  expect(await contentsOf(await released(authority.signer()))).toEqual(await contentsOf(out));
});

it('leaves no checksums behind when it fails, and nothing else of another release', async () => {
  const terms = await checkout();
  await release({ ...terms, signer: null });
  await writeFile(join(terms.out, 'mine.txt'), 'mine');
  await writeFile(join(terms.program.folder, 'chunk-ABCDEFGH.js'), '// altered\n');
  await expect(release({ ...terms, signer: null })).rejects.toMatchObject({ code: 'program_missing' });
  const left = await readdir(terms.out);
  expect(left).toContain('mine.txt');
  expect(left).not.toContain('SHA256SUMS');
});

it('quotes from a document what stands under a heading', () => {
  const text = '# A\n\n## B\n\nof b\n### deeper\nmore\n\n## C\nof c\n';
  expect(sectionOf(text, 'B')).toBe('of b\n### deeper\nmore');
  expect(sectionOf(text, 'C')).toBe('of c');
  expect(sectionOf(text, 'D')).toBeNull();
});
