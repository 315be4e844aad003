import { chmod, readdir, truncate, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type Bringing, bringRuntime, keepTarball } from '../../src/program/bring-runtime.ts';
import { openCache } from '../../src/program/open-program.ts';
import { makeFolder } from '../fakes/folder.ts';
import { fakeRuntime } from '../fakes/runtime-tarball.ts';

const { pin, tarball } = fakeRuntime({ machine: 'arm64' });
const BY_HAND =
  'On a machine that reaches it: npm pack node-for-arm64@1.2.3; then here: atlas-fleet runtime fetch --from FILE';

async function ground() {
  const folder = await makeFolder();
  const path = join(folder, 'cache');
  const counts = { total: null as number | null, bytes: 0 };
  const ending = new AbortController();
  const bringing: Bringing = {
    npm: openCache(path).npm,
    signal: ending.signal,
    onStart: (total) => {
      counts.total = total;
    },
    onBytes: (count) => {
      counts.bytes += count;
    },
  };
  const kept = async () => (await readdir(join(path, 'runtimes'))).filter((name) => !name.endsWith('.json'));
  return { folder, bringing, counts, ending, kept };
}

/** Its npm says that the package lies at a server which answers so. */
async function registry(answer: RequestListener): Promise<void> {
  await npmThat(`echo "${await listening(answer)}/$2.tgz"`);
}

/** Returns its origin. */
async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function npmThat(script: string | null): Promise<void> {
  const folder = await makeFolder();
  if (script !== null) {
    await writeFile(join(folder, 'npm'), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, 'npm'), 0o755);
  }
  vi.stubEnv('PATH', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
}

it('brings it from where npm says, tells how far it is, and asks nobody the next time', async () => {
  const asked: (string | undefined)[] = [];
  await registry((request, response) => {
    asked.push(request.url);
    response.setHeader('content-length', tarball.length).end(tarball);
  });
  const { bringing, counts } = await ground();
  expect((await bringRuntime(pin, bringing)).about.machine).toBe('arm64');
  expect(counts).toEqual({ total: tarball.length, bytes: tarball.length });
  await npmThat(null);
  await bringRuntime(pin, bringing);
  expect(asked).toEqual(['/node-for-arm64@1.2.3.tgz']);
});

it('asks the npm of this user and machine, whatever .npmrc lies in the folder it is run in', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'package.json'), '{"name":"somebody","version":"1.0.0"}');
  await writeFile(join(folder, '.npmrc'), 'registry=http://127.0.0.1:4/\nnode-options=--invalid\n');
  const origin = await listening((request, response) => {
    const dist = { tarball: `${origin}/x.tgz`, integrity: pin.integrity };
    const versions = { '1.2.3': { name: pin.package, version: '1.2.3', dist } };
    const about = JSON.stringify({ name: pin.package, 'dist-tags': { latest: '1.2.3' }, versions });
    response.end(request.url === '/x.tgz' ? tarball : about);
  });
  await writeFile(join(folder, 'userconfig'), `registry=${origin}/\ncache=${folder}/npm-cache\n`);
  for (const name of Object.keys(process.env)) if (/^npm_/i.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('NPM_CONFIG_USERCONFIG', join(folder, 'userconfig'));
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
    vi.unstubAllEnvs();
  });
  expect((await bringRuntime(pin, (await ground()).bringing)).about.machine).toBe('arm64');
});

it('brings again what was damaged on the disk', async () => {
  await registry((_, response) => {
    response.writeHead(200);
    response.write(tarball.subarray(0, 10));
    response.end(tarball.subarray(10));
  });
  const { bringing, counts, folder } = await ground();
  await bringRuntime(pin, bringing);
  await truncate(join(folder, 'cache', 'runtimes', 'node-for-arm64-1.2.3.tgz'), 100);
  await truncate(join(folder, 'cache', 'runtimes', 'node-for-arm64-1.2.3.json'), 0);
  await bringRuntime(pin, bringing);
  expect(counts).toEqual({ total: null, bytes: 2 * tarball.length });
});

it('says what to do where there is no npm', async () => {
  await npmThat(null);
  await expect(bringRuntime(pin, (await ground()).bringing)).rejects.toMatchObject({
    code: 'runtime_unreachable',
    message: 'There is no npm here to bring Node for Macs.',
    hint: BY_HAND,
  });
});

it.each([
  ['npm finds no such package', 'echo "npm error code E404" >&2; exit 1', 'E404'],
  ['npm names no address', 'echo', 'npm names no address'],
  ['nobody listens there', 'echo http://127.0.0.1:4/x.tgz', 'ECONNREFUSED'],
])('says why it cannot be reached: %s', async (_, script, why) => {
  await npmThat(script);
  await expect(bringRuntime(pin, (await ground()).bringing)).rejects.toMatchObject({
    code: 'runtime_unreachable',
    message: expect.stringContaining(`npm's node-for-arm64 1.2.3 cannot be reached (${why}`),
    hint: BY_HAND,
  });
});

it('keeps nothing of an answer that is none, that breaks off, or that is another file', async () => {
  const { bringing, kept } = await ground();
  await registry((_, response) => response.writeHead(503).end('later'));
  await expect(bringRuntime(pin, bringing)).rejects.toMatchObject({
    message: "npm's node-for-arm64 1.2.3 cannot be reached (the answer was 503).",
  });
  await registry((_, response) => {
    response.setHeader('content-length', tarball.length);
    response.write(tarball.subarray(0, 100), () => response.destroy());
  });
  await expect(bringRuntime(pin, bringing)).rejects.toMatchObject({ code: 'runtime_unreachable' });
  await registry((_, response) => response.end('another file'));
  await expect(bringRuntime(pin, bringing)).rejects.toMatchObject({ code: 'runtime_refused' });
  expect(await kept()).toEqual([]);
});

it('leaves nothing half when it is cancelled in the middle', async () => {
  const { bringing, ending, kept } = await ground();
  const reason = new Error('cancelled');
  await registry((_, response) => response.write(tarball.subarray(0, 100)));
  const cancelling = { ...bringing, onBytes: () => ending.abort(reason) };
  await expect(bringRuntime(pin, cancelling)).rejects.toBe(reason);
  expect(await kept()).toEqual([]);
});

it('takes a file that npm packed elsewhere, by what is in it and not by its name', async () => {
  const { folder, bringing, kept } = await ground();
  const other = fakeRuntime({ machine: 'x64' });
  const given = { npm: bringing.npm, pins: { arm64: pin, x64: other.pin } };
  const path = join(folder, 'download (1).tgz');
  await writeFile(path, other.tarball);
  expect(await keepTarball(path, given)).toBe('x64');
  expect(await kept()).toEqual(['node-for-x64-1.2.3.tgz']);
  await writeFile(path, 'something else');
  await expect(keepTarball(path, given)).rejects.toMatchObject({
    code: 'runtime_refused',
    message: `${path} is not what was released as node-for-arm64@1.2.3 or node-for-x64@1.2.3.`,
    hint: 'Make it with: npm pack node-for-arm64@1.2.3 node-for-x64@1.2.3',
  });
  await expect(keepTarball(join(folder, 'none'), given)).rejects.toMatchObject({
    code: 'usage',
    message: `${join(folder, 'none')} is no file.`,
  });
});
