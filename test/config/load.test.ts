import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { generateSecretText } from '../../src/protocol/keyring.ts';
import {
  API_KEY,
  CLUSTER_SECRET,
  configFile,
  ENCRYPTION_KEY,
  load,
  loaded,
  PASSWORD_HASH,
  problemsOf,
  SERVER,
  temporaryFolder,
  writeFile,
} from './config-file.ts';

describe('a configuration that is right', () => {
  it('is read into a frozen tree with the defaults of the product and paths beside the file', () => {
    const path = configFile(SERVER);
    const { config, secrets, warnings } = loaded(path);
    const folder = join(path, '..');
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      source: { path },
      server: {
        host: '0.0.0.0',
        port: 8768,
        publicUrl: null,
        tls: 'own',
        tlsCert: null,
        tlsKey: null,
        dataDir: join(folder, 'data'),
        trustedProxies: [],
        acceptV1: true,
        webUsername: 'admin',
      },
      database: { engine: 'sqlite', path: join(folder, 'data/fleet.db') },
      cluster: {
        enabled: false,
        backend: 'file',
        clusterId: null,
        heartbeatIntervalSeconds: 10,
        nodeTimeoutSeconds: 30,
        hostname: null,
        nodeId: null,
        statePath: join(folder, 'data/cluster'),
        clockToleranceSeconds: 5,
        admission: 'secret',
        rosterPins: [],
        redis: {
          host: null,
          port: 6379,
          db: 0,
          username: null,
          tls: false,
          caFile: null,
          serverName: null,
          sentinels: [],
          sentinelMaster: null,
        },
      },
      agent: {
        servers: [],
        intervalSeconds: 10,
        pins: [],
        spoolDir: join(folder, 'data/spool'),
        spoolMaxMb: 64,
      },
      package: { signKey: null, signChain: null },
      log: { level: 'info', format: 'text', file: null },
      retention: { rawSeconds: 172_800, minuteSeconds: 2_592_000, hourSeconds: 34_560_000 },
    });
    expect(secrets.apiKey?.revealText()).toBe(API_KEY);
    expect(secrets.encryptionKey?.reveal()).toEqual(Uint8Array.from(Buffer.from(ENCRYPTION_KEY, 'base64')));
    expect(secrets.clusterSecret).toBeNull();
  });

  it('cannot be changed by any part of the program', () => {
    const { config, secrets } = loaded(configFile(SERVER));
    const mutable = config as unknown as { server: { trustedProxies: string[]; port: number } };
    expect(() => mutable.server.trustedProxies.push('0.0.0.0/0')).toThrow(TypeError);
    expect(() => {
      mutable.server.port = 1;
    }).toThrow(TypeError);
    expect(Object.isFrozen(secrets)).toBe(true);
  });

  it('has no secret in Config, and none that can be printed in Secrets', () => {
    const text = `${SERVER}  web_password: ${PASSWORD_HASH}\ncluster:\n  cluster_secret: ${CLUSTER_SECRET}\n`;
    const { config, secrets, values } = loaded(configFile(text));
    const printed = [config, secrets, values]
      .map((one) => inspect(one, { depth: 9 }) + JSON.stringify(one))
      .join();
    for (const secret of [API_KEY, ENCRYPTION_KEY, CLUSTER_SECRET, PASSWORD_HASH]) {
      expect(printed).not.toContain(secret);
    }
  });

  it('takes durations as seconds and with units', () => {
    const text = `${SERVER}cluster:\n  heartbeat_interval: 2s\n  node_timeout: 1m\nretention:\n  raw: 12h\n  hour: 30d\n`;
    const { config } = loaded(configFile(text));
    expect(config.cluster).toMatchObject({ heartbeatIntervalSeconds: 2, nodeTimeoutSeconds: 60 });
    expect(config.retention).toMatchObject({ rawSeconds: 43_200, hourSeconds: 2_592_000 });
  });

  it.each(['""', '$' + '{HOSTNAME}', '"$' + '{NODE_ID}"', '', '~'])(
    'takes node_id and hostname %s as not given',
    (value) => {
      const { config } = loaded(configFile(`${SERVER}cluster:\n  node_id: ${value}\n  hostname: ${value}\n`));
      expect(config.cluster).toMatchObject({ nodeId: null, hostname: null });
    },
  );

  it('loads every secret that `secret generate` makes', () => {
    for (let round = 0; round < 50; round += 1) {
      const [api, reports, data, cluster] = Array.from({ length: 4 }, generateSecretText);
      const text = `server:\n  api_key: ${api}\n  encryption_key: ${reports}\n  db_encryption_key: ${data}\ncluster:\n  cluster_secret: ${cluster}\n`;
      expect(problemsOf(load(configFile(text)))).toEqual([]);
    }
  });

  it('is level 1 with a warning when a cluster is enabled without a secret', () => {
    expect(problemsOf(loaded(configFile(`${SERVER}cluster:\n  enabled: true\n`)))).toEqual([
      '6:12 cluster_unauthenticated Cluster authentication DISABLED - nodes can join without verification! | ' +
        "Add 'cluster_secret' to config for node authentication (`atlas-fleet secret generate` makes one).",
    ]);
  });

  it('says of a key that nothing acts on yet that nothing acts on it', () => {
    const result = loaded(
      configFile(`${SERVER}notify:\n  webhooks: ["https://hooks.example.com/T0/secret"]\n`),
    );
    expect(problemsOf(result)).toEqual([
      '6:13 not_used_yet notify.webhooks is understood, but nothing in this version acts on it | ' +
        'It takes effect with a later version; until then do not rely on it.',
    ]);
  });
});

