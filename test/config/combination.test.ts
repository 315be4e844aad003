/** Bad combinations, each in a real file: what is said, of which key, where, with which mend. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../../src/cli/configuration.ts';
import { exitCodeOf } from '../../src/cli/exit.ts';
import type { Role } from '../../src/config/config.ts';
import type { LoadedConfig, RefusedConfig } from '../../src/config/load.ts';
import { placeText } from '../../src/config/problem.ts';
import { makeCertificate, type OwnCertificate } from '../fakes/certificate.ts';
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

let certificate: OwnCertificate;
beforeAll(async () => {
  certificate = await makeCertificate();
});

interface Case {
  /** Lines below `cluster:`, which is enabled and on Redis. */
  readonly redis?: string;
  /** Lines below `cluster:`, which is enabled and on files. */
  readonly file?: string;
  /** Lines below `server:`. */
  readonly server?: string;
  /** Other sections. */
  readonly more?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files beside config.yaml: name, text, mode. PEM texts by name: CERT and KEY. */
  readonly files?: readonly (readonly [name: string, text: string, mode?: number])[];
  readonly mode?: number;
  readonly role?: Role;
  readonly code: string;
  readonly key: string | null;
  /** Line and column, or the variable. */
  readonly at: string;
  readonly says: RegExp;
  readonly mend: RegExp;
}

const SECRET = `  cluster_secret: "${CLUSTER_SECRET}"\n`;
const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `  ${line}\n`)
    .join('');
const POSTGRES = 'database:\n  url: postgres://atlas@db.example.com/fleet\n';

/** server: 1, api_key 2, encryption_key 3, db_encryption_key 4, then server lines; the cluster follows. */
function textOf({ redis, file, server = '', more = '' }: Case): string {
  const backend = redis === undefined ? 'file' : 'redis';
  const clusterLines = redis ?? file;
  const cluster =
    clusterLines === undefined
      ? ''
      : `cluster:\n  enabled: true\n  backend: ${backend}\n${SECRET}${lines(clusterLines)}`;
  return `${SERVER}${lines(server)}${cluster}${more}`;
}

function read(one: Case): LoadedConfig | RefusedConfig {
  const folder = temporaryFolder();
  for (const [name, text, mode = 0o644] of one.files ?? []) {
    const pem = text.replace('CERT', certificate.cert).replace('KEY', certificate.key);
    writeFile(join(folder, name), pem, mode);
  }
  const path = writeFile(join(folder, 'config.yaml'), textOf(one), one.mode ?? 0o600);
  const env = Object.fromEntries(
    Object.entries(one.env ?? {}).map(([name, value]) => [name, value.replace('DIR', folder)]),
  );
  return load(path, { env, role: one.role ?? 'server' });
}

const HERE = 'redis_host: 127.0.0.1';
const AWAY = 'redis_host: 10.0.1.50';
const FILES = 'tls: files\ntls_cert: cert.pem\ntls_key: key.pem';
const CERT = ['cert.pem', 'CERT'] as const;
const KEY = ['key.pem', 'KEY', 0o600] as const;
const CA = 'redis_tls: true\nredis_ca_file: ca.pem';
const url = (value: string) => `database:\n  url: "${value}"\n`;
const VERIFY = /sslmode=verify-full/;

