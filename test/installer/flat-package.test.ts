import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { assemblePackage, type PackagePlan } from '../../src/installer/flat-package.ts';
import { fakeClock } from '../backends/faketime.ts';
import { makeFolder } from '../fakes/folder.ts';
import { FakeProgram } from '../fakes/program.ts';
import { ask, python, run } from './foreign.ts';
import { build, bytesOf, file, serverPlan } from './plans.ts';

const COMPONENT = 'fleet-server.pkg';

/** The package in a folder, unpacked beside it. */
async function unpacked(plan: PackagePlan) {
  const folder = await makeFolder();
  const path = await build(folder, plan);
  const [out, root] = [join(folder, 'out'), join(folder, 'root')];
  await mkdir(out);
  await mkdir(root);
  run('bsdtar', ['-xf', path, '-C', out]);
  const inside = (name: string) => join(out, COMPONENT, name);
  run('bsdtar', ['-xpf', inside('Payload'), '-C', root]);
  return { path, root, inside, distribution: join(out, 'Distribution') };
}

describe('a package', () => {
  let plan: PackagePlan;
  beforeAll(async () => {
    plan = await serverPlan();
  });

  it('is listed by bsdtar, and found whole by 7-Zip and by a reader in Python', async () => {
    const { path } = await unpacked(plan);
    expect(run('bsdtar', ['-tvf', path]).match(/\S+$/gm)).toEqual([
      COMPONENT,
      ...['Bom', 'Payload', 'Scripts', 'PackageInfo'].map((name) => `${COMPONENT}/${name}`),
      'Distribution',
    ]);
    expect(run('bsdtar', ['-tvf', path])).toMatch(/^drwxr-xr-x +2 root +wheel +0 .* fleet-server\.pkg$/m);
    expect(run('7zz', ['t', '-tXar', path])).toMatch(/Everything is Ok\s+Folders: 1\s+Files: 6/);
    expect(python('xar_check.py', [path])).toMatchObject({ isWhole: true, signatures: {} });
  });

  it('has its two archives as they are, and all else compressed, for the Installer wants it so', async () => {
    const { path } = await unpacked(plan);
    const packed = { encoding: 'application/x-gzip', mode: '0644' };
    const stored = { encoding: 'application/octet-stream', mode: '0644' };
    expect(python('xar_check.py', [path])).toMatchObject({
      members: {
        [COMPONENT]: { mode: '0755' },
        [`${COMPONENT}/Bom`]: packed,
        [`${COMPONENT}/Payload`]: stored,
        [`${COMPONENT}/Scripts`]: stored,
        [`${COMPONENT}/PackageInfo`]: packed,
        Distribution: packed,
      },
    });
  });

  it('unpacks to what the plan says, owned by root, which cpio lists', async () => {
    const { inside } = await unpacked(plan);
    const archive = gunzipSync(await readFile(inside('Payload')));
    const listing = run('cpio', ['-itv', '--quiet', '--numeric-uid-gid'], { input: archive });
    const lines = listing.trim().split('\n');
    expect(lines[0]).toMatch(/^drwxr-xr-x +2 0 +0 +0 .* \.$/);
    expect(listing).toMatch(/^-rw------- +1 0 +0 +25 .* \.\/Library\/FleetServer\/config\.yaml$/m);
    expect(listing).toMatch(/^-rwxr-xr-x +1 0 +0 +260160 .* \.\/Library\/FleetServer\/bin\/node$/m);
    expect(listing).toMatch(/^lrwxr-xr-x +1 0 +0 .* \.\/Library\/FleetServer\/current -> bin\/node$/m);
    expect(lines).toHaveLength(20);
    expect(lines.every((line) => / 0 +0 +\d+ Nov 14 {2}2023 \./.test(line))).toBe(true);
  });

  it('has one truth in Bom, Payload and PackageInfo: each path, kind, mode, time, size and checksum', async () => {
    const { root, inside } = await unpacked(plan);
    const bom = python('bom_check.py', [inside('Bom'), root]) as { paths: number; bytes: number };
    const number = (name: string) =>
      Number(run('xmllint', ['--xpath', `string(/pkg-info/payload/@${name})`, inside('PackageInfo')]));
    expect(number('numberOfFiles')).toBe(bom.paths);
    expect(number('installKBytes')).toBe(Math.ceil(bom.bytes / 1024));
  });

  it('carries a file of several prepared parts as one file', async () => {
    const { root } = await unpacked(plan);
    const parts = (await new FakeProgram().files('server', 'universal')).find(
      ({ path }) => path === 'bin/node',
    );
    const size = parts?.content.reduce((sum, part) => sum + ('size' in part ? part.size : part.length), 0);
    const node = await readFile(join(root, 'Library/FleetServer/bin/node'));
    expect(node.length).toBe(size);
    expect(node.subarray(64, 71).toString()).toBe('x86_64 ');
    expect(node.subarray(64 + 140_000 + 96).toString()).toBe('arm64 '.repeat(20_000));
  });

  it('hands the scripts over as they are, runnable', async () => {
    const { inside } = await unpacked(plan);
    const listing = run('bsdtar', ['-tvf', inside('Scripts')]);
    expect(listing).toMatch(/^-rwxr-xr-x .* \.\/postinstall\n-rwxr-xr-x .* \.\/preinstall$/m);
    expect(run('bsdtar', ['-xOf', inside('Scripts'), './preinstall'])).toBe('#!/bin/sh\nexit 0\n');
    const names = ['preinstall', 'postinstall'].map((name) => `/pkg-info/scripts/${name}/@file`);
    const named = names.map((name) => run('xmllint', ['--xpath', `string(${name})`, inside('PackageInfo')]));
    expect(named.map((text) => text.trim())).toEqual(['./preinstall', './postinstall']);
  });

  it('names no script that it does not carry', async () => {
    const { inside } = await unpacked({ ...plan, scripts: [file('postinstall', '#!/bin/sh\n', 0o755)] });
    const count = run('xmllint', ['--xpath', 'count(/pkg-info/scripts/*)', inside('PackageInfo')]);
    expect(count.trim()).toBe('1');
  });

  it('is read by xmllint, whatever stands in its title', async () => {
    const title = `Fleet & <Sons> "of" 'Ω' ]]> $(id) \u{1f4e6}`;
    const { distribution, inside } = await unpacked({ ...plan, title });
    run('xmllint', ['--noout', distribution, inside('PackageInfo')]);
    const found = run('xmllint', ['--xpath', 'string(/installer-gui-script/title)', distribution]);
    expect(found.trimEnd()).toBe(title);
  });

  it.each([
    ['arm64', 'arm64'],
    ['x64', 'x86_64'],
    ['universal', 'arm64,x86_64'],
  ] as const)(
    'for %s asks the Installer for %s, and for a macOS that its Node runs on',
    async (architecture, host) => {
      const { distribution } = await unpacked({ ...plan, architecture });
      const found = (path: string) => run('xmllint', ['--xpath', `string(${path})`, distribution]).trim();
      expect(found('//options/@hostArchitectures')).toBe(host);
      expect(found('//os-version/@min')).toBe('13.5');
      expect(found('//product/@id')).toBe('com.fleet.server');
      expect(found('//pkg-ref[@version]')).toBe('#fleet-server.pkg');
    },
  );

  it('with one byte turned is refused by bsdtar and by 7-Zip', async () => {
    const { path, inside } = await unpacked(plan);
    const bytes = await readFile(path);
    const payload = await readFile(inside('Payload'));
    const at = bytes.indexOf(payload) + Math.floor(payload.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    const folder = await makeFolder();
    await writeFile(join(folder, 'turned.pkg'), bytes);
    expect(ask('bsdtar', ['-xf', 'turned.pkg'], { folder }).status).toBe(1);
    expect(ask('7zz', ['t', '-tXar', 'turned.pkg'], { folder }).status).toBe(2);
  });

  it('says its size before its first byte, and can be read twice', async () => {
    const made = await assemblePackage(plan);
    const first = await bytesOf(made);
    expect(first.length).toBe(made.size);
    expect(await bytesOf(made)).toEqual(first);
  });
});

describe('the same plan', () => {
  it('gives the same bytes in another zone, folder, language, year, and under another umask', async () => {
    const bytes = await bytesOf(await assemblePackage(await serverPlan()));
    const expected = createHash('sha256').update(bytes).digest('hex');
    const folder = await makeFolder();
    const script = join(import.meta.dirname, 'assemble-once.ts');
    const surroundings = [
      { umask: '077', env: { TZ: 'Asia/Kathmandu', LC_ALL: 'de_DE.UTF-8' } },
      { umask: '000', env: { TZ: 'America/St_Johns', ...fakeClock(400 * 86_400) } },
    ];
    for (const { umask, env } of surroundings) {
      const command = `umask ${umask}; exec "$0" "$1"`;
      const { stdout, stderr } = spawnSync('/bin/sh', ['-c', command, process.execPath, script], {
        cwd: folder,
        env: { PATH: process.env.PATH, ...env },
        encoding: 'utf8',
      });
      expect(`${stdout}${stderr}`).toBe(expected);
    }
  });

  it('does, too, in whatever order its entries are', async () => {
    const plan = await serverPlan();
    const turned = { ...plan, payload: plan.payload.toReversed(), scripts: plan.scripts.toReversed() };
    expect(await bytesOf(await assemblePackage(turned))).toEqual(await bytesOf(await assemblePackage(plan)));
  });
});

describe('a plan', () => {
  it.each([
    ['identifier', { identifier: 'com.fleet.server"><script/>' }],
    ['identifier', { identifier: 'fleet' }],
    ['identifier', { identifier: '../../com.fleet' }],
    ['identifier', { identifier: `com.${'f'.repeat(4096)}` }],
    ['version', { version: '1.2.3-beta' }],
    ['version', { version: '1.2.3.4.5' }],
    ['version', { version: '1.2\n' }],
    ['oldest macOS', { minMacos: "13.5'); system.run('id" }],
    ['title', { title: 'Fleet\u0007Server' }],
    ['title', { title: '' }],
    ['title', { title: 'F'.repeat(4096) }],
    ['time', { epoch: 2 ** 32 }],
    ['time', { epoch: 1.5 }],
  ])('whose %s is none is refused: %j', async (what, change) => {
    await expect(assemblePackage(await serverPlan(change))).rejects.toMatchObject({
      code: 'package_unfit',
      message: `The ${what} of the package cannot be written into it.`,
    });
  });

  it('whose title XML cannot carry is refused', async () => {
    await expect(assemblePackage(await serverPlan({ title: 'Fleet \ud800' }))).rejects.toMatchObject({
      code: 'package_unfit',
      message: 'A text of the package holds a character that XML cannot carry.',
    });
  });

  it('whose payload would leave its folder is refused', async () => {
    const payload = [file('Library/../etc/sudoers', '')];
    await expect(assemblePackage(await serverPlan({ payload }))).rejects.toMatchObject({
      code: 'package_unfit',
    });
  });
});
