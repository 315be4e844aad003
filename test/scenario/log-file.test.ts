/** `log.file` on real processes: what newsyslog does to it, and what SIGHUP means without it. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { SERVER, temporaryFolder, writeFile } from '../config/config-file.ts';
import { AtlasProcess } from './atlas-process.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './loopback-ports.ts';

/** Milliseconds. */
const SOON = 60_000;

interface Ground {
  readonly folder: string;
  readonly configPath: string;
  /** What the process says on stdout and stderr. */
  readonly logPath: string;
}

async function groundWith(lines: string): Promise<Ground> {
  const folder = temporaryFolder();
  const port = await freePorts(1);
  const text = `${SERVER}  host: 127.0.0.1\n  port: ${port}\n${lines}`;
  return { folder, configPath: writeFile(join(folder, 'config.yaml'), text), logPath: join(folder, 'out') };
}

async function startServer({ configPath, logPath }: Ground, args: string[] = []): Promise<AtlasProcess> {
  const server = new AtlasProcess({ command: 'server', configPath, logPath, args });
  onTestFinished(() => server.kill());
  await server.start();
  return server;
}

it('a log file takes every line, and after a SIGHUP what follows goes to a new file of its name', async () => {
  const ground = await groundWith('log:\n  file: server.log\n');
  const server = await startServer(ground);
  const [log, pidFile] = [join(ground.folder, 'server.log'), join(ground.folder, 'data/server.pid')];
  expect(readFileSync(pidFile, 'utf8')).toBe(`${server.pid}\n`);

  renameSync(log, `${log}.0`);
  server.signal('SIGHUP');
  await eventually('the file is there again', SOON, () => existsSync(log));
  expect(await server.terminate()).toBe(0);

  expect(readFileSync(`${log}.0`, 'utf8')).toContain(`Configuration: ${ground.configPath}`);
  expect(readFileSync(log, 'utf8').split('\n').length).toBeGreaterThan(1);
  expect(server.log()).toBe('');
  expect(existsSync(pidFile)).toBe(false);
});

it('the process id is written where it is told to, wherever the data are', async () => {
  const ground = await groundWith('  data_dir: elsewhere\nlog:\n  file: server.log\n');
  const pidFile = join(ground.folder, 'run/server.pid');
  const server = await startServer(ground, ['--pid-file', pidFile]);
  expect(readFileSync(pidFile, 'utf8')).toBe(`${server.pid}\n`);
  expect(existsSync(join(ground.folder, 'elsewhere/server.pid'))).toBe(false);
  expect(await server.terminate()).toBe(0);
  expect(existsSync(pidFile)).toBe(false);
});

it('without a log file a SIGHUP is the end of the terminal', async () => {
  const server = await startServer(await groundWith(''));
  expect(server.log()).toContain('Configuration: ');
  server.signal('SIGHUP');
  await eventually('the server has ended', SOON, () => !server.isRunning);
});

it('a log file that cannot be written is said at the start', async () => {
  const { configPath } = await groundWith('log:\n  file: nowhere/server.log\n');
  const { code, stderr } = await atlasFleet(['server', '--config', configPath]);
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /^error: log\.file: \S+\/nowhere\/server\.log cannot be written \(ENOENT\)\nhint: /m,
  );
});