const ERRORS: readonly (readonly [title: string, one: Case])[] = [
  // Redis
  [
    'backend redis, and no Redis',
    {
      redis: '',
      code: 'redis_host_missing',
      key: 'cluster.backend',
      at: '7:12',
      says: /nothing says where/,
      mend: /redis_host/,
    },
  ],
  [
    'a Redis host and sentinels',
    {
      redis: `${HERE}\nredis_sentinels: ["127.0.0.1:26379"]\nredis_sentinel_master: m`,
      code: 'redis_host_twice',
      key: 'cluster.redis_host',
      at: '9:15',
      says: /both say/,
      mend: /Keep redis_host, or/,
    },
  ],
  [
    'a Redis host and the name of a master',
    {
      redis: `${HERE}\nredis_sentinel_master: m`,
      code: 'redis_host_twice',
      key: 'cluster.redis_host',
      at: '9:15',
      says: /both say/,
      mend: /Keep/,
    },
  ],
  [
    'sentinels without the name of the master',
    {
      redis: 'redis_sentinels: ["127.0.0.1:26379"]',
      code: 'sentinel_master_missing',
      key: 'cluster.redis_sentinels',
      at: '9:20',
      says: /redis_sentinel_master is not/,
      mend: /sentinel monitor/,
    },
  ],
  [
    'the name of a master without sentinels',
    {
      redis: 'redis_sentinel_master: m',
      code: 'sentinels_missing',
      key: 'cluster.redis_sentinel_master',
      at: '9:26',
      says: /redis_sentinels is not/,
      mend: /26379/,
    },
  ],
  [
    'a Redis user without a password',
    {
      redis: `${HERE}\nredis_username: atlas`,
      code: 'redis_password_missing',
      key: 'cluster.redis_username',
      at: '10:19',
      says: /redis_password is not/,
      mend: /Add `redis_password`/,
    },
  ],
  [
    'an authority of Redis without TLS',
    {
      redis: `${HERE}\nredis_ca_file: ca.pem`,
      files: [['ca.pem', 'CERT']],
      code: 'redis_tls_off',
      key: 'cluster.redis_ca_file',
      at: '10:18',
      says: /nothing is verified/,
      mend: /redis_tls: true/,
    },
  ],
  [
    'a name of Redis without TLS',
    {
      redis: `${HERE}\nredis_server_name: redis.example.com`,
      code: 'redis_tls_off',
      key: 'cluster.redis_server_name',
      at: '10:22',
      says: /nothing is verified/,
      mend: /redis_tls: true/,
    },
  ],
  [
    'an authority of Redis that is away',
    {
      redis: `${HERE}\n${CA}`,
      code: 'file_missing',
      key: 'cluster.redis_ca_file',
      at: '11:18',
      says: /ca\.pem: there is no such file/,
      mend: /Check the path/,
    },
  ],
  [
    'an authority of Redis that is no certificate',
    {
      redis: `${HERE}\n${CA}`,
      files: [['ca.pem', 'KEY']],
      code: 'no_certificate',
      key: 'cluster.redis_ca_file',
      at: '11:18',
      says: /holds no certificate/,
      mend: /BEGIN CERTIFICATE/,
    },
  ],
  [
    'an authority of Redis of which the second certificate is cut off',
    {
      redis: `${HERE}\n${CA}`,
      files: [['ca.pem', 'CERT\n-----BEGIN CERTIFICATE-----\nMIIB\n']],
      code: 'no_certificate',
      key: 'cluster.redis_ca_file',
      at: '11:18',
      says: /cannot be read/,
      mend: /whole/,
    },
  ],
  [
    'an authority of Redis that anybody may write',
    {
      redis: `${HERE}\n${CA}`,
      files: [['ca.pem', 'CERT', 0o666]],
      code: 'file_mode',
      key: 'cluster.redis_ca_file',
      at: '11:18',
      says: /0666; expected one that others cannot write/,
      mend: /chmod o-w/,
    },
  ],
  [
    'a Redis password that is the cluster secret',
    {
      redis: `${HERE}\nredis_password: "${CLUSTER_SECRET}"`,
      code: 'secret_reused',
      key: 'cluster.cluster_secret',
      at: '8:19',
      says: /same as cluster\.redis_password, which Redis holds/,
      mend: /secret generate/,
    },
  ],
  [
    'a Redis password that is the api_key',
    {
      redis: `${HERE}\nredis_password: "${API_KEY}"`,
      code: 'secret_reused',
      key: 'cluster.redis_password',
      at: '10:19',
      says: /same as server\.api_key, which every agent holds/,
      mend: /secret generate/,
    },
  ],
  // SQLite with members on several hosts
  [
    'SQLite and a Redis on another machine',
    {
      redis: AWAY,
      code: 'sqlite_shared',
      key: 'database.url',
      at: '1:1',
      says: /SQLite can be shared on one machine only/,
      mend: /postgres:\/\//,
    },
  ],
  [
    'SQLite by name and a Redis on another machine',
    {
      redis: AWAY,
      more: url('sqlite:data/x.db'),
      code: 'sqlite_shared',
      key: 'database.url',
      at: '11:8',
      says: /one machine only/,
      mend: /postgres:\/\//,
    },
  ],
  [
    'SQLite and one sentinel on another machine',
    {
      redis: 'redis_sentinels: ["127.0.0.1:1", "10.0.1.51:1"]\nredis_sentinel_master: m',
      code: 'sqlite_shared',
      key: 'database.url',
      at: '1:1',
      says: /one machine only/,
      mend: /postgres:\/\//,
    },
  ],
  [
    'SQLite and a Redis that the environment puts on another machine',
    {
      redis: HERE,
      env: { ATLAS_FLEET_CLUSTER__REDIS_HOST: 'redis.example.com' },
      code: 'sqlite_shared',
      key: 'database.url',
      at: '1:1',
      says: /one machine only/,
      mend: /postgres:\/\//,
    },
  ],
  // the database
  [
    'an authority of PostgreSQL, and SQLite',
    {
      more: 'database:\n  ca_file: ca.pem\n',
      files: [['ca.pem', 'CERT']],
      code: 'database_tls_off',
      key: 'database.ca_file',
      at: '6:12',
      says: /kept in SQLite/,
      mend: /postgres:\/\//,
    },
  ],
  [
    'an authority of PostgreSQL, and sslmode=disable',
    {
      more: `${url('postgres://a@127.0.0.1/f?sslmode=disable')}  ca_file: ca.pem\n`,
      files: [['ca.pem', 'CERT']],
      code: 'database_tls_off',
      key: 'database.ca_file',
      at: '7:12',
      says: /does without TLS/,
      mend: VERIFY,
    },
  ],
  [
    'an authority of PostgreSQL, and no TLS because it is this machine',
    {
      more: `${url('postgres://a@localhost/f')}  ca_file: ca.pem\n`,
      files: [['ca.pem', 'CERT']],
      code: 'database_tls_off',
      key: 'database.ca_file',
      at: '7:12',
      says: /does without TLS/,
      mend: VERIFY,
    },
  ],
  [
    'an authority of PostgreSQL that is away',
    {
      more: `${POSTGRES}  ca_file: ca.pem\n`,
      code: 'file_missing',
      key: 'database.ca_file',
      at: '7:12',
      says: /ca\.pem: there is no such file/,
      mend: /Check the path/,
    },
  ],
  [
    'an authority of PostgreSQL that is no certificate',
    {
      more: `${POSTGRES}  ca_file: ca.pem\n`,
      files: [['ca.pem', 'text']],
      code: 'no_certificate',
      key: 'database.ca_file',
      at: '7:12',
      says: /holds no certificate/,
      mend: /BEGIN/,
    },
  ],
  ...['disable', 'require', 'prefer', 'allow', 'verify-ca'].map((mode): [string, Case] => [
    `PostgreSQL on another machine with sslmode=${mode}`,
    {
      more: url(`postgres://a@db/f?sslmode=${mode}`),
      code: 'database_tls_weak',
      key: 'database.url',
      at: '6:8',
      says: new RegExp(`sslmode=${mode} `),
      mend: VERIFY,
    },
  ]),
  [
    'PostgreSQL on this machine with a TLS that verifies nothing',
    {
      more: url('postgres://a@127.0.0.1/f?sslmode=require'),
      code: 'database_tls_weak',
      key: 'database.url',
      at: '6:8',
      says: /believes any certificate/,
      mend: VERIFY,
    },
  ],
  [
    'a weak sslmode in the environment',
    {
      env: { ATLAS_FLEET_DATABASE__URL: 'postgres://a@db/f?sslmode=allow' },
      code: 'database_tls_weak',
      key: 'database.url',
      at: '$ATLAS_FLEET_DATABASE__URL',
      says: /sslmode=allow/,
      mend: VERIFY,
    },
  ],
  [
    'a database password that is the db_encryption_key',
    {
      more: url(`postgres://a:${encodeURIComponent(DB_KEY)}@db/f`),
      code: 'secret_reused',
      key: 'server.db_encryption_key',
      at: '4:22',
      says: /same as database\.url, which PostgreSQL holds/,
      mend: /secret generate/,
    },
  ],
  // secrets and levels
  [
    'a cluster secret that is the encryption_key of the agents',
    {
      file: '',
      env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: ENCRYPTION_KEY },
      code: 'secret_reused',
      key: 'cluster.cluster_secret',
      at: '$ATLAS_FLEET_CLUSTER__CLUSTER_SECRET',
      says: /every agent holds/,
      mend: /secret generate/,
    },
  ],
  [
    'a cluster secret that is the api_key of the agents, from a file of its own',
    {
      file: '',
      files: [['secret', `${API_KEY}\n`, 0o600]],
      env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE: 'DIR/secret' },
      code: 'secret_reused',
      key: 'cluster.cluster_secret',
      at: 'secret:1:1',
      says: /every agent holds/,
      mend: /secret generate/,
    },
  ],
  [
    'a cluster secret in a file that others may read',
    {
      file: '',
      files: [['secret', `${CLUSTER_SECRET}\n`, 0o640]],
      env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE: 'DIR/secret' },
      code: 'file_mode',
      key: 'cluster.cluster_secret',
      at: 'secret:1:1',
      says: /0640/,
      mend: /chmod 600/,
    },
  ],
  [
    'a cluster secret twice in the environment',
    {
      file: '',
      files: [['secret', `${CLUSTER_SECRET}\n`, 0o600]],
      env: {
        ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE: 'DIR/secret',
        ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: CLUSTER_SECRET,
      },
      code: 'given_twice',
      key: 'cluster.cluster_secret',
      at: '$ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE',
      says: /one of the two/,
      mend: /Unset/,
    },
  ],
  [
    'a cluster secret that the environment empties',
    {
      file: '',
      env: { ATLAS_FLEET_CLUSTER__CLUSTER_SECRET: '' },
      code: 'secret_empty',
      key: 'cluster.cluster_secret',
      at: '$ATLAS_FLEET_CLUSTER__CLUSTER_SECRET',
      says: /its value is empty/,
      mend: /remove the line/,
    },
  ],
  ...(
    [
      ['null', '~', 'secret_empty'],
      ['empty', '""', 'secret_empty'],
      ['published', '"YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmU="', 'secret_published'],
      ['short', '"c2hvcnQ="', 'secret_too_short'],
      ['no base64', '"correct horse battery staple of sense"', 'secret_not_base64'],
    ] as const
  ).map(([what, value, code]): [string, Case] => [
    `a cluster secret that is ${what}`,
    {
      more: `cluster:\n  enabled: true\n  cluster_secret: ${value}\n`,
      code,
      key: 'cluster.cluster_secret',
      at: '7:19',
      says: /cluster_secret/,
      mend: /secret generate/,
    },
  ]),
  [
    'admission by ticket without a cluster secret',
    {
      more: 'cluster:\n  enabled: true\n  admission: ticket\n',
      code: 'ticket_without_secret',
      key: 'cluster.admission',
      at: '7:14',
      says: /anybody can join/,
      mend: /Add `cluster_secret`/,
    },
  ],
  // modes
  [
    'a config that others may read',
    { mode: 0o644, code: 'file_mode', key: null, at: '1:1', says: /0644/, mend: /chmod 600/ },
  ],
  // TLS of the server
  [
    'tls: files without a certificate',
    {
      server: 'tls: files\ntls_key: key.pem',
      files: [KEY],
      code: 'tls_files_missing',
      key: 'server.tls_cert',
      at: '1:1',
      says: /tls_cert is not given/,
      mend: /Add `tls_cert`/,
    },
  ],
  [
    'a certificate that is away',
    {
      server: FILES,
      files: [KEY],
      code: 'file_missing',
      key: 'server.tls_cert',
      at: '6:13',
      says: /cert\.pem: there is no such file/,
      mend: /Check the path/,
    },
  ],
  [
    'a certificate that is a key',
    {
      server: FILES,
      files: [['cert.pem', 'KEY'], KEY],
      code: 'no_certificate',
      key: 'server.tls_cert',
      at: '6:13',
      says: /holds no certificate/,
      mend: /BEGIN CERTIFICATE/,
    },
  ],
  [
    'a private key that others may read',
    {
      server: FILES,
      files: [CERT, ['key.pem', 'KEY', 0o640]],
      code: 'file_mode',
      key: 'server.tls_key',
      at: '7:12',
      says: /key\.pem: its mode is 0640; expected 0600/,
      mend: /chmod 600/,
    },
  ],
  [
    'a private key that is a certificate',
    {
      server: FILES,
      files: [CERT, ['key.pem', 'CERT', 0o600]],
      code: 'no_private_key',
      key: 'server.tls_key',
      at: '7:12',
      says: /holds no private key/,
      mend: /BEGIN PRIVATE KEY/,
    },
  ],
  [
    'no TLS on an address that others reach',
    {
      server: 'tls: off',
      code: 'tls_off_exposed',
      key: 'server.tls',
      at: '5:8',
      says: /reached from other machines/,
      mend: /tls: own/,
    },
  ],
  ...['0.0.0.0/0', '128.0.0.0/1', '::/0', '::/1', '8000::/1', '::ffff:0:0/96'].map(
    (range): [string, Case] => [
      `proxies of ${range}, which is everybody`,
      {
        server: `trusted_proxies: ["10.0.0.7", "${range}"]`,
        code: 'trusts_everybody',
        key: 'server.trusted_proxies',
        at: '5:20',
        says: /everybody's addresses/,
        mend: /10\.0\.0\.7/,
      },
    ],
  ),
  // agents
  [
    'an agent that reports to another machine in clear',
    {
      role: 'agent',
      more: `agent:\n  api_key: "${API_KEY}"\n  servers: ["https://a.example", "http://10.0.0.9:8768"]\n`,
      code: 'agent_in_clear',
      key: 'agent.servers',
      at: '7:12',
      says: /http:\/\/10\.0\.0\.9:8768.*in clear/,
      mend: /https:\/\//,
    },
  ],
  [
    'an agent that pins the key of a server without TLS',
    {
      role: 'agent',
      more: `agent:\n  api_key: "${API_KEY}"\n  servers: ["http://127.0.0.1:8768"]\n  pins: ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]\n`,
      code: 'pins_without_tls',
      key: 'agent.pins',
      at: '8:9',
      says: /shows no key/,
      mend: /https:\/\//,
    },
  ],
  // times
  [
    'a timeout of two intervals',
    {
      file: 'node_timeout: 20',
      code: 'timeout_too_short',
      key: 'cluster.node_timeout',
      at: '9:17',
      says: /less than three/,
      mend: /node_timeout: 30/,
    },
  ],
  [
    'single reports kept for longer than minutes',
    {
      more: 'retention:\n  raw: 31d\n',
      code: 'retention_order',
      key: 'retention.raw',
      at: '6:8',
      says: /31d, longer than retention\.minute, which is 30d/,
      mend: /no longer/,
    },
  ],
  [
    'minutes kept for longer than hours',
    {
      more: 'retention:\n  minute: 30d\n  hour: 20d\n',
      code: 'retention_order',
      key: 'retention.hour',
      at: '7:9',
      says: /30d, longer than retention\.hour, which is 20d/,
      mend: /no longer/,
    },
  ],
];

