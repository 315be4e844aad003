import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import { slicesOf, universalLayout } from '../../src/installer/macho.ts';
import type { ProgramFile } from '../../src/installer/program.ts';
import { openCache, openProgram } from '../../src/program/open-program.ts';
import { makeFolder } from '../fakes/folder.ts';
import { fakeRuntime, LICENCE } from '../fakes/runtime-tarball.ts';
import { BIG_FILE, fakeBundle } from './fake-bundle.ts';

const arm64 = fakeRuntime({ machine: 'arm64' });
const x64 = fakeRuntime({ machine: 'x64', size: 9000 });
const runtimes = { arm64: arm64.pin, x64: x64.pin };

/** A checkout that was bundled; `here`: the runtimes that were fetched. */
async function checkout(...here: readonly (typeof arm64)[]) {
  const root = await makeFolder();
  const folder = join(root, 'dist', 'program');
  await fakeBundle({ folder, runtimes });
  const cache = openCache(join(root, 'cache'));
  for (const { pin, tarball } of here) await cache.npm.keep(pin, sourceOfBytes(tarball).read());
  return { folder, cache, program: await openProgram({ folder, cache }) };
}

/** What a package laid down on a Mac. */
async function installation(node: Buffer) {
  const root = await makeFolder();
  const folder = join(root, 'app');
  await fakeBundle({ folder, runtimes, licences: join(root, 'LICENSES') });
  await mkdir(join(root, 'bin'));
  await writeFile(join(root, 'bin', 'node'), node);
  await writeFile(join(root, 'LICENSES', 'node.txt'), LICENCE);
  return { root, folder, program: await openProgram({ folder, cache: openCache(join(root, 'cache')) }) };
}

async function bytesOf(files: readonly ProgramFile[], path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (const part of files.find((file) => file.path === path)?.content ?? []) {
    if (part instanceof Uint8Array) pieces.push(part);
    else {
      const deflated: Uint8Array[] = [];
      for await (const piece of part.deflated.read()) deflated.push(Uint8Array.from(piece));
      pieces.push(inflateRawSync(Buffer.concat([...deflated, Buffer.of(3, 0)])));
    }
  }
  return Buffer.concat(pieces);
}

function fatOf(): Buffer {
  const slices = { arm64: arm64.node, x64: x64.node };
  const layout = universalLayout({ arm64: arm64.node.length, x64: x64.node.length });
  return Buffer.concat(layout.flatMap(({ machine, before }) => [before, slices[machine]]));
}

describe('the program of a checkout', () => {
  it('says what it is, as it was released', async () => {
    const { program } = await checkout();
    expect(program).toMatchObject({
      version: '0.1.0',
      node: '1.2.3',
      epoch: 1_700_000_000,
      minMacos: '13.5',
    });
  });

  it('brings Node as its makers signed it, with a mode to run, and all licences', async () => {
    const { program } = await checkout(arm64);
    const files = await program.files('server', 'arm64');
    expect(await bytesOf(files, 'bin/node')).toEqual(arm64.node);
    expect((await bytesOf(files, 'LICENSES/node.txt')).toString()).toBe(LICENCE);
    expect((await bytesOf(files, 'LICENSES/packages.txt')).toString()).toBe('As they are.\n');
    const runnable = files.filter(({ mode }) => mode !== 0o644).map(({ path, mode }) => [path, mode]);
    expect(runnable).toEqual([['bin/node', 0o755]]);
  });

  it('brings both in one file, neither changed and neither compressed again', async () => {
    const { program } = await checkout(arm64, x64);
    const files = await program.files('server', 'universal');
    const fat = await bytesOf(files, 'bin/node');
    expect(fat).toEqual(fatOf());
    const [thin] = (await program.files('server', 'arm64'))[0]?.content ?? [];
    expect(files[0]?.content[3]).toBe(thin);
  });

  it('carries SQLite for a standalone server alone, for the Macs in question, and no pages for an agent', async () => {
    const { program } = await checkout(arm64, x64);
    const names = async (...of: Parameters<typeof program.files>) =>
      (await program.files(...of))
        .map(({ path }) => path)
        .filter((path) => path.includes('/node_modules/') || path.includes('console'));
    const pages = ['app/console/index.html', 'app/node_modules/@fastify/swagger-ui/static/logo.svg'];
    const addOn = 'app/node_modules/better-sqlite3-multiple-ciphers';
    expect(await names('server', 'arm64')).toEqual(pages);
    expect(await names('agent', 'universal')).toEqual([]);
    expect(await names('standalone', 'x64')).toEqual([
      ...pages,
      `${addOn}/lib/index.js`,
      `${addOn}/prebuilds/darwin-x64.node`,
    ]);
    expect(await names('standalone', 'universal')).toHaveLength(5);
  });

  it('keeps large files compressed from one package to the next', async () => {
    const { program, folder, cache } = await checkout(arm64);
    const big = async (one: typeof program) =>
      (await one.files('agent', 'arm64')).find(({ path }) => path === `app/${BIG_FILE}`)?.content[0];
    const first = await big(program);
    expect(first).toMatchObject({ size: 90_000, sha256: expect.any(String) });
    expect(await big(await openProgram({ folder, cache }))).toBe(first);
  });

  it('is not packed when a file of it is altered or away', async () => {
    const { program, folder } = await checkout(arm64);
    const refusal = (name: string) => ({
      code: 'program_missing',
      message: `The program that packages carry is not whole: ${name} is away or altered.`,
    });
    await writeFile(join(folder, BIG_FILE), '// another\n'.repeat(9000));
    await expect(program.files('server', 'arm64')).rejects.toMatchObject(refusal(BIG_FILE));
    await fakeBundle({ folder, runtimes });
    await writeFile(join(folder, 'chunk-ABCDEFGH.js'), 'export {}; ');
    await expect(program.files('server', 'arm64')).rejects.toMatchObject(refusal('chunk-ABCDEFGH.js'));
    await rm(join(folder, 'chunk-ABCDEFGH.js'));
    await expect(program.files('server', 'arm64')).rejects.toMatchObject(refusal('chunk-ABCDEFGH.js'));
    expect(await program.lack('server', 'arm64')).toEqual({
      what: refusal('chunk-ABCDEFGH.js').message,
      mend: 'In a checkout: npm run bundle. On a Mac: install Atlas Fleet again.',
    });
  });

  it('lacks the runtime of each kind of Mac until that was fetched', async () => {
    const { program, cache } = await checkout(arm64);
    expect(await program.lack('server', 'arm64')).toBeNull();
    expect(await program.lack('server', 'universal')).toEqual({
      what: 'The Node for Intel Macs is not here.',
      mend: 'atlas-fleet runtime fetch --arch x64',
    });
    await expect(program.files('server', 'x64')).rejects.toMatchObject({ code: 'runtime_missing' });
    await cache.npm.keep(x64.pin, sourceOfBytes(x64.tarball).read());
    expect(await program.lack('server', 'universal')).toBeNull();
  });

  it('refuses a runtime that needs another macOS than was released, or is for another Mac', async () => {
    const { folder, cache } = await checkout();
    const later = fakeRuntime({ machine: 'arm64', minMacos: 0x0e0000 });
    for (const [pins, message] of [
      [
        { ...runtimes, arm64: later.pin },
        'This Node cannot be used: it needs macOS 14.0, and this version says 13.5.',
      ],
      [{ ...runtimes, arm64: x64.pin }, 'This Node cannot be used: it is for Intel Macs.'],
    ] as const) {
      await fakeBundle({ folder, runtimes: pins });
      for (const { pin, tarball } of [later, x64]) await cache.npm.keep(pin, sourceOfBytes(tarball).read());
      const program = await openProgram({ folder, cache });
      await expect(program.files('agent', 'arm64')).rejects.toMatchObject({
        code: 'runtime_refused',
        message,
      });
    }
  });

  it('is said to be missing where nothing was bundled, or program.json is no such thing', async () => {
    const folder = await makeFolder();
    const missing = { code: 'program_missing', hint: expect.stringContaining('npm run bundle') };
    await expect(openProgram({ folder, cache: openCache(folder) })).rejects.toMatchObject(missing);
    await writeFile(join(folder, 'program.json'), '{"version":"0.1.0"}');
    await expect(openProgram({ folder, cache: openCache(folder) })).rejects.toMatchObject(missing);
  });
});

