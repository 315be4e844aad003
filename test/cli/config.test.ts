import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTicket } from '../../src/protocol/ticket.ts';
import {
  API_KEY,
  CLUSTER_SECRET,
  configFile,
  DB_KEY,
  ENCRYPTION_KEY,
  PASSWORD_HASH,
  SERVER,
  temporaryFolder,
  writeFile,
} from '../config/config-file.ts';
import { SAMPLE_SECRETS } from '../config/sample-secrets.ts';
import { atlasFleet, PROGRAM } from './atlas-fleet.ts';

const FULL = `${SERVER}  web_password: ${PASSWORD_HASH}
cluster:
  enabled: true
  cluster_secret: ${CLUSTER_SECRET}
  redis_password: a password of Redis
agent:
  servers: [https://fleet.example.com:8768]
  api_key: ${API_KEY}
notify:
  webhooks: ["https://hooks.example.com/T0/token-of-a-hook"]
  smtp: { host: mail.example.com, password: password-of-mail }
`;
const SECRET_TEXTS = [
  API_KEY,
  ENCRYPTION_KEY,
  DB_KEY,
  CLUSTER_SECRET,
  PASSWORD_HASH,
  'a password of Redis',
  'token-of-a-hook',
  'password-of-mail',
];

function expectNoSecret(text: string, secrets: readonly string[] = SECRET_TEXTS): void {
  for (const secret of secrets) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret, 'base64').toString('hex'));
  }
}