/** Where the problem stands, without the folder of the test. */
const whereOf = (text: string) => text.replace(/^.*\/config\.yaml:/, '').replace(/^.*\/(secret:)/, '$1');

describe('what does not go together', () => {
  it.each(ERRORS)('is refused with exit 3, its place and its mend: %s', async (_, one) => {
    const result = read(one);
    if (result.ok) throw new Error('it was taken');
    const errors = result.problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ code, key, place }) => ({ code, key, at: whereOf(placeText(place)) }))).toEqual([
      { code: one.code, key: one.key, at: one.at },
    ]);
    expect(errors[0]?.sentence).toMatch(one.says);
    expect(errors[0]?.hint).toMatch(one.mend);
    const said = problemsOf(result).join('\n');
    for (const secret of [API_KEY, CLUSTER_SECRET, ENCRYPTION_KEY, DB_KEY])
      expect(said).not.toContain(secret);
    expect(exitCodeOf((await refusal(result)).kind)).toBe(3);
  });

  it('are many', () => expect(ERRORS.length).toBeGreaterThanOrEqual(40));
});

const WARNINGS: readonly (readonly [title: string, one: Case])[] = [
  [
    'no cluster secret at all, level 1',
    {
      more: 'cluster:\n  enabled: true\n',
      code: 'cluster_unauthenticated',
      key: 'cluster.enabled',
      at: '6:12',
      says: /DISABLED/,
      mend: /cluster_secret/,
    },
  ],
  [
    'a Redis password that crosses the network in clear',
    {
      redis: `${AWAY}\nredis_password: hunter2hunter2`,
      more: POSTGRES,
      code: 'redis_password_in_clear',
      key: 'cluster.redis_password',
      at: '10:19',
      says: /in clear/,
      mend: /redis_tls: true/,
    },
  ],
  [
    'a Redis password on the file backend',
    {
      file: 'redis_password: hunter2hunter2',
      code: 'not_used',
      key: 'cluster.redis_password',
      at: '9:19',
      says: /not used without `backend: redis`/,
      mend: /remove the line/,
    },
  ],
  [
    'a Redis host on the file backend',
    {
      file: HERE,
      code: 'not_used',
      key: 'cluster.redis_host',
      at: '9:15',
      says: /not used/,
      mend: /backend: redis/,
    },
  ],
  [
    'a folder of the file backend on Redis',
    {
      redis: `${HERE}\nstate_path: shared`,
      code: 'not_used',
      key: 'cluster.state_path',
      at: '10:15',
      says: /not used/,
      mend: /backend: file/,
    },
  ],
  [
    'a port of Redis beside sentinels',
    {
      redis: 'redis_sentinels: ["127.0.0.1:1"]\nredis_sentinel_master: m\nredis_port: 6380',
      code: 'not_used',
      key: 'cluster.redis_port',
      at: '11:15',
      says: /not used/,
      mend: /redis_host/,
    },
  ],
  [
    'a certificate beside tls: own',
    {
      server: 'tls_cert: cert.pem',
      code: 'not_used',
      key: 'server.tls_cert',
      at: '5:13',
      says: /while server\.tls is own/,
      mend: /tls: files/,
    },
  ],
  [
    'an encryption_key that is the api_key: agents hold both',
    {
      env: { ATLAS_FLEET_SERVER__ENCRYPTION_KEY: API_KEY },
      code: 'secret_shared',
      key: 'server.encryption_key',
      at: '$ATLAS_FLEET_SERVER__ENCRYPTION_KEY',
      says: /has both/,
      mend: /secret generate/,
    },
  ],
];