describe('the program of an installation', () => {
  it('packs its own Node again, and fetches nothing', async () => {
    const { program } = await installation(arm64.node);
    expect(await program.lack('server', 'arm64')).toBeNull();
    const files = await program.files('server', 'arm64');
    expect(await bytesOf(files, 'bin/node')).toEqual(arm64.node);
    expect((await bytesOf(files, 'LICENSES/node.txt')).toString()).toBe(LICENCE);
    expect(files.map(({ path }) => path)).toContain('LICENSES/packages.txt');
    expect((await program.lack('server', 'x64'))?.what).toBe('The Node for Intel Macs is not here.');
  });

  it('packs either half of a universal one, or both', async () => {
    const fat = fatOf();
    const { program } = await installation(fat);
    expect(await bytesOf(await program.files('agent', 'x64'), 'bin/node')).toEqual(x64.node);
    expect(await bytesOf(await program.files('agent', 'universal'), 'bin/node')).toEqual(fat);
    expect(await slicesOf(sourceOfBytes(fat))).toHaveLength(2);
  });

  it('compresses its own Node again once what it kept of it is damaged', async () => {
    const { root, program } = await installation(arm64.node);
    await program.files('server', 'arm64');
    const kept = join(root, 'cache', 'segments', `${arm64.pin.node}.deflate`);
    const bytes = await readFile(kept);
    await writeFile(kept, bytes.fill(0, bytes.length >> 1));
    const build = async () => bytesOf(await program.files('server', 'arm64'), 'bin/node');
    await expect(build()).rejects.toMatchObject({ code: 'source_changed' });
    expect(await build()).toEqual(arm64.node);
  });

  it('does not pack a Node whose bytes are not those that were signed', async () => {
    const node = Buffer.from(arm64.node);
    node[5000] = (node[5000] ?? 0) ^ 1;
    const { program } = await installation(node);
    await expect(program.files('server', 'arm64')).rejects.toMatchObject({ code: 'runtime_refused' });
  });

  it('says where a standalone server can be built when it carries no SQLite itself', async () => {
    const { program, folder } = await installation(arm64.node);
    await rm(join(folder, 'node_modules', 'better-sqlite3-multiple-ciphers'), { recursive: true });
    expect(await program.lack('server', 'arm64')).toBeNull();
    expect(await program.lack('standalone', 'arm64')).toEqual({
      what: 'This installation brings no SQLite, in which a standalone server keeps its data.',
      mend: 'Build it on a standalone server, or in a checkout of Atlas Fleet.',
    });
  });

  it('takes the Node of another system for none', async () => {
    const { program } = await installation(Buffer.from('\u007fELF'.padEnd(100)));
    expect((await program.lack('server', 'arm64'))?.what).toBe('The Node for Apple silicon is not here.');
  });
});
