/** Packages from the shell: of a running server, of none, and of one that cannot. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { clientWithin } from '../../src/cli/administer.ts';
import { loadConfig } from '../../src/config/load.ts';
import { openOffline } from '../../src/node.ts';
import type { BuildView } from '../../src/services/packages/package-records.ts';
import { temporaryFolder } from '../config/config-file.ts';
import { makeFolder } from '../fakes/folder.ts';
import { FakeProgram } from '../fakes/program.ts';
import { PackageStand } from '../http/package-stand.ts';
import { eventually } from '../scenario/eventually.ts';
import { atlasFleet, type Ended, LAUNCHER, PROGRAM } from './atlas-fleet.ts';
import { ControlServer } from './control-server.ts';

let stand: PackageStand;
beforeAll(async () => {
  stand = await PackageStand.start();
});
afterAll(() => stand?.stop());

const packages = (...words: string[]): Promise<Ended> =>
  atlasFleet(['package', ...words, '--config', join(stand.folder, 'config.yaml')]);

const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('package cluster-node', () => {
  it('writes a file for its owner alone, prints its path, and says on stderr what it is and what to type', async () => {
    const folder = await makeFolder();
    const out = join(folder, 'FleetServerClusterNode.pkg');
    const { code, stdout, stderr } = await packages('cluster-node', '--out', out, '--node-name', 'server-04');
    expect([code, stdout], stderr).toEqual([0, `${out}\n`]);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['FleetServerClusterNode.pkg']);
    for (const said of [
      `${statSync(out).size} bytes, not signed`,
      `SHA-256: ${sum(out)}`,
      'cluster_secret (',
      `  scp ${out} MAC:`,
      `  echo '${sum(out)}  FleetServerClusterNode.pkg' | shasum -a 256 -c`,
      '  sudo installer -pkg FleetServerClusterNode.pkg -target /',
      '  sudo tail -f /var/log/fleet-server.log',
      '  rm FleetServerClusterNode.pkg',
      `${PROGRAM} cluster security --config ${join(stand.folder, 'config.yaml')} --leaks`,
    ])
      expect(stderr).toContain(said);
    for (const secret of Object.values(stand.secrets)) expect(stderr).not.toContain(secret);
  });

  it('prints what was built as JSON', async () => {
    const out = join(await makeFolder(), 'a.pkg');
    const flags = [
      '--credentials',
      'ticket',
      '--life',
      '2h',
      '--arch',
      'arm64',
      '--note',
      "it's for the attic",
    ];
    const { code, stdout } = await packages('cluster-node', '--out', out, ...flags, '--json');
    const said = JSON.parse(stdout) as BuildView & { path: string };
    expect(code).toBe(0);
    expect(said).toMatchObject({
      path: out,
      file_name: 'a.pkg',
      sha256: sum(out),
      size_bytes: statSync(out).size,
      architecture: 'arm64',
      note: "it's for the attic",
      ticket: { state: 'open' },
    });
    const listed = await packages('list');
    expect(listed.stdout).toMatch(
      new RegExp(`${said.build_id} .* a.pkg +ticket open +ready +${sum(out).slice(0, 12)}`),
    );
    expect(await packages('revoke', said.build_id)).toMatchObject({ code: 0, stdout: '' });
    expect((await packages('list')).stdout).toMatch(new RegExp(`${said.build_id} .* ticket revoked `));
  });

  it('leaves a file that is there alone, before anything is built, unless it is told otherwise', async () => {
    const out = join(await makeFolder(), 'mine.pkg');
    writeFileSync(out, 'mine');
    const before = (await packages('list')).stdout;
    const refused = await packages('cluster-node', '--out', out);
    expect([refused.code, refused.stdout]).toEqual([7, '']);
    expect(refused.stderr).toContain(
      `error: ${out} is there already\nhint: Name another --out, or write over it: --force.`,
    );
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect((await packages('list')).stdout).toBe(before);
    expect((await packages('cluster-node', '--out', out, '--force')).code).toBe(0);
    expect(statSync(out).size).toBeGreaterThan(1000);
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });

  it('says that the disk takes no more, and leaves nothing', async () => {
    const folder = await makeFolder();
    const order = ['package', 'cluster-node', '--out', join(folder, 'a.pkg')];
    const command = [...order, '--config', join(stand.folder, 'config.yaml')];
    const script = 'ulimit -f 1; exec "$0" "$@"';
    const { code, stderr } = await atlasFleet(['-c', script, LAUNCHER, ...command], { launcher: 'sh' });
    expect([code, readdirSync(folder)], stderr).toEqual([1, []]);
    expect(stderr).toMatch(/^error: \S+a\.pkg cannot be written: .*\nhint: /m);
  });

  it('says all that stands in the way, each with its mend', async () => {
    stand.program.missing = { what: 'Node for Macs is not here.', mend: 'Run atlas-fleet runtime fetch.' };
    const out = join(await makeFolder(), 'a.pkg');
    const { code, stderr } = await packages('cluster-node', '--out', out, '--redis-host', '127.0.0.1');
    stand.program.missing = null;
    expect(code).toBe(7);
    expect(stderr).toContain(
      `error: Node for Macs is not here. Run ${PROGRAM} runtime fetch.\nerror: Redis is at 127.0.0.1`,
    );
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    ['cluster-node', ['--node-name', '../x'], '--node-name'],
    ['cluster-node', ['--note', 'n'.repeat(300)], '--note'],
    ['agent', ['--server', 'localhost:8768'], '--server'],
    ['agent', ['--interval', '99999'], '--interval'],
  ])('says of %s %j which flag it is', async (kind, flags, flag) => {
    const { code, stderr } = await packages(kind, '--out', join(await makeFolder(), 'a.pkg'), ...flags);
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(new RegExp(`error: this package cannot be ordered\n  ${flag}: .+\nhint: see `));
  });

  it('takes no life for secrets, which have none', async () => {
    const folder = await makeFolder();
    const { code, stderr } = await packages('cluster-node', '--out', join(folder, 'a.pkg'), '--life', '2h');
    expect([code, readdirSync(folder)], stderr).toEqual([2, []]);
    expect(stderr).toContain('--life is for a join ticket\nhint: ');
  });

  it('says under which name it is on record, where the file has one that is none', async () => {
    const out = join(await makeFolder(), 'my node.pkg');
    const { code, stderr } = await packages('cluster-node', '--out', out);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('On record it is FleetServerClusterNode.pkg.\n');
  });

  it('names the flag that mends what stands in the way', async () => {
    const { code, stderr } = await packages('agent', '--out', join(await makeFolder(), 'a.pkg'));
    expect(code, stderr).toBe(7);
    expect(stderr).toMatch(/^hint: .* --server URL/m);
  });

  it.each([
    ['a port that is none', ['--port', '0']],
    ['an architecture that no Mac has', ['--arch', 'ppc']],
    ['credentials of another kind', ['--credentials', 'none']],
    ['no file', []],
  ])('refuses %s', async (_, flags) => {
    const words = flags.length === 0 ? [] : ['--out', join(await makeFolder(), 'a.pkg')];
    expect((await packages('cluster-node', ...words, ...flags)).code).toBe(2);
  });
});

it('a server that dies in the middle leaves no file', async () => {
  const folder = temporaryFolder();
  expect((await atlasFleet(['init', '--dir', folder])).code).toBe(0);
  const server = await ControlServer.open(join(folder, 'data'), {
    'GET /livez': {},
    'GET /api/fleet/packages/cut-short': { contents: [], ticket: null },
    'POST /api/fleet/build-standalone-package': (response: ServerResponse) => {
      response.writeHead(200, { 'content-length': 1_000_000, 'x-atlas-package': 'cut-short' });
      response.write('the beginning', () => response.destroy());
    },
  });
  const out = join(folder, 'a.pkg');
  const flags = ['--out', out, '--config', join(folder, 'config.yaml')];
  const { code, stderr } = await atlasFleet(['package', 'standalone', ...flags]);
  await server.close();
  expect([code, existsSync(out), existsSync(`${out}.part`)], stderr).toEqual([5, false, false]);
});

it('a list says perhaps of who came after the package, where nothing says by which', async () => {
  const folder = temporaryFolder();
  expect((await atlasFleet(['init', '--dir', folder])).code).toBe(0);
  const build = { build_id: 'b-1', built_at: 'then', built_by: 'local', file_name: 'a.pkg', state: 'ready' };
  const joined = (by: string) => [{ node_id: `mac-by-${by}`, by, state: 'healthy', signature: 'verified' }];
  const items = ['time', 'name'].map((by) => ({
    ...build,
    credentials: 'embedded',
    sha256: null,
    ticket: null,
    joined: joined(by),
  }));
  const server = await ControlServer.open(join(folder, 'data'), {
    'GET /livez': {},
    'GET /api/fleet/packages': { items, next_cursor: null },
  });
  const { stdout } = await atlasFleet(['package', 'list', '--config', join(folder, 'config.yaml')]);
  await server.close();
  expect(stdout).toContain('  perhaps mac-by-time healthy\n');
  expect(stdout).toContain('  mac-by-name healthy\n');
});

describe('with no server running', () => {
  it('a cluster node cannot be packed, and it is said what to do', async () => {
    const folder = temporaryFolder();
    expect((await atlasFleet(['init', '--dir', folder])).code).toBe(0);
    const flags = ['--out', join(folder, 'a.pkg'), '--config', join(folder, 'config.yaml')];
    expect(await atlasFleet(['package', 'cluster-node', ...flags])).toEqual({
      code: 5,
      stdout: '',
      stderr: `Building it…\nerror: no server runs on this data folder\nhint: start one: ${PROGRAM} server --config ${join(folder, 'config.yaml')}\n`,
    });
    // Where the runtime is not here either, that is what is said, and nothing of a server.
    const env = { ATLAS_FLEET_CACHE: join(folder, 'cache') };
    const alone = await atlasFleet(['package', 'standalone', ...flags], { env });
    expect(alone.code).toBe(7);
    expect(alone.stderr).not.toContain('no server runs');
  });
});

/** More than waits for its reader. */
class LargeProgram extends FakeProgram {
  override async files(...asked: Parameters<FakeProgram['files']>) {
    const large = { path: 'app/large', mode: 0o644, content: [randomBytes(16 * 1024 * 1024)] };
    return [...(await super.files(...asked)), large];
  }
}

it('a package that nobody reads in this process is ended, and holds nothing open', async () => {
  const folder = temporaryFolder();
  expect((await atlasFleet(['init', '--dir', folder])).code).toBe(0);
  const loaded = loadConfig({ role: 'server', configPath: join(folder, 'config.yaml'), env: {} });
  if (!loaded.ok) throw new Error('the config that init wrote does not load');
  const offline = await openOffline({
    config: loaded.config,
    secrets: loaded.secrets,
    version: '0.1.0',
    clock: systemClock,
    packing: { program: async () => new LargeProgram(), signing: async () => null },
    openLog: () => silentLog,
  });
  const { client, letGo } = clientWithin(offline.app);
  const { headers } = await client.download('/api/fleet/build-standalone-package', {});
  const id = headers['x-atlas-package'];
  const stateOf = async () => (await client.get<BuildView>(`/api/fleet/packages/${id}`)).state;
  expect(await stateOf()).toBe('building');
  letGo();
  await eventually('it is over', 60_000, async () => (await stateOf()) === 'failed');
  await offline.close();
});