describe('what each role needs', () => {
  it('is said of a server, with the mend', () => {
    const hint =
      'Run `atlas-fleet init` for a fresh config.yaml, or add the output of `atlas-fleet secret generate`.';
    expect(problemsOf(load(configFile('log:\n  level: info\n')))).toEqual([
      `1:1 missing_key server.api_key is not given; a server needs it | ${hint}`,
      `1:1 missing_key server.encryption_key is not given; a server needs it | ${hint}`,
      `1:1 missing_key server.db_encryption_key is not given; a server needs it | ${hint}`,
    ]);
  });

  it('is said of an agent, and not what only a server needs', () => {
    const path = configFile('agent:\n  interval: 5\n');
    expect(problemsOf(load(path, { role: 'agent' }))).toEqual([
      '1:1 missing_key agent.servers is not given; an agent needs it | Add the addresses of the servers, or name one with --server.',
      '1:1 missing_key agent.api_key is not given; an agent needs it | Add the api_key of the servers, or name its file with --api-key-file.',
      '1:1 missing_key server.encryption_key is not given; an agent needs it | Add the encryption_key of the servers, below `server:`, or name its file with --encryption-key-file.',
    ]);
    expect(load(path, { role: 'any' }).ok).toBe(true);
  });

  it('can be given to an agent by flags alone, the key through a file', () => {
    const folder = temporaryFolder();
    const keyFile = writeFile(join(folder, 'key'), `${API_KEY}\n`);
    const result = load('', {
      role: 'agent',
      configPath: undefined,
      fileOptional: true,
      env: { ATLAS_FLEET_SERVER__ENCRYPTION_KEY: ENCRYPTION_KEY },
      flags: [
        { flag: '--server', key: 'agent.servers', text: 'http://127.0.0.1:8768/' },
        { flag: '--api-key-file', key: 'agent.api_key', file: keyFile },
      ],
    });
    if (!result.ok) throw new Error(problemsOf(result).join('\n'));
    expect(result.config.source.path).toBeNull();
    expect(result.config.agent.servers).toEqual(['http://127.0.0.1:8768']);
    expect(result.secrets.agentApiKey?.revealText()).toBe(API_KEY);
    expect(result.origins.get('agent.servers')).toEqual({ from: 'flag', flag: '--server' });
  });
});

describe('what does not go together', () => {
  const withLines = (text: string) => problemsOf(load(configFile(`${SERVER}${text}`)));

  it('is a timeout of less than three intervals', () => {
    expect(withLines('cluster:\n  heartbeat_interval: 10\n  node_timeout: 29s\n')).toEqual([
      '7:17 timeout_too_short cluster.node_timeout is 29 s, less than three heartbeat intervals of 10 s | ' +
        'Write `node_timeout: 30` or more, so that one lost heartbeat declares nobody dead.',
    ]);
    expect(withLines('cluster:\n  heartbeat_interval: 9\n  node_timeout: 27\n')).toEqual([]);
  });

  it('is tls: files without the files', () => {
    expect(withLines('  tls: files\n')).toEqual([
      '1:1 tls_files_missing server.tls is files, and server.tls_cert is not given | Add `tls_cert`, the path of a PEM file, or write `tls: own`.',
      '1:1 tls_files_missing server.tls is files, and server.tls_key is not given | Add `tls_key`, the path of a PEM file, or write `tls: own`.',
    ]);
  });

  it.each([
    ['host: 0.0.0.0', false],
    ['host: 10.0.0.1', false],
    ['host: fleet.example.com', false],
    ['host: 127.0.0.1', true],
    ['host: 127.8.8.8', true],
    ['host: "::1"', true],
    ['host: localhost', true],
    ['trusted_proxies: [10.0.0.0/8]', true],
  ])('is tls: off with %s, or goes: %s', (line, goes) => {
    const problems = withLines(`  tls: off\n  ${line}\n`);
    const sentence =
      '5:8 tls_off_exposed server.tls is off, and server.host can be reached from other machines | ' +
      'Write `tls: own`, or `host: 127.0.0.1`, or name the proxies that do TLS in trusted_proxies.';
    expect(problems).toEqual(goes ? [] : [sentence]);
  });
});

describe('a database address', () => {
  it.each([
    ['sqlite:x/fleet.db', (folder: string) => join(folder, 'x/fleet.db')],
    ['sqlite:/var/db/fleet.db', () => '/var/db/fleet.db'],
    ['sqlite:///var/db/fleet.db', () => '/var/db/fleet.db'],
  ])('%s is a path', (url, expected) => {
    const path = configFile(`${SERVER}database:\n  url: ${url}\n`);
    expect(loaded(path).config.database).toEqual({ engine: 'sqlite', path: expected(join(path, '..')) });
  });

  it.each([
    'sqlite:',
    'sqlite://host/fleet.db',
    'sqlite:folder/',
    'mysql://x',
    'fleet.db',
    'Postgres://a@b/c',
  ])('%s is refused', (url) => {
    const result = load(configFile(`${SERVER}database:\n  url: "${url}"\n`));
    expect(problemsOf(result).map((line) => line.split(' ', 2).join(' '))).toEqual(['6:8 bad_value']);
  });
});