describe('atlas-fleet config check', () => {
  it.each(SAMPLE_SECRETS)(
    'names a secret that is %s together with a misspelt key, a wrong type and the mode, and ends with 3',
    async (_, secret, code, sentence) => {
      const text = `${SERVER}  prot: 8769\n  accept_v1: "yes"\ncluster:\n  cluster_secret: "${secret}"\n`;
      const path = configFile(text, 0o644);
      const ended = await atlasFleet(['config', 'check', '--config', path]);
      expect(ended.code).toBe(3);
      expect(ended.stdout).toBe('');
      expect(ended.stderr.split('\n')).toEqual([
        `${path}:1:1: file_mode: its mode is 0644; expected 0600, open to its owner only`,
        `  hint: Run \`chmod 600 ${path}\`.`,
        `${path}:5:3: unknown_key: section server has no key "prot"`,
        '  hint: Did you mean "port"?',
        `${path}:6:14: wrong_type: server.accept_v1: found the text "yes"; expected true or false`,
        '  hint: Write for example `accept_v1: true`.',
        `${path}:8:19: ${code}: cluster.cluster_secret: ${sentence}; expected base64 of at least 32 random bytes`,
        `  hint: Put in the output of \`${PROGRAM} secret generate\`, the same on every node of the cluster.`,
        'error: 4 errors in the configuration',
        '',
      ]);
      expectNoSecret(ended.stderr, [secret, API_KEY, ENCRYPTION_KEY, DB_KEY]);
    },
  );

  const TICKET = makeTicket({
    clusterId: '0123456789abcdef'.repeat(2),
    servers: [{ url: 'https://10.0.1.1:8768', spki_sha256: ENCRYPTION_KEY }],
    epoch: 0,
    hash: '0'.repeat(64),
  }).text.revealText();
  const JOINS = `  ticket: joins cluster ${'0123456789abcdef'.repeat(2)} by it when it starts, unless it is a member; asks https://10.0.1.1:8768`;

  it('says of a file with a ticket and no secret what it is for', async () => {
    const path = configFile(`server:\n  port: 9000\ncluster:\n  enabled: true\n  join_ticket: ${TICKET}\n`);
    const ended = await atlasFleet(['config', 'check', '--config', path]);
    const cluster = '  cluster: not joined yet; its secrets come with the join';
    const stdout = `${[`ok: ${path}`, '  server: https on 0.0.0.0, port 9000', cluster, JOINS].join('\n')}\n`;
    expect(ended).toEqual({ code: 0, stderr: '', stdout });
    const shown = await atlasFleet(['config', 'show', '--config', path]);
    expect(shown.stdout).toMatch(/^cluster\.join_ticket +\[secret [0-9a-f]{8}\] +file, line 5$/m);
    expectNoSecret(shown.stdout, [TICKET, TICKET.slice(24, 64)]);
    const asServer = await atlasFleet(['config', 'check', '--config', path, '--role', 'server']);
    expect(asServer).toMatchObject({ code: 3, stderr: expect.stringContaining('not_joined: ') });
  });

  it('has no server to ask that has not joined yet, and says that it waits', async () => {
    const text = `cluster:\n  enabled: true\n  join_ticket: ${TICKET}\nlog:\n  file: /var/log/fleet-server.log\n`;
    const { code, stderr } = await atlasFleet(['cluster', 'status', '--config', configFile(text)]);
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(
        /^error: this server has not joined yet: .*\nhint: see \/var\/log\/fleet-server\.log: /m,
      ),
    ]);
  });

  it('says of one that has all secrets that it may join by its ticket', async () => {
    const text = `cluster:\n  enabled: true\n  cluster_secret: ${CLUSTER_SECRET}\n  join_ticket: ${TICKET}\n`;
    const { code, stdout } = await atlasFleet(['config', 'check', '--config', configFile(SERVER + text)]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`security level 2\n${JOINS}\n`)]);
  });

  it('says the same as JSON', async () => {
    const path = configFile(`${SERVER}cluster:\n  cluster_secret: no!\n`);
    const ended = await atlasFleet(['config', 'check', '--config', path, '--json']);
    expect(ended.code).toBe(3);
    expect(JSON.parse(ended.stdout)).toEqual({
      ok: false,
      path,
      problems: [
        {
          severity: 'error',
          code: 'secret_not_base64',
          key: 'cluster.cluster_secret',
          place: { kind: 'file', path, line: 6, column: 19 },
          sentence:
            'cluster.cluster_secret: it is not base64 (RFC 4648, with padding); expected base64 of at least 32 random bytes',
          hint: 'Put in the output of `atlas-fleet secret generate`, the same on every node of the cluster.',
        },
      ],
    });
  });

  it('says ok and what will run, with warnings on the side, and ends with 0', async () => {
    const path = configFile(`${SERVER}cluster:\n  enabled: true\n`);
    const ended = await atlasFleet(['config', 'check', '--config', path]);
    const data = join(path, '../data');
    expect(ended.code).toBe(0);
    expect(ended.stdout.split('\n')).toEqual([
      `ok: ${path}`,
      '  server: https on 0.0.0.0, port 8768',
      `  database: sqlite, ${data}/fleet.db`,
      `  cluster: file backend, ${data}/cluster, security level 1`,
      '',
    ]);
    expect(ended.stderr.split('\n')).toEqual([
      `${path}:6:12: warning: cluster_unauthenticated: Cluster authentication DISABLED - nodes can join without verification!`,
      `  hint: Add 'cluster_secret' to config for node authentication (\`${PROGRAM} secret generate\` makes one).`,
      '',
    ]);
  });

  it('says where Redis and PostgreSQL are, which way goes there, and the level, without a password', async () => {
    const cluster = `cluster:\n  enabled: true\n  backend: redis\n  cluster_secret: ${CLUSTER_SECRET}\n`;
    const single = `database:\n  url: postgres://atlas:hunter2@db.example.com/fleet\n${cluster}  redis_host: 10.0.1.50\n  redis_tls: true\n  redis_password: hunter3\n`;
    const guarded = `database:\n  url: postgres://atlas@[::1]:6432/fleet\n${cluster}  redis_sentinels: ["127.0.0.1:26379", "127.0.0.1:26380"]\n  redis_sentinel_master: fleet\n  redis_db: 3\n`;
    for (const [text, ...words] of [
      [
        single,
        '  database: postgres, fleet as atlas at db.example.com:5432, TLS (authorities of this machine)',
        '  cluster: redis backend, 10.0.1.50:6379, database 0, TLS, security level 3',
      ],
      [
        guarded,
        '  database: postgres, fleet as atlas at [::1]:6432, without TLS on this machine',
        '  cluster: redis backend, master fleet of the sentinels 127.0.0.1:26379, 127.0.0.1:26380, database 3, without TLS, security level 2',
      ],
    ] as const) {
      const ended = await atlasFleet(['config', 'check', '--config', configFile(`${SERVER}${text}`)]);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout.split('\n').slice(2, 4)).toEqual(words);
      expectNoSecret(ended.stdout, ['hunter2', 'hunter3', CLUSTER_SECRET]);
    }
  });

  it.each([
    ['cluster:\n  enabled: true\n  backend: redis\n', ':7:12: redis_host_missing: '],
    ['  trusted_proxies: [0.0.0.0/0]\n', ':5:20: trusts_everybody: '],
    ['  tls: files\n  tls_cert: a.pem\n  tls_key: b.pem\n', ':7:12: file_missing: '],
    ['database:\n  url: postgres://a:hunter2@db/f?sslmode=require\n', ':6:8: database_tls_weak: '],
    [
      `cluster:\n  enabled: true\n  backend: redis\n  redis_host: r\n  cluster_secret: ${CLUSTER_SECRET}\n`,
      ':1:1: sqlite_shared: ',
    ],
  ])('ends with 3 at what does not go together: %j', async (text, said) => {
    const path = configFile(`${SERVER}${text}`);
    for (const command of [['config', 'check'], ['server']]) {
      const ended = await atlasFleet([...command, '--config', path]);
      expect(ended).toMatchObject({ code: 3, stdout: '' });
      expect(ended.stderr).toContain(`${path}${said}`);
      expect(ended.stderr).toContain('\n  hint: ');
      expectNoSecret(ended.stderr, ['hunter2', CLUSTER_SECRET]);
    }
  });

  it('finds the file by ATLAS_FLEET_CONFIG and judges variables with it', async () => {
    const env = { ATLAS_FLEET_CONFIG: configFile(SERVER), ATLAS_FLEET_SERVER__PROT: '1' };
    const ended = await atlasFleet(['config', 'check'], { env });
    expect(ended.code).toBe(3);
    expect(ended.stderr.split('\n').slice(0, 2)).toEqual([
      '$ATLAS_FLEET_SERVER__PROT: unknown_variable: no key has the variable ATLAS_FLEET_SERVER__PROT',
      '  hint: Did you mean ATLAS_FLEET_SERVER__PORT?',
    ]);
  });

  it('ends with 3 when there is no file', async () => {
    const path = join(temporaryFolder(), 'away.yaml');
    const ended = await atlasFleet(['config', 'check', '--config', path]);
    expect(ended).toEqual({
      code: 3,
      stdout: '',
      stderr: [
        `${path}:1:1: file_missing: there is no such file`,
        `  hint: Check the path; \`${PROGRAM} init\` makes a fresh config.yaml.`,
        'error: one error in the configuration',
        '',
      ].join('\n'),
    });
  });

  it('names the config.yaml in a folder that was given for it', async () => {
    const path = configFile(SERVER);
    const ended = await atlasFleet(['config', 'check', '--config', dirname(path)]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(`hint: it is a folder with one in it: --config ${path}\n`);
  });

  it('does not claim that it would have started anything', async () => {
    const ended = await atlasFleet(['config', 'check']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(
      /hint: Run `\S+\/bin\/atlas-fleet init` .*\nerror: no config\.yaml was found\n$/,
    );
  });

  it('describes an agent to who asks for one', async () => {
    const path = configFile(`server:
  encryption_key: ${ENCRYPTION_KEY}
agent:
  servers: [https://a.example, https://b.example:9000]
  api_key: ${API_KEY}
  interval: 1m
`);
    const ended = await atlasFleet(['config', 'check', '--role', 'agent', '--config', path]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.split('\n')).toEqual([
      `ok: ${path}`,
      '  agent: reports each 1m to https://a.example, https://b.example:9000',
      '  trust: authorities of this machine',
      `  spool: ${join(path, '../data/spool')}, at most 64 MB`,
      '',
    ]);
  });

  it('checks for an agent what an agent needs', async () => {
    const path = configFile(`server:\n  encryption_key: ${ENCRYPTION_KEY}\nagent:\n  api_key: ${API_KEY}\n`);
    const ended = await atlasFleet(['config', 'check', '--role', 'agent', '--config', path]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(
      `${path}:3:1: missing_key: agent.servers is not given; an agent needs it\n`,
    );
  });
});

describe('atlas-fleet config show', () => {
  it('shows every key with its value and where it came from', async () => {
    const path = configFile(FULL);
    const env = { ATLAS_FLEET_CLUSTER__REDIS_HOST: '10.0.1.50' };
    const ended = await atlasFleet(['config', 'show', '--config', path], { env });
    expect(ended.code).toBe(0);
    const rows = ended.stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['KEY', 'VALUE', 'FROM']);
    expectNoSecret(ended.stdout);
    expect(rows).toContainEqual(['server.port', '8768', 'default']);
    expect(rows).toContainEqual(['cluster.node_timeout', '30s', 'default']);
    expect(rows).toContainEqual(['cluster.heartbeat_interval', '10s', 'default']);
    expect(rows).toContainEqual(['retention.hour', '400d', 'default']);
    expect(rows).toContainEqual(['server.data_dir', join(path, '../data'), 'default']);
    expect(rows).toContainEqual(['database.url', `sqlite:${join(path, '../data/fleet.db')}`, 'default']);
    expect(rows).toContainEqual(['cluster.enabled', 'true', 'file, line 7']);
    expect(rows).toContainEqual(['cluster.redis_host', '10.0.1.50', '$ATLAS_FLEET_CLUSTER__REDIS_HOST']);
    expect(rows).toContainEqual(['cluster.redis_password', '[secret]', 'file, line 9']);
    const fingerprint = expect.stringMatching(/^\[secret [0-9a-f]{8}\]$/);
    expect(rows).toContainEqual(['server.web_password', fingerprint, 'file, line 5']);
    expect(rows).toContainEqual(['cluster.cluster_secret', fingerprint, 'file, line 8']);
    expect(rows).toContainEqual(['notify.smtp', '[not shown]', 'file, line 15']);
    expect(rows).toContainEqual(['server.public_url', '-', 'default']);
  });

  it('shows the address of the database without its password', async () => {
    const path = configFile(`${SERVER}database:\n  url: "postgres://atlas:hunter2@db/fleet"\n`);
    for (const flags of [[], ['--json']]) {
      const { stdout } = await atlasFleet(['config', 'show', '--config', path, ...flags]);
      expect(stdout).toContain('postgres://atlas@db:5432/fleet?sslmode=verify-full');
      expect(stdout).not.toContain('hunter2');
    }
  });

  it('says the same as JSON', async () => {
    const path = configFile(FULL);
    const ended = await atlasFleet(['config', 'show', '--json', '--config', path]);
    const shown = JSON.parse(ended.stdout);
    expect(shown.path).toBe(path);
    expect(shown.keys).toContainEqual({
      key: 'cluster.node_timeout',
      value: 30,
      origin: 'default',
      about: 'Silence after which a server counts as offline; at least three intervals.',
    });
    expect(shown.keys).toContainEqual(expect.objectContaining({ key: 'server.public_url', value: null }));
  });

  it('ends with 3 and shows nothing when the configuration is wrong', async () => {
    const ended = await atlasFleet([
      'config',
      'show',
      '--config',
      configFile(`${SERVER}log:\n  level: loud\n`),
    ]);
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toContain(
      ':6:10: bad_value: log.level: found the text "loud"; expected one of debug, info, warn, error\n',
    );
  });
});

