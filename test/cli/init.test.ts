/** `init` as a person runs it: what it writes, what it refuses, and that a failure leaves nothing behind. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PostgresServer } from '../backends/postgres.ts';
import { type RedisPlan, RedisServer } from '../backends/redis.ts';
import { load, loaded, temporaryFolder, writeFile } from '../config/config-file.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { makeRedisCertificates } from '../store/redis-certificates.ts';
import { atlasFleet } from './atlas-fleet.ts';

const PASSWORD = 'hunter2 of the house';
const init = (...args: readonly string[]) => atlasFleet(['init', ...args]);

function passwordFile(): string {
  return writeFile(join(temporaryFolder(), 'password'), `${PASSWORD}\n`);
}

async function startRedis(plan: RedisPlan = {}): Promise<RedisServer> {
  const redis = await RedisServer.start(plan);
  onTestFinished(() => redis.stop());
  return redis;
}

describe('init', () => {
  it('writes a config of mode 0600 that loads without a warning, and prints how to log in', async () => {
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await init('--dir', folder);
    const path = join(folder, 'config.yaml');
    expect({ code, stderr }).toEqual({ code: 0, stderr: `Wrote ${path} (mode 0600) with fresh secrets.\n` });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loaded(path)).toMatchObject({ warnings: [], config: { cluster: { enabled: false } } });
    expect(stdout).toMatch(/Setup code: +\S+ {2}\(once, within 30 minutes\)\n$/);
    expect(stdout).not.toContain('Another server');
  });

  it('says a warning once', async () => {
    const env = { ATLAS_FLEET_SERVER__TLS_CERT: '/nowhere.pem' };
    const { code, stderr } = await atlasFleet(['init', '--dir', temporaryFolder()], { env });
    expect([code, stderr.match(/not_used/g)], stderr).toEqual([0, ['not_used']]);
  });

  it('overwrites nothing', async () => {
    const folder = temporaryFolder();
    const path = writeFile(join(folder, 'config.yaml'), '# of the operator\n');
    const ended = await init('--dir', folder);
    expect(ended).toMatchObject({ code: 7, stdout: '' });
    expect(readFileSync(path, 'utf8')).toBe('# of the operator\n');
  });

  it('makes a cluster on the Redis of this machine, with its password from a file', async () => {
    const folder = temporaryFolder();
    const hash = createHash('sha256').update(PASSWORD).digest('hex');
    const redis = await startRedis({ acl: `user default off\nuser atlas on #${hash} ~* &* +@all\n` });
    const url = `redis://atlas@127.0.0.1:${redis.port}/3`;
    const args = ['--cluster', url, '--redis-password-file', passwordFile()];
    const { code, stdout } = await init('--dir', folder, ...args);
    expect(code).toBe(0);
    const { config, secrets } = loaded(join(folder, 'config.yaml'));
    expect(config.cluster).toMatchObject({
      enabled: true,
      backend: 'redis',
      redis: { host: '127.0.0.1', port: redis.port, db: 3, username: 'atlas', tls: false },
    });
    expect(secrets.redisPassword?.revealText()).toBe(PASSWORD);
    expect(stdout).toContain('then on this machine too (the data is in SQLite), on another port:');
    expect(stdout).toContain(`cluster ticket create --config ${join(folder, 'config.yaml')}\n`);
    expect(stdout).not.toContain(PASSWORD);
  });

  it('reaches Redis through TLS by rediss://', async () => {
    const folder = temporaryFolder();
    const { files } = await makeRedisCertificates('localhost');
    const redis = await startRedis({ tls: files });
    const args = ['--cluster', `rediss://localhost:${redis.port}`, '--redis-ca-file', files.ca];
    expect((await init('--dir', folder, ...args)).code).toBe(0);
    expect(loaded(join(folder, 'config.yaml')).config.cluster.redis).toMatchObject({
      host: 'localhost',
      port: redis.port,
      tls: true,
      caFile: files.ca,
    });
  });
});

describe('init on a real PostgreSQL', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await PostgresServer.start();
  });
  afterAll(() => postgres?.stop());

  it('makes the database of a cluster, and says how another server joins', async () => {
    const folder = temporaryFolder();
    const database = await postgres.createDatabase('fleet');
    const redis = await startRedis();
    const args = [
      '--cluster',
      `redis://127.0.0.1:${redis.port}`,
      '--database',
      database,
      '--database-password-file',
      passwordFile(),
    ];
    const { code, stdout, stderr } = await init('--dir', folder, ...args);
    const path = join(folder, 'config.yaml');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^Preparing the database at \S+:\d+, .*\nWrote .* with fresh secrets\.\n$/,
      ),
    });
    expect(stdout).toMatch(
      /Another server: .* by a ticket.* there, where Atlas Fleet lies:\n.*ticket create --config .*\n.*mkdir fleet-new && cd fleet-new && \/.*\/bin\/atlas-fleet server --join -\n/,
    );
    const { config, secrets } = loaded(path);
    expect(config.database).toMatchObject({ engine: 'postgres', port: postgres.port, database: 'fleet' });
    expect(secrets.databasePassword?.revealText()).toBe(PASSWORD);
    expect(stdout).not.toContain(PASSWORD);
    const added = await atlasFleet(['user', 'add', 'anna', '--config', path], {
      stdin: 'four words of sense\n',
    });
    expect(added.code).toBe(0);
  });

  it('finds out that Redis cannot be used before it binds the database to a key', async () => {
    const folder = join(temporaryFolder(), 'new');
    const database = await postgres.createDatabase('untouched');
    const redis = await startRedis({ password: 'another' });
    const cluster = `redis://127.0.0.1:${redis.port}`;
    const { code, stderr } = await init('--dir', folder, '--cluster', cluster, '--database', database);
    expect(code).toBe(5);
    expect(stderr).toContain('cannot be used: it asks for a password');
    expect(existsSync(folder)).toBe(false);
    const tables = await postgres.query("select * from pg_tables where schemaname = 'public'", 'untouched');
    expect(tables).toEqual([]);
  });

  it('leaves nothing behind when the database is not there', async () => {
    const folder = join(temporaryFolder(), 'new');
    const { code, stderr } = await init('--dir', folder, '--database', postgres.url('away'));
    expect(code).toBe(5);
    expect(stderr).toMatch(/^error: the database at 127\.0\.0\.1:\d+ cannot be used: .+\nhint: .+\n$/m);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('init refuses, and leaves nothing behind', () => {
  it.each([
    [
      'a password of Redis in a flag',
      ['--cluster', `redis://atlas:${encodeURIComponent(PASSWORD)}@127.0.0.1`],
      '--cluster has a password in it',
      '--redis-password-file',
    ],
    [
      'a password of Redis without a user in a flag',
      ['--cluster', 'redis://:hunter2@127.0.0.1'],
      '--cluster has a password in it',
      '--redis-password-file',
    ],
    [
      'a password of PostgreSQL in a flag',
      ['--database', 'postgres://atlas:hunter2@127.0.0.1/fleet'],
      '--database has a password in it',
      '--database-password-file',
    ],
    [
      'SQLite for several machines',
      ['--cluster', 'redis://10.0.1.50'],
      'cannot share a SQLite file',
      'add --database postgres://USER@HOST/DATABASE',
    ],
    [
      'SQLite by name for several machines',
      ['--cluster', 'redis://10.0.1.50', '--database', 'sqlite:data/fleet.db'],
      'cannot share a SQLite file',
      'add --database postgres://USER@HOST/DATABASE',
    ],
    [
      'a user of Redis without a password',
      ['--cluster', 'redis://atlas@127.0.0.1'],
      'there is no password',
      '--redis-password-file',
    ],
    ['no address of a Redis', ['--cluster', 'http://127.0.0.1'], '--cluster is no address', 'redis[s]://'],
    [
      'a port that is none',
      ['--cluster', 'redis://127.0.0.1:70000'],
      '--cluster is no address',
      'redis[s]://',
    ],
    [
      'a weak way to the database',
      ['--database', 'postgres://atlas@db/fleet?sslmode=require'],
      '--database: sslmode=require believes any certificate',
      'sslmode=verify-full',
    ],
    [
      'a file of a password for no Redis',
      ['--redis-password-file', '/x'],
      'without --cluster',
      'add --cluster',
    ],
    [
      'an authority of Redis without TLS',
      ['--cluster', 'redis://127.0.0.1', '--redis-ca-file', '/x'],
      'without --cluster rediss://',
      'add --cluster rediss://',
    ],
  ])('%s', async (_, args, sentence, mend) => {
    const folder = join(temporaryFolder(), 'new');
    const { code, stdout, stderr } = await init('--dir', folder, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const [error = '', hint = ''] = stderr.split('\n');
    expect(error).toContain(sentence);
    expect(hint).toContain(mend);
    expect(stderr).not.toContain('hunter2');
    expect(existsSync(folder)).toBe(false);
  });

  it('an authority that is away, with exit 3', async () => {
    const folder = join(temporaryFolder(), 'new');
    const { code, stderr } = await init(
      '--dir',
      folder,
      '--cluster',
      'rediss://127.0.0.1',
      '--redis-ca-file',
      '/away.pem',
    );
    expect(code).toBe(3);
    expect(stderr).toContain('file_missing: cluster.redis_ca_file: /away.pem: there is no such file');
    expect(existsSync(folder)).toBe(false);
  });

  it('a database that is away, with exit 5 and the mend', async () => {
    const folder = temporaryFolder();
    const port = await freePorts(1);
    const args = [
      '--database',
      `postgres://atlas@127.0.0.1:${port}/fleet`,
      '--database-password-file',
      passwordFile(),
    ];
    const { code, stdout, stderr } = await init('--dir', folder, ...args);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(`error: the database at 127\\.0\\.0\\.1:${port} cannot be used: .+\nhint: .+\n$`),
    );
    expect(stderr).not.toContain(PASSWORD);
    expect(readdirSync(folder)).not.toContain('config.yaml');
    expect(load(join(folder, 'config.yaml'))).toMatchObject({ ok: false });
  });
});