describe('what is allowed', () => {
  it.each(WARNINGS)('is said with its place and its mend: %s', (_, one) => {
    const result = read(one);
    if (!result.ok) throw new Error(problemsOf(result).join('\n'));
    expect(
      result.warnings.map(({ code, key, place }) => ({ code, key, at: whereOf(placeText(place)) })),
    ).toEqual([{ code: one.code, key: one.key, at: one.at }]);
    expect(result.warnings[0]?.sentence).toMatch(one.says);
    expect(result.warnings[0]?.hint).toMatch(one.mend);
  });
});

describe('what goes together', () => {
  const cluster = (text: string) => `cluster:\n  enabled: true\n${SECRET}${lines(text)}`;

  it.each([
    [
      'a cluster on one machine, Redis and SQLite',
      cluster(`backend: redis\n${HERE}\nredis_password: of ours`),
    ],
    ['Redis by IPv6', cluster('backend: redis\nredis_host: "::1"')],
    [
      'sentinels of this machine and SQLite',
      cluster('backend: redis\nredis_sentinels: ["[::1]:26379"]\nredis_sentinel_master: m'),
    ],
    [
      'several machines on Redis with TLS and PostgreSQL',
      `${POSTGRES}${cluster(`backend: redis\n${AWAY}\nredis_tls: true\nredis_username: a\nredis_password: of ours`)}`,
    ],
    [
      'a cluster that is off, whatever is prepared for it',
      `cluster:\n  backend: redis\n  redis_ca_file: x\n${SECRET}`,
    ],
    [
      'what the package builder of the seeds writes',
      cluster('backend: file\nredis_host: ~\nredis_port: 6379\nredis_db: 0\nstate_path: ~'),
    ],
    ['admission by ticket with a secret', cluster('admission: ticket')],
    [
      'proxies of private ranges',
      'log: {}\n',
      '  trusted_proxies: [10.0.0.0/8, 192.168.0.0/16, "fd00::/8", "::1"]\n',
    ],
    [
      'one api_key for server and agent',
      `agent:\n  api_key: "${API_KEY}"\n  servers: ["http://[::1]:8768", "http://localhost:1"]\n`,
    ],
    ['equal retentions', 'retention:\n  raw: 30d\n  minute: 30d\n  hour: 30d\n'],
  ])('is taken: %s', (_, text, server = '') => {
    const said = problemsOf(loaded(configFile(`${SERVER}${server}${text}`)));
    expect(said.filter((line) => !line.includes('not_used_yet'))).toEqual([]);
  });

  it('is tls: files with a certificate that all may read and a key that only we may', () => {
    const path = configFile(`${SERVER}${lines(FILES)}`);
    writeFile(join(path, '../cert.pem'), certificate.cert, 0o644);
    const key = writeFile(join(path, '../key.pem'), certificate.key, 0o600);
    expect(problemsOf(loaded(path))).toEqual([]);
    chmodSync(key, 0o400);
    expect(problemsOf(loaded(path))).toEqual([]);
  });
});
