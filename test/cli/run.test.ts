/** scripts/run.mjs in a checkout of its own, with an `npm` that only pretends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../config/config-file.ts';

const RUN = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));
const WAIT = { timeout: 60_000, interval: 20 };

/** `npm`: a shell script; it runs in the checkout. */
function makeCheckout(npm: string): string {
  const root = temporaryFolder();
  for (const folder of ['scripts', 'tools', 'bin', 'console', 'src/http/shapes'])
    mkdirSync(join(root, folder), { recursive: true });
  cpSync(RUN, join(root, 'scripts/run.mjs'));
  for (const file of ['package.json', 'package-lock.json', 'LICENSE', 'src/http/shapes/values.ts'])
    writeFileSync(join(root, file), '');
  for (const [path, script] of [
    ['tools/npm', npm],
    ['bin/atlas-fleet', 'echo "program $* $NODE_COMPILE_CACHE"'],
  ] as const) {
    writeFileSync(join(root, path), `#!/bin/sh\n${script}\n`);
    chmodSync(join(root, path), 0o755);
  }
  return root;
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(root: string, more: Readonly<Record<string, string>> = {}): Run {
  const env = { PATH: `${join(root, 'tools')}:/usr/bin:/bin`, ...more };
  const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), 'demo', '--json'], {
    cwd: root,
    env,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }));
  return { child, ended };
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const pidIn = (path: string) =>
  vi.waitFor(() => {
    const pid = Number(existsSync(path) && readFileSync(path, 'utf8'));
    expect(pid).toBeGreaterThan(0);
    return pid;
  }, WAIT);

const INSTALLS = `case $1 in
  ci) mkdir -p node_modules; : > node_modules/.package-lock.json;;
  run)
    case $3 in
      build) mkdir -p dist/console; : > dist/console/licences.json;;
      bundle) mkdir -p dist/program; : > dist/program/program.json;;
    esac;;
esac; echo "$1 $3 $NODE_COMPILE_CACHE" >> npm.log`;
const HANGS = 'sleep 60 & echo $! > sleeper; echo $$ > installer; wait';

describe('npm start', () => {
  it('installs and builds once, then becomes the program; compiled code stays in the clone', async () => {
    const root = makeCheckout(INSTALLS);
    const cache = join(root, 'node_modules/.cache/node');
    for (const _ of ['first', 'second']) {
      expect(await start(root).ended).toMatchObject({ code: 0, stdout: `program demo --json ${cache}\n` });
    }
    const steps = ['ci --include=optional', 'run build', 'run bundle'];
    const log = steps.map((step) => `${step} ${cache}\n`).join('');
    expect(readFileSync(join(root, 'npm.log'), 'utf8')).toBe(log);
    expect(existsSync(join(root, 'dist/.install.lock'))).toBe(false);
  });

  it.each([
    [
      'what stands in src, which the console runs too',
      { file: 'src/http/shapes/values.ts' },
      ['build', 'bundle'],
    ],
    ['the time that packages are to bear', { env: { SOURCE_DATE_EPOCH: '1700000000' } }, ['bundle']],
    ['what somebody else bundled', { file: 'dist/program/program.json' }, ['bundle']],
  ])(
    'builds anew with %s',
    async (_, { file, env }: { file?: string; env?: Record<string, string> }, steps) => {
      const root = makeCheckout(INSTALLS);
      await start(root).ended;
      writeFileSync(join(root, 'npm.log'), '');
      if (file !== undefined) writeFileSync(join(root, file), 'changed');
      expect(await start(root, env).ended).toMatchObject({ code: 0 });
      const done = readFileSync(join(root, 'npm.log'), 'utf8').match(/(?<=^run )\w+/gm);
      expect(done).toEqual(steps);
    },
  );

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends the installation and all it started with %s, and then itself',
    async (signal) => {
      const root = makeCheckout(HANGS);
      const { child, ended } = start(root);
      const pids = [await pidIn(join(root, 'installer')), await pidIn(join(root, 'sleeper'))];
      child.kill(signal);
      const { code, stderr } = await ended;
      expect(code).toBe(1);
      expect(stderr).toContain(`error: the installation was ended by ${signal}\n`);
      await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), WAIT);
      expect(existsSync(join(root, 'dist/.install.lock'))).toBe(false);
    },
  );

  it('does not install where another one does', async () => {
    const root = makeCheckout(HANGS);
    const first = start(root);
    await pidIn(join(root, 'installer'));
    const second = await start(root).ended;
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain(
      `error: another npm start or npm test installs here (process ${first.child.pid})\nhint: wait until it is done`,
    );
    first.child.kill('SIGTERM');
    await first.ended;
  });

  it('takes over from one that was killed', async () => {
    const root = makeCheckout(INSTALLS);
    const gone = spawn('true');
    await once(gone, 'exit');
    mkdirSync(join(root, 'dist'));
    writeFileSync(join(root, 'dist/.install.lock'), String(gone.pid));
    expect((await start(root).ended).code).toBe(0);
  });
});
