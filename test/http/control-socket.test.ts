/**
 * The control socket of a running server: who can open it administers without a password, and nobody else can
 * open it. It is also why a data folder has one server at a time.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createConfig } from '../../src/config/config-file.ts';
import { controlPath } from '../../src/config/control-path.ts';
import { freshConfig } from '../../src/config/fresh-config.ts';
import { generateSecretText } from '../../src/protocol/keyring.ts';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { AtlasProcess } from '../scenario/atlas-process.ts';
import { LiveCluster, type LiveServer } from '../scenario/live-cluster.ts';
import { freePorts } from '../scenario/loopback-ports.ts';

const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;

let cluster: LiveCluster;
let server: LiveServer;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 1 });
  server = cluster.servers[0] as LiveServer;
});

afterAll(() => cluster?.stop());

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

function askSocket(path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: controlPath(server.dataDir), path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asking.once('error', reject).end();
  });
}

describe('the control socket', () => {
  it('is open to its owner only, in a folder that is open to its owner only', () => {
    expect(statSync(controlPath(server.dataDir)).isSocket()).toBe(true);
    expect(modeOf(controlPath(server.dataDir))).toBe('600');
    expect(modeOf(server.dataDir)).toBe('700');
  });

  it('asks nobody who can open it for a password', async () => {
    const { status, text } = await askSocket('/api/fleet/users');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ items: [{ username: 'admin' }] });
    const nodes = await atlasFleet(['cluster', 'nodes', '--json', '--config', server.configPath]);
    expect(nodes.code).toBe(0);
    expect(JSON.parse(nodes.stdout)).toMatchObject({ count: 1, nodes: [{ node_id: 'server-01' }] });
  });

  it('has the same routes and the same refusals as the network', async () => {
    const { status, text } = await askSocket('/api/fleet/machines/unknown');
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({ code: 'machine_unknown', status: 404 });
  });

  it.skipIf(!IS_ROOT)('cannot be opened by another user (needs root to become one)', () => {
    const script = `require('node:net').connect(process.argv[1])
      .on('connect', () => process.exit(0)).on('error', (error) => { console.log(error.code); process.exit(1); })`;
    const asked = spawnSync(process.execPath, ['-e', script, controlPath(server.dataDir)], {
      uid: NOBODY,
      gid: NOBODY,
      encoding: 'utf8',
      cwd: '/',
    });
    expect(asked).toMatchObject({ status: 1, stdout: 'EACCES\n' });
  });
});

describe('a second server', () => {
  it('on the same data folder does not start, says which one runs, and leaves that one alone', async () => {
    const pid = server.process.pid;
    const refused = await atlasFleet(['server', '--config', server.configPath]);
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain(
      `error: another server runs on this data folder (${controlPath(server.dataDir)} answers)\nhint: stop it first, or give this one a data_dir of its own\n`,
    );
    expect(server.process.pid).toBe(pid);
    expect((await askSocket('/readyz')).status).toBe(200);
    expect((await server.client.nodes()).map(({ node_id, state }) => `${node_id} ${state}`)).toEqual([
      'server-01 healthy',
    ]);
  });

  it('on a taken port does not start, and says so in two lines', async () => {
    const other = await cluster.add();
    const taker = createServer().listen(other.port, '127.0.0.1');
    onTestFinished(() => void taker.close());
    const refused = await atlasFleet(['server', '--config', other.configPath]);
    expect(refused.code).toBe(7);
    expect(refused.stderr).toBe(
      `error: port ${other.port} on 127.0.0.1 is taken by another program\nhint: stop it, or choose another port (server.port)\n`,
    );
    // Nothing of it stays behind: the port free, it starts.
    await new Promise((resolve) => taker.close(resolve));
    await other.process.start();
    await other.process.kill();
  });

  it('on the folder of one that was killed starts', async () => {
    await server.process.kill();
    expect(statSync(controlPath(server.dataDir)).isSocket()).toBe(true);
    await server.process.start();
    expect((await askSocket('/readyz')).status).toBe(200);
  });
});

async function deepServer() {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-deep-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'd'.repeat(100));
  const configPath = join(folder, 'config.yaml');
  createConfig(
    configPath,
    freshConfig({
      'server.host': '127.0.0.1',
      'server.port': await freePorts(1),
      'server.tls': 'off',
      'server.data_dir': dataDir,
      'server.api_key': generateSecretText(),
      'server.encryption_key': generateSecretText(),
      'server.db_encryption_key': generateSecretText(),
    }),
  );
  return { folder, dataDir, configPath, socketFolder: dirname(controlPath(dataDir)) };
}

describe('a data folder whose path is too long for a socket', () => {
  it('has its socket in a private folder below the temporary one, and takes it away at the end', async () => {
    const { folder, dataDir, configPath } = await deepServer();
    const deep = new AtlasProcess({ command: 'server', configPath, logPath: join(folder, 'log') });
    onTestFinished(() => deep.kill());
    await deep.start();
    const path = controlPath(dataDir);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
    expect(path.startsWith(tmpdir())).toBe(true);
    expect([modeOf(path), modeOf(join(path, '..'))]).toEqual(['600', '700']);
    const listed = await atlasFleet(['token', 'list', '--json', '--config', configPath]);
    expect(listed.code).toBe(0);
    expect(await deep.terminate()).toBe(0);
    expect(() => statSync(join(path, '..'))).toThrow('ENOENT');
  });

  type Plant = (path: string, elsewhere: string) => void;
  const openToOthers: Plant = (path) => {
    mkdirSync(path);
    chmodSync(path, 0o755);
  };
  const ofAnother: Plant = (path) => {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, NOBODY, NOBODY);
  };
  const planted: [string, Plant][] = [
    ['that others may enter', openToOthers],
    ['that is a link to another', (path, elsewhere) => symlinkSync(elsewhere, path)],
    ['that is a link to nowhere', (path) => symlinkSync('/nowhere', path)],
  ];
  if (IS_ROOT) planted.push(['that belongs to another user', ofAnother]);

  it.each(planted)(
    'finds a folder there %s: neither side says a word, and nothing is put right',
    async (_, plant) => {
      const { folder, configPath, socketFolder } = await deepServer();
      onTestFinished(() => rmSync(socketFolder, { recursive: true, force: true }));
      const elsewhere = join(folder, 'elsewhere');
      mkdirSync(elsewhere, { mode: 0o755 });
      plant(socketFolder, elsewhere);
      const before = lstatSync(socketFolder);
      let asked = 0;
      const listener = createServer(() => {
        asked += 1;
      });
      onTestFinished(() => void listener.close());
      const canListen = existsSync(socketFolder);
      if (canListen)
        await new Promise<void>((resolve) => listener.listen(join(socketFolder, 'ctl'), resolve));

      for (const command of [['server'], ['user', 'add', 'bob'], ['token', 'list']]) {
        const args = [...command, '--config', configPath];
        const { code, stderr } = await atlasFleet(args, { stdin: 'correct horse battery staple\n' });
        expect(stderr).toContain(`error: ${socketFolder} is not a private folder of this user\nhint: `);
        expect(code).toBe(3);
      }
      expect(asked).toBe(0);
      const after = lstatSync(socketFolder);
      expect([after.mode, after.uid, after.ino]).toEqual([before.mode, before.uid, before.ino]);
      expect(modeOf(elsewhere)).toBe('755');
    },
  );
});

describe('what lies where the socket shall be', () => {
  it('and is none is left there, whatever it is or leads to', async () => {
    const other = await cluster.add();
    const path = controlPath(other.dataDir);
    const precious = join(cluster.folder, 'precious');
    writeFileSync(precious, 'kept');
    symlinkSync(precious, path);
    const refused = await atlasFleet(['server', '--config', other.configPath]);
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain(
      `error: ${path} is not the socket of a server\nhint: look at it, and move it away\n`,
    );
    expect([readlinkSync(path), readFileSync(precious, 'utf8')]).toEqual([precious, 'kept']);
  });
});