describe('atlas-fleet config schema', () => {
  it('prints a JSON Schema, with --json and without', async () => {
    const ended = await atlasFleet(['config', 'schema']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: { server: { properties: { port: { type: 'integer', default: 8768 } } } },
    });
    expect(await atlasFleet(['config', 'schema', '--json'])).toEqual(ended);
  });

  it('prints a table for people with --no-json', async () => {
    const { stdout } = await atlasFleet(['config', 'schema', '--no-json']);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['KEY', 'TYPE', 'DEFAULT', 'ENVIRONMENT', 'ABOUT']);
    expect(rows).toContainEqual([
      'server.port',
      'a whole number from 1 to 65535',
      '8768',
      'ATLAS_FLEET_SERVER__PORT',
      'Port the server listens on.',
    ]);
    expect(rows.map((row) => row[3])).toContain('ATLAS_FLEET_CLUSTER__CLUSTER_SECRET[_FILE]');
  });
});

describe('no output', () => {
  it.each([['check'], ['check', '--json'], ['show'], ['show', '--json']])(
    'of config %s %s has a secret of the file, the environment or a file beside',
    async (...args) => {
      const other = 'uL7Yx1t0o2cJmYtq5vJ3d1l8o8oZ2f5S1x0m9w8v7uE=';
      const file = writeFile(join(temporaryFolder(), 'secret'), `${other}\n`);
      const env = {
        ATLAS_FLEET_LOG__LEVEL: 'debug',
        ATLAS_FLEET_SERVER__DB_ENCRYPTION_KEY: 'kZ7Yx1t0o2cJmYtq5vJ3d1l8o8oZ2f5S1x0m9w8v7uE=',
        ATLAS_FLEET_CLUSTER__CLUSTER_SECRET_FILE: file,
      };
      const secrets = [...SECRET_TEXTS, other, env.ATLAS_FLEET_SERVER__DB_ENCRYPTION_KEY];
      const right = await atlasFleet(['config', ...args, '--config', configFile(FULL)], { env });
      expect(right.code).toBe(0);
      expectNoSecret(right.stdout + right.stderr, secrets);
      const wrong = await atlasFleet(
        ['config', ...args, '--config', configFile(`${FULL}  smpt: 1\n`, 0o666)],
        { env },
      );
      expect(wrong.code).toBe(3);
      expectNoSecret(wrong.stdout + wrong.stderr, secrets);
    },
  );
});
