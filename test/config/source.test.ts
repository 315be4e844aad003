import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { KEY_PATHS } from '../../src/config/schema.ts';
import { variableOf } from '../../src/config/variable.ts';
import {
  API_KEY,
  CLUSTER_SECRET,
  configFile,
  DB_KEY,
  ENCRYPTION_KEY,
  load,
  loaded,
  problemsOf,
  SERVER,
  temporaryFolder,
  writeFile,
} from './config-file.ts';

const isRoot = process.geteuid?.() === 0;

describe('the sources', () => {
  it('rank flag over environment over file over default, and say which one counted', () => {
    const path = configFile(`${SERVER}  port: 1111\n  host: 10.0.0.1\n  web_username: ann\n`);
    const { config, origins } = loaded(path, {
      env: { ATLAS_FLEET_SERVER__PORT: '2222', ATLAS_FLEET_SERVER__HOST: '10.0.0.2' },
      flags: [{ flag: '--port', key: 'server.port', text: '3333' }],
    });
    expect(config.server).toMatchObject({ port: 3333, host: '10.0.0.2', webUsername: 'ann', tls: 'own' });
    expect(origins.get('server.port')).toEqual({ from: 'flag', flag: '--port' });
    expect(origins.get('server.host')).toEqual({ from: 'environment', variable: 'ATLAS_FLEET_SERVER__HOST' });
    expect(origins.get('server.web_username')).toEqual({ from: 'file', line: 7 });
    expect(origins.get('server.tls')).toEqual({ from: 'default' });
  });

  it('name the file by --config, else by ATLAS_FLEET_CONFIG', () => {
    const [one, two] = [configFile(`${SERVER}  port: 1\n`), configFile(`${SERVER}  port: 2\n`)];
    const env = { ATLAS_FLEET_CONFIG: two };
    expect(loadConfig({ role: 'server', env, configPath: one })).toMatchObject({
      config: { server: { port: 1 } },
    });
    expect(loadConfig({ role: 'server', env })).toMatchObject({
      config: { source: { path: two }, server: { port: 2 } },
    });
  });

  it('name every key by a variable of its own', () => {
    const variables = KEY_PATHS.map(variableOf);
    expect(new Set(variables).size).toBe(KEY_PATHS.length);
    expect(variables).toContain('ATLAS_FLEET_CLUSTER__REDIS_HOST');
    const env = Object.fromEntries(variables.map((variable) => [variable, '']));
    const codes = problemsOf(load(configFile(SERVER), { env })).map((line) => line.split(' ')[1]);
    expect(codes).not.toContain('unknown_variable');
  });

  it('read numbers, truths and lists from the environment', () => {
    const env = {
      ATLAS_FLEET_CLUSTER__REDIS_TLS: 'true',
      ATLAS_FLEET_CLUSTER__HEARTBEAT_INTERVAL: '5s',
      ATLAS_FLEET_SERVER__TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      ATLAS_FLEET_SERVER__DATA_DIR: 'somewhere',
    };
    const { config } = loaded(configFile(SERVER), { env });
    expect(config.cluster).toMatchObject({ heartbeatIntervalSeconds: 5, redis: { tls: true } });
    expect(config.server.trustedProxies).toEqual(['10.0.0.0/8', '::1']);
    expect(config.server.dataDir).toBe(join(process.cwd(), 'somewhere'));
  });

  it('judge a value in the file also when the environment overrides it', () => {
    const path = configFile(`${SERVER}cluster:\n  cluster_secret: short\n`);
    const result = load(path, { env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: CLUSTER_SECRET } });
    expect(problemsOf(result)[0]).toMatch(/^6:19 secret_not_base64 /);
  });

  it('let a variable pass that names the file, or the folder for what packages are made of', () => {
    const path = configFile(SERVER);
    loaded(path, { env: { ATLAS_FLEET_CONFIG: path, ATLAS_FLEET_CACHE: '/somewhere' } });
  });

  it('refuse an unknown variable and name the one that was meant', () => {
    const env = {
      ATLAS_FLEET_CLUSTER_SECRET: 'x',
      ATLAS_FLEET_CONFG: 'y',
      ATLAS_FLEET_NOTHING_LIKE_IT: 'z',
      OTHER: 'w',
    };
    expect(problemsOf(load(configFile(SERVER), { env }))).toEqual([
      '$ATLAS_FLEET_CLUSTER_SECRET unknown_variable no key has the variable ATLAS_FLEET_CLUSTER_SECRET | ' +
        'Did you mean ATLAS_FLEET_CLUSTER__CLUSTER_SECRET?',
      '$ATLAS_FLEET_CONFG unknown_variable no key has the variable ATLAS_FLEET_CONFG | Did you mean ATLAS_FLEET_CONFIG?',
      '$ATLAS_FLEET_NOTHING_LIKE_IT unknown_variable no key has the variable ATLAS_FLEET_NOTHING_LIKE_IT | ' +
        'A key such as cluster.redis_host is ATLAS_FLEET_CLUSTER__REDIS_HOST; unset what is not ours.',
    ]);
    expect(problemsOf(load(configFile(SERVER), { env: { ATLAS_FLEET_CLUSTER_REDIS_HOST: 'x' } }))).toEqual([
      '$ATLAS_FLEET_CLUSTER_REDIS_HOST unknown_variable no key has the variable ATLAS_FLEET_CLUSTER_REDIS_HOST | ' +
        'Did you mean ATLAS_FLEET_CLUSTER__REDIS_HOST?',
    ]);
  });
});

