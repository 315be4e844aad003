/** The bundle as a Mac gets it: alone in a folder that no checkout lies above, on a bare Node. */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundle, epochOf } from '../../scripts/bundle.ts';
import type { Manifest } from '../../src/program/manifest.ts';
import { PostgresServer } from '../backends/postgres.ts';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { temporaryFolder } from '../config/config-file.ts';
import { AtlasProcess } from '../scenario/atlas-process.ts';
import { runForeign } from '../scenario/foreign-program.ts';
import { freePorts } from '../scenario/loopback-ports.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const ADD_ON = 'node_modules/better-sqlite3-multiple-ciphers';
const PREBUILD = `${ADD_ON}/prebuilds/${process.platform}-${process.arch}.node`;

/** An installation: `app/` and a launcher for the Node of this machine. */
let root: string;
const launcher = () => join(root, 'bin', 'atlas-fleet');
const app = () => join(root, 'app');
const run = (...args: string[]) => atlasFleet(args, { launcher: launcher() });
const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'program.json'), 'utf8'));

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'atlas-bundle-')));
  await bundle({ root: CHECKOUT, out: app() });
  cpSync(join(CHECKOUT, PREBUILD), join(app(), PREBUILD)); // a Mac's alone is in the bundle
  mkdirSync(join(root, 'bin'));
  writeFileSync(launcher(), `#!/bin/sh\nexec '${process.execPath}' '${app()}/main.js' "$@"\n`);
  chmodSync(launcher(), 0o755);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A server of the bundle, made by the bundle's own `init`. */
async function serve(tls: 'own' | 'off', ...initFlags: string[]) {
  const folder = temporaryFolder();
  const made = await run('init', '--dir', folder, ...initFlags);
  expect(made).toMatchObject({ code: 0 });
  expect(made.stdout + made.stderr).toContain(`${relative('/', launcher())} server --config`);
  const port = await freePorts(1);
  const configPath = join(folder, 'config.yaml');
  const env = {
    ATLAS_FLEET_SERVER__HOST: '127.0.0.1',
    ATLAS_FLEET_SERVER__PORT: String(port),
    ATLAS_FLEET_SERVER__TLS: tls,
  };
  const server = new AtlasProcess({
    command: 'server',
    configPath,
    logPath: join(folder, 'log'),
    launcher: launcher(),
    env,
  });
  onTestFinished(() => server.kill());
  await server.start();
  return { server, folder, url: `http://127.0.0.1:${port}` };
}

const textAt = async (url: string) => (await fetch(url)).text();

describe('the bundled program', () => {
  it('says its version, checks a configuration and says what is wrong with it', async () => {
    const { version } = manifestIn(app());
    expect((await run('version')).stdout).toContain(`atlas-fleet ${version} (node ${process.versions.node}`);
    const folder = temporaryFolder();
    await run('init', '--dir', folder);
    const config = join(folder, 'config.yaml');
    expect(await run('config', 'check', '--config', config)).toMatchObject({ code: 0 });
    expect((await run('server', '--config', join(folder, 'none'))).stderr).toContain('file_missing');
  });

  it('serves the console, the pages of the API and its description, and takes reports', async () => {
    const { folder, url } = await serve('off');
    const page = await textAt(`${url}/`);
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1];
    expect((await fetch(url + script)).status).toBe(200);
    expect(await textAt(`${url}/api/docs/`)).toContain('swagger-ui-bundle.js');
    expect((await textAt(`${url}/api/docs/static/swagger-ui-bundle.js`)).length).toBeGreaterThan(1_000_000);
    expect(JSON.parse(await textAt(`${url}/api/openapi.json`)).openapi).toBe('3.1.0');
    const keys = ['api_key', 'encryption_key'].map((name) => {
      const path = join(folder, name);
      const [, key = ''] =
        new RegExp(`\\n  ${name}: "([^"]+)"`).exec(readFileSync(join(folder, 'config.yaml'), 'utf8')) ?? [];
      writeFileSync(path, key, { mode: 0o600 });
      return path;
    });
    const [apiKey = '', encryptionKey = ''] = keys;
    const flags = ['--api-key-file', apiKey, '--encryption-key-file', encryptionKey];
    const agent = await run(
      'agent',
      '--once',
      '--server',
      url,
      ...flags,
      '--spool-dir',
      join(folder, 'spool'),
    );
    expect(agent.stdout).toContain(`Report accepted by ${url}.`);
  });

  it('runs on PostgreSQL without the add-on for SQLite', async () => {
    const postgres = await PostgresServer.start();
    onTestFinished(() => postgres.stop());
    renameSync(join(app(), ADD_ON), join(root, 'add-on'));
    onTestFinished(() => renameSync(join(root, 'add-on'), join(app(), ADD_ON)));
    const { server } = await serve('own', '--database', postgres.url());
    expect(server.log()).toMatch(/Listening on https:.* tls=own pin=/);
  });

  it('names nothing of the machine that made it', () => {
    const needle = Buffer.from(CHECKOUT);
    const naming = filesIn(app()).filter((path) => readFileSync(join(app(), path)).includes(needle));
    expect(naming).toEqual([]);
  });

  it('brings the licence of everything that it contains', () => {
    const text = readFileSync(join(app(), 'LICENSES', 'packages.txt'), 'utf8');
    for (const name of [
      'fastify',
      'pg',
      'react',
      'zod',
      'better-sqlite3-multiple-ciphers',
      '@fastify/swagger-ui',
    ])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
    expect(readFileSync(join(app(), 'LICENSES', 'atlas-fleet.txt'), 'utf8')).toContain('Apache License');
  });

  it('is the same, byte for byte, from another folder, by another user of another time and place', async () => {
    const elsewhere = join(temporaryFolder(), 'a checkout');
    mkdirSync(elsewhere);
    for (const path of ['src', 'scripts', 'dist/console', 'LICENSE', 'package.json', 'package-lock.json'])
      cpSync(join(CHECKOUT, path), join(elsewhere, path), { recursive: true });
    const script = `ln -s '${CHECKOUT}/node_modules' node_modules; umask 077; exec '${process.execPath}' scripts/bundle.ts`;
    const made = await runForeign(
      'env',
      '-C',
      elsewhere,
      'TZ=Asia/Kolkata',
      'LANG=tr_TR.UTF-8',
      'sh',
      '-c',
      script,
    );
    expect(made).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Bundled into .*\n$/) });
    const other = join(elsewhere, 'dist', 'program');
    expect(manifestIn(other)).toEqual(manifestIn(app()));
    expect(filesIn(other)).toEqual(Object.keys(manifestIn(other).files).concat('program.json').sort());
  });
});

describe('the time that packages bear', () => {
  it('is that of the release, or what SOURCE_DATE_EPOCH says', () => {
    expect(epochOf('1700000000')).toBe(1_700_000_000);
    expect(epochOf(undefined)).toBe(manifestIn(app()).epoch);
  });

  it.each(['', 'now', '-1', '1e9', '1700000000.5', ' 1', '4294967296'])('is not %j', (text) => {
    expect(() => epochOf(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
