import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../config/config-file.ts';
import { atlasFleet, LAUNCHER } from './atlas-fleet.ts';

const VERSION = /^\d+\.\d+\.\d+\n$/;

/** A checkout that brings no Node, with an empty main. */
function bareCheckout(): string {
  const root = join(temporaryFolder(), "a check'out");
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'src/cli'), { recursive: true });
  cpSync(LAUNCHER, join(root, 'bin/atlas-fleet'));
  writeFileSync(join(root, 'src/cli/main.ts'), '');
  return root;
}

/** A `node` on PATH that claims a version and otherwise tells what it was called with. */
function fakeNode(version: string): string {
  const folder = temporaryFolder();
  const script = `#!/bin/sh\nif [ "$1" = -p ]; then echo ${version}; else for one in "$@"; do echo "[$one]"; done; fi\n`;
  writeFileSync(join(folder, 'node'), script);
  chmodSync(join(folder, 'node'), 0o755);
  return `${folder}:/usr/bin:/bin`;
}

describe('the launcher', () => {
  it('works from any folder and through symbolic links, relative ones too', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'deep'));
    symlinkSync(LAUNCHER, join(folder, 'one'));
    symlinkSync('../one', join(folder, 'deep/two'));
    for (const launcher of [join(folder, 'one'), join(folder, 'deep/two')]) {
      const ended = await atlasFleet(['--version'], { launcher, cwd: folder });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout).toMatch(VERSION);
    }
    expect((await atlasFleet(['--version'], { launcher: './deep/two', cwd: folder })).stdout).toMatch(
      VERSION,
    );
  });

  it('finds the Node of the checkout with any PATH', async () => {
    const ended = await atlasFleet(['--version'], { env: { PATH: '/usr/bin:/bin', CDPATH: '/tmp' } });
    expect(ended.stdout).toMatch(VERSION);
  });

  it('takes a Node on PATH that is new enough, and hands over arguments as they are', async () => {
    const root = bareCheckout();
    const env = { PATH: fakeNode('26.1.0') };
    const ended = await atlasFleet(['a b', '', '$x', '*'], { launcher: join(root, 'bin/atlas-fleet'), env });
    expect(ended.code).toBe(0);
    expect(ended.stdout.split('\n').slice(0, 5)).toEqual([
      `[${root}/src/cli/main.ts]`,
      '[a b]',
      '[]',
      '[$x]',
      '[*]',
    ]);
  });

  it.each(['20.19.0', '9.0.0', 'garbage'])('refuses Node %s on PATH with a hint', async (version) => {
    const root = bareCheckout();
    const env = { PATH: fakeNode(version) };
    expect(await atlasFleet(['--version'], { launcher: join(root, 'bin/atlas-fleet'), env })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `error: Atlas Fleet needs Node 26 or newer; the checkout has none, and on PATH there is ${version}\n` +
        `hint: run \`npm ci\` in ${root}, which brings it, or install Node 26\n`,
    });
  });

  it('says so when there is no Node at all', async () => {
    const root = bareCheckout();
    const tools = temporaryFolder();
    for (const tool of ['dirname', 'readlink', 'uname']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool));
    const ended = await atlasFleet([], { launcher: join(root, 'bin/atlas-fleet'), env: { PATH: tools } });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain('the checkout has none, and on PATH there is none\n');
  });

  it('becomes the program, so that its process id gets the signals', async () => {
    const root = bareCheckout();
    writeFileSync(join(root, 'src/cli/main.ts'), 'console.log(process.pid); setInterval(() => {}, 1000);');
    symlinkSync(join(LAUNCHER, '../../node_modules'), join(root, 'node_modules'));
    const child = spawn(join(root, 'bin/atlas-fleet'), { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    expect(Number(line)).toBe(child.pid);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
  });
});
