import { chmod, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { type ByteSource, sourceOfBytes } from '../../src/installer/byte-source.ts';
import { LAST_BLOCK, type Segment } from '../../src/installer/segment.ts';
import { openCache } from '../../src/program/open-program.ts';
import { makeFolder } from '../fakes/folder.ts';
import { type FakeRuntime, fakeRuntime, LICENCE, pack, pinOf } from '../fakes/runtime-tarball.ts';
import { makeSegment } from '../fakes/segment.ts';

const ground = async (runtime: FakeRuntime = fakeRuntime({ machine: 'arm64' })) => {
  const path = join(await makeFolder(), 'cache');
  const { npm } = openCache(path);
  const keep = (bytes = runtime.tarball) => npm.keep(runtime.pin, sourceOfBytes(bytes).read());
  return { ...runtime, path, npm, keep };
};

async function wholeOf(source: ByteSource): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source.read()) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

async function contentOf({ deflated }: Segment): Promise<Buffer> {
  return inflateRawSync(Buffer.concat([await wholeOf(deflated), LAST_BLOCK]));
}

async function flipIn(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

const segmentPath = (path: string, digest: string) => join(path, 'segments', `${digest}.deflate`);

it('takes Node and its licence out of the tarball, byte for byte', async () => {
  const { npm, keep, pin, node } = await ground();
  await keep();
  const runtime = await npm.prepare(pin);
  expect(runtime.about).toMatchObject({ machine: 'arm64', minMacos: '13.5' });
  expect(await contentOf(runtime.node)).toEqual(node);
  expect((await contentOf(runtime.licence)).toString()).toBe(LICENCE);
});

it('keeps no tarball of another digest, and nothing half of it', async () => {
  const { keep, path, npm, pin, tarball } = await ground();
  await expect(keep(tarball.subarray(1))).rejects.toMatchObject({
    code: 'runtime_refused',
    message: 'This is not node-for-arm64 1.2.3 as it was released.',
  });
  expect(await readdir(join(path, 'runtimes'))).toEqual([]);
  await expect(npm.prepare(pin)).rejects.toMatchObject({
    code: 'runtime_missing',
    hint: 'Bring it: atlas-fleet runtime fetch',
  });
});

it('refuses a released tarball whose Node is unsigned for Apple silicon, or that has none', async () => {
  const unsigned = await ground(fakeRuntime({ machine: 'arm64', signed: false }));
  await unsigned.keep();
  await expect(unsigned.npm.prepare(unsigned.pin)).rejects.toMatchObject({ code: 'runtime_refused' });
  expect(await readdir(join(unsigned.path, 'runtimes'))).toEqual(['node-for-arm64-1.2.3.tgz']);
  const tarball = pack({ 'package/LICENSE': 'x' });
  const nothing = { node: Buffer.alloc(0), tarball };
  const empty = await ground({ ...nothing, pin: pinOf('arm64', nothing) });
  await empty.keep();
  await expect(empty.npm.prepare(empty.pin)).rejects.toMatchObject({
    message: 'The archive has no package/bin/node.',
  });
});

it('makes a damaged segment again, once for each process that meets it', async () => {
  const { npm, keep, pin, node, path } = await ground();
  await keep();
  const { sha256 } = (await npm.prepare(pin)).node;
  await flipIn(segmentPath(path, sha256));
  const later = await openCache(path).npm.prepare(pin);
  expect(await contentOf(later.node)).toEqual(node);
});

it('gives no byte of a segment out as whole that was damaged meanwhile, and then makes it again', async () => {
  const { npm, keep, pin, node, path } = await ground();
  await keep();
  const before = (await npm.prepare(pin)).node;
  await flipIn(segmentPath(path, before.sha256));
  await expect(contentOf(before)).rejects.toMatchObject({
    code: 'source_changed',
    message: 'A part of the package was damaged in the cache.',
  });
  expect(await contentOf((await npm.prepare(pin)).node)).toEqual(node);
});

it('believes a segment by what it holds, not by its name', async () => {
  const { npm, keep, pin, node, path } = await ground();
  await keep();
  await npm.prepare(pin);
  const foreign = await makeSegment(sourceOfBytes(Buffer.from('foreign'.padEnd(node.length))));
  await writeFile(segmentPath(path, pin.node), await wholeOf(foreign.deflated));
  const { about, node: found } = await openCache(path).npm.prepare(pin);
  expect(await contentOf(found)).toEqual(node);
  expect(found).toMatchObject({ size: node.length, sha256: pin.node });
  expect(about.machine).toBe('arm64');
});

it('refuses a tarball that holds another Node than was released, whatever its own digest', async () => {
  const { node, tarball } = fakeRuntime({ machine: 'arm64' });
  const pin = pinOf('arm64', { node: Buffer.concat([node, Buffer.of(0)]), tarball });
  const { npm, keep } = await ground({ node, tarball, pin });
  await keep();
  await expect(npm.prepare(pin)).rejects.toMatchObject({
    code: 'runtime_refused',
    message: 'node-for-arm64 1.2.3 holds another Node than program.json says.',
  });
});

it('takes Node out again when its notes are damaged', async () => {
  const { npm, keep, pin, node, path } = await ground();
  await keep();
  await npm.prepare(pin);
  for (const notes of ['{', '{}', `{"integrity":"${pin.integrity}"}`]) {
    await writeFile(join(path, 'runtimes', 'node-for-arm64-1.2.3.json'), notes);
    expect(await contentOf((await openCache(path).npm.prepare(pin)).node)).toEqual(node);
  }
});

it('says so when the tarball itself is damaged and was needed', async () => {
  const { npm, keep, pin, path } = await ground();
  await keep();
  await flipIn(join(path, 'runtimes', 'node-for-arm64-1.2.3.tgz'));
  await expect(npm.prepare(pin)).rejects.toMatchObject({
    code: 'runtime_missing',
    message: 'The Node for Macs (node-for-arm64 1.2.3) is damaged on this disk.',
  });
});

it('prepares once for all that ask at the same time, and two processes do each other no harm', async () => {
  const { npm, keep, pin, path, node } = await ground();
  await Promise.all([keep(), openCache(path).npm.keep(pin, sourceOfBytes((await ground()).tarball).read())]);
  const all = [npm, npm, openCache(path).npm, openCache(path).npm].map((one) => one.prepare(pin));
  expect(all[0]).toBe(all[1]);
  for (const runtime of await Promise.all(all)) expect(await contentOf(runtime.node)).toEqual(node);
  expect((await readdir(path, { recursive: true })).filter((name) => name.endsWith('.part'))).toEqual([]);
});

it('ends at once when it is told to, and leaves nothing half', async () => {
  const { npm, keep, pin, path } = await ground();
  await keep();
  const reason = new Error('enough');
  await expect(npm.prepare(pin, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(await readdir(path, { recursive: true })).toEqual(['runtimes', 'runtimes/node-for-arm64-1.2.3.tgz']);
});

it('uses nothing to which others may write: no folder, no folder in it, no file, no link', async () => {
  const { keep, pin, path } = await ground();
  await keep();
  const { sha256 } = (await openCache(path).npm.prepare(pin)).node;
  const refusal = (of: string) => ({
    code: 'folder_not_private',
    message: `Others may write to ${of}, of which packages are made.`,
  });
  const shared = [
    path,
    join(path, 'segments'),
    segmentPath(path, sha256),
    join(path, 'runtimes', 'node-for-arm64-1.2.3.json'),
  ];
  for (const one of shared) {
    const { mode } = await stat(one);
    await chmod(one, 0o775);
    await expect(openCache(path).npm.prepare(pin)).rejects.toMatchObject(refusal(one));
    await chmod(one, mode);
  }
  const moved = join(path, 'moved');
  await rename(join(path, 'segments'), moved);
  await symlink(moved, join(path, 'segments'));
  await expect(openCache(path).npm.prepare(pin)).rejects.toMatchObject(refusal(join(path, 'segments')));
});

it('makes nothing by a link that somebody else may have left', async () => {
  const { keep, path } = await ground();
  const elsewhere = join(path, '..', 'elsewhere');
  await symlink(elsewhere, path);
  await expect(keep()).rejects.toMatchObject({ code: 'folder_not_private' });
  await mkdir(elsewhere);
  await expect(keep()).rejects.toMatchObject({ code: 'folder_not_private' });
  expect(await readdir(elsewhere)).toEqual([]);
});

it('makes nothing in a folder in which others may write', async () => {
  const { keep, path } = await ground();
  await mkdir(path);
  await chmod(path, 0o777);
  await expect(keep()).rejects.toMatchObject({ code: 'folder_not_private' });
  expect(await readdir(path)).toEqual([]);
});

it('makes its folder so that everybody may read it and nobody else write, whatever the umask', async () => {
  const before = process.umask(0);
  const { keep, path } = await ground();
  await keep().finally(() => process.umask(before));
  expect((await stat(path)).mode & 0o777).toBe(0o755);
});