describe('a secret in a file of its own', () => {
  const variable = 'ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE';

  it('is read without the newline that ends it, and counts over the config file', () => {
    const path = configFile(SERVER);
    const file = writeFile(join(dirname(path), 'secret'), `${CLUSTER_SECRET}\n`);
    const { secrets, origins } = loaded(path, { env: { [variable]: file } });
    expect(Buffer.from(secrets.clusterSecret?.reveal() ?? []).toString('base64')).toBe(CLUSTER_SECRET);
    expect(origins.get('cluster.cluster_secret')).toEqual({ from: 'environment', variable });
  });

  it('is refused when others can read it, with the command that mends it', () => {
    const path = configFile(SERVER);
    const file = writeFile(join(dirname(path), 'secret'), CLUSTER_SECRET, 0o640);
    expect(problemsOf(load(path, { env: { [variable]: file } }))).toEqual([
      `${file}:1:1 file_mode its mode is 0640; expected 0600, open to its owner only | Run \`chmod 600 ${file}\`.`,
    ]);
  });

  it('is refused when it is away, empty, or given twice', () => {
    const path = configFile(SERVER);
    const away = join(dirname(path), 'away');
    const empty = writeFile(join(dirname(path), 'empty'), '\n');
    expect(problemsOf(load(path, { env: { [variable]: away } }))[0]).toBe(
      `${away}:1:1 file_missing there is no such file | Check the path that $${variable} names.`,
    );
    expect(problemsOf(load(path, { env: { [variable]: empty } }))[0]).toMatch(/:1:1 secret_empty /);
    const twice = { [variable]: empty, ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: CLUSTER_SECRET };
    expect(problemsOf(load(path, { env: twice }))).toEqual([
      `$${variable} given_twice ATLAS_FLEET_CLUSTER__CLUSTER_SECRET is set as well; one of the two is expected | Unset ATLAS_FLEET_CLUSTER__CLUSTER_SECRET.`,
    ]);
  });

  it('exists for every secret and for nothing else', () => {
    const path = configFile(`cluster: {}\n`);
    const folder = dirname(path);
    const env: Record<string, string> = {};
    for (const name of ['API_KEY', 'ENCRYPTION_KEY', 'DB_ENCRYPTION_KEY']) {
      env[`ATLAS_FLEET_SERVER__${name}_FILE`] = writeFile(
        join(folder, name),
        { API_KEY, ENCRYPTION_KEY, DB_ENCRYPTION_KEY: DB_KEY }[name] ?? '',
      );
    }
    expect(load(path, { env }).ok).toBe(true);
    const wrong = { ...env, ATLAS_FLEET_SERVER__PORT_FILE: '/dev/null' };
    expect(problemsOf(load(path, { env: wrong }))[0]).toMatch(
      /^\$ATLAS_FLEET_SERVER__PORT_FILE unknown_variable /,
    );
  });
});

