import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import { openCache } from '../../src/program/open-program.ts';
import { makeFolder } from '../fakes/folder.ts';
import { type FakeRuntime, fakeRuntime, LICENCE, pack, pinOf } from '../fakes/runtime-tarball.ts';

const ground = async (runtime: FakeRuntime = fakeRuntime({ machine: 'arm64' })) => {
  const path = join(await makeFolder(), 'cache');
  const { npm } = openCache(path);
  const keep = (bytes = runtime.tarball) => npm.keep(runtime.pin, sourceOfBytes(bytes).read());
  return { ...runtime, path, npm, keep };
};

async function contentOf(segment: { deflated: { read(): AsyncIterable<Uint8Array> } }): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of segment.deflated.read()) pieces.push(Uint8Array.from(piece));
  return inflateRawSync(Buffer.concat([...pieces, Buffer.of(3, 0)])); // an empty last block
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
  const empty = await ground({ node: Buffer.alloc(0), tarball, pin: pinOf('arm64', tarball) });
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

it('makes a segment again whose notes are damaged or away', async () => {
  const { npm, keep, pin, node, path } = await ground();
  await keep();
  const { sha256 } = (await npm.prepare(pin)).node;
  for (const notes of ['{', '{}', '{"size":1e400}']) {
    await writeFile(join(path, 'segments', `${sha256}.json`), notes);
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

it('uses no folder in which others may write, neither to read nor to write', async () => {
  const { keep, npm, pin, path } = await ground();
  await mkdir(path);
  await chmod(path, 0o777);
  const refusal = { code: 'folder_not_private', message: `Others may write to the cache folder ${path}.` };
  await expect(keep()).rejects.toMatchObject(refusal);
  await chmod(path, 0o755);
  await keep();
  await chmod(path, 0o775);
  await expect(npm.prepare(pin)).rejects.toMatchObject(refusal);
});

it('makes its folder so that everybody may read it and nobody else write, whatever the umask', async () => {
  const before = process.umask(0);
  const { keep, path } = await ground();
  await keep().finally(() => process.umask(before));
  expect((await stat(path)).mode & 0o777).toBe(0o755);
});