describe('a name that is none of ours', () => {
  const NOT_SHOWN = /of this name \(\d+ characters, not shown\)/;
  const KEY = 'abcdefghijklmnopqrstuvwxyz012345';

  it.each([
    ['a secret of 32 letters and digits as a key', `server:\n  ${KEY}: 1\n`],
    ['the same as a section', `${KEY}: 1\n`],
    ['an API key of the least length', `server:\n  ${KEY.slice(0, 24)}: 1\n`],
  ])('is not shown when it may be a value: %s', (_, text) => {
    const said = problemsOf(load(configFile(text), { role: 'any' })).join();
    expect(said).toMatch(NOT_SHOWN);
    expect(said).not.toContain(KEY.slice(0, 24));
  });

  it.each(['prot', 'cluster_redis_port', 'redis_sentinel_mastre'])(
    'is shown when it is short or near: %s',
    (name) => {
      expect(problemsOf(load(configFile(`cluster:\n  ${name}: 1\n`), { role: 'any' })).join()).toContain(
        `no key "${name}"`,
      );
    },
  );
});

describe('the file itself', () => {
  it.each([0o644, 0o640, 0o604, 0o660, 0o700])('is refused with mode %o', (mode) => {
    const path = configFile(SERVER, mode);
    expect(problemsOf(load(path))).toEqual([
      `1:1 file_mode its mode is 0${mode.toString(8)}; expected 0600, open to its owner only | Run \`chmod 600 ${path}\`.`,
    ]);
  });

  it.each([0o600, 0o400])('is taken with mode %o', (mode) => {
    expect(load(configFile(SERVER, mode)).ok).toBe(true);
  });

  it.skipIf(!isRoot)('is refused when it belongs to somebody else (needs root)', () => {
    const path = configFile(SERVER);
    chownSync(path, 65_534, 65_534);
    expect(problemsOf(load(path))).toEqual([
      `1:1 file_owner it belongs to user 65534; expected root or user 0, who runs this | Run \`sudo chown 0 ${path}\`.`,
    ]);
  });

  it.skipIf(isRoot)('is refused when it cannot be read (needs a user that is not root)', () => {
    expect(problemsOf(load(configFile(SERVER, 0o000)))[0]).toMatch(
      /^1:1 file_unreadable it cannot be read \(EACCES\) /,
    );
  });

  it('is refused when it is a folder, or away', () => {
    const folder = join(temporaryFolder(), 'config.yaml');
    mkdirSync(folder);
    expect(problemsOf(load(folder))).toEqual(['1:1 file_irregular it is not a regular file | Name a file.']);
    expect(problemsOf(load(join(folder, 'x')))).toEqual([
      '1:1 file_missing there is no such file | Check the path; `atlas-fleet init` makes a fresh config.yaml.',
    ]);
  });

  it('is refused when it is larger than 64 KiB or not UTF-8', () => {
    const large = configFile(`${SERVER}${'# filler\n'.repeat(8000)}`);
    expect(problemsOf(load(large))[0]).toMatch(/^1:1 file_too_large it is larger than 65536 bytes/);
    const latin = configFile(Buffer.concat([Buffer.from(SERVER), Buffer.from([0x23, 0xfc, 0x0a])]));
    expect(problemsOf(load(latin))).toEqual(['1:1 file_not_utf8 it is not UTF-8 text | Save it as UTF-8.']);
  });

  it('may be reached through a symbolic link, and is judged behind it', () => {
    const path = configFile(SERVER);
    const link = join(temporaryFolder(), 'link.yaml');
    symlinkSync(path, link);
    expect(load(link).ok).toBe(true);
    chmodSync(path, 0o644);
    expect(problemsOf(load(link))[0]).toMatch(/^1:1 file_mode /);
  });

  it('is said to be missing when none is named and none is found', () => {
    const result = loadConfig({ role: 'server', env: {} });
    expect(result).toMatchObject({ ok: false, path: null, problems: [{ code: 'file_missing' }] });
  });
});
