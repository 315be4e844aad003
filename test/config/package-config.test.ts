/** The config.yaml of each kind of package: it loads where it is meant to, whatever was put in, and says what it holds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '../../src/base/bytes.ts';
import { Secret } from '../../src/base/secret.ts';
import { setKey } from '../../src/config/edit.ts';
import { type JoinValues, joinValues } from '../../src/config/join-values.ts';
import {
  agentConfig,
  type ClusterNodeConfigTerms,
  type ConfigOfPackage,
  clusterNodeConfig,
  standaloneConfig,
  unfilledAgentConfig,
} from '../../src/config/package-config.ts';
import { shownKeys } from '../../src/config/shown.ts';
import { makeTicket } from '../../src/protocol/ticket.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import {
  API_KEY,
  CLUSTER_SECRET,
  configFile,
  DB_KEY,
  ENCRYPTION_KEY,
  load,
  loaded,
  PASSWORD_HASH,
  problemsOf,
  temporaryFolder,
  writeFile,
} from './config-file.ts';

const CLUSTER_ID = '00112233445566778899aabbccddeeff';
const DIGEST = 'ab'.repeat(32);
const TERMS = {
  clusterId: CLUSTER_ID,
  clusterSecret: new Secret(Buffer.from(CLUSTER_SECRET, 'base64')),
  admission: 'ticket',
  pin: { epoch: 7, digest: DIGEST },
} as const;
const SERVERS = [{ url: 'https://10.0.1.1:8768', spki_sha256: encodeBase64(Buffer.alloc(32, 7)) }];
const TICKET = makeTicket({ clusterId: CLUSTER_ID, servers: SERVERS, epoch: 7, hash: DIGEST }).text;
const { cert } = await makeCertificate();

const DATABASE_PASSWORD = 'p"a\'s: #s\\ $' + '{HOME} wörd 🔑';
const REDIS_PASSWORD =
  '"quoted" \'single\' $' + '{NODE_ID}: {a, [b]} # & * ! | > % @ ` \\ \u202e\u2028\ufeff 💡';

/** Of a running server: one Redis and one PostgreSQL on other machines, both with an authority of their own. */
function source({ redisPassword = REDIS_PASSWORD, databasePassword = DATABASE_PASSWORD } = {}): JoinValues {
  const folder = temporaryFolder();
  const ca = writeFile(join(folder, 'ca.pem'), cert, 0o644);
  const database = `postgres://atlas:${encodeURIComponent(databasePassword)}@db.example.com/fleet`;
  const text = [
    ['server.port', 9000],
    ['server.api_key', API_KEY],
    ['server.web_username', 'Ada.von@Ω'],
    ['server.web_password', PASSWORD_HASH],
    ['server.encryption_key', ENCRYPTION_KEY],
    ['server.db_encryption_key', DB_KEY],
    ['database.url', database],
    ['database.ca_file', ca],
    ['cluster.enabled', true],
    ['cluster.backend', 'redis'],
    ['cluster.cluster_secret', CLUSTER_SECRET],
    ['cluster.node_id', 'server-01'],
    ['cluster.redis_host', 'redis.example.com'],
    ['cluster.redis_username', 'atlas: fleet'],
    ['cluster.redis_password', redisPassword],
    ['cluster.redis_tls', true],
    ['cluster.redis_ca_file', ca],
  ].reduce((edited, [key, value]) => setKey(edited, key as 'server.port', value as string), '');
  return joinValues(loaded(writeFile(join(folder, 'config.yaml'), text)), TERMS);
}

const ORDER = {
  credentials: 'embedded',
  ticket: null,
  nodeName: null,
  port: 8768,
  redisHost: null,
  redisPort: null,
} as const;

const LOG = '/var/log/fleet.log';
const at = (root: string) => ({ root, log: LOG, spool: `${root}/spool` });

function order(more: Partial<ClusterNodeConfigTerms> = {}): ClusterNodeConfigTerms {
  return { ...ORDER, shared: source(), place: at('/Library/FleetServer'), ...more };
}

/** As installation leaves it: config.yaml at the root, and the files of the package in the data folder. */
function installed(make: (root: string) => ConfigOfPackage) {
  const root = temporaryFolder();
  const { text, files } = make(root);
  mkdirSync(join(root, 'data'), { mode: 0o700 });
  for (const [name, pem] of Object.entries(files))
    writeFileSync(join(root, 'data', name), pem, { mode: 0o600 });
  return writeFile(join(root, 'config.yaml'), text);
}

const contentOf = ({ contents }: ConfigOfPackage, name: string) => contents.find((one) => one.name === name);

describe('a cluster node with embedded credentials', () => {
  it('loads as a server, with all that the servers share and names of its own to be filled in', () => {
    const path = installed((root) => clusterNodeConfig(order({ place: at(root) })));
    const { config, secrets, warnings } = loaded(path);
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      server: { port: 8768, webUsername: 'Ada.von@Ω' },
      database: { host: 'db.example.com', caFile: join(path, '../data/ca_file.pem') },
      cluster: {
        enabled: true,
        clusterId: CLUSTER_ID,
        hostname: null,
        nodeId: null,
        admission: 'ticket',
        rosterPins: [{ epoch: 7, digest: DIGEST }],
        redis: { host: 'redis.example.com', caFile: join(path, '../data/redis_ca_file.pem') },
      },
      log: { file: LOG },
    });
    const given = Object.entries(secrets).map(([name, secret]) => [name, secret?.revealText()]);
    expect(Object.fromEntries(given)).toMatchObject({
      apiKey: API_KEY,
      redisPassword: REDIS_PASSWORD,
      databasePassword: DATABASE_PASSWORD,
      webPassword: PASSWORD_HASH,
    });
  });

  it('says of each thing what it is for, and offers no choice that is made already', () => {
    const { contents } = clusterNodeConfig(order({ ticket: TICKET }));
    expect(contents.filter(({ why }) => /by default|when not given|sqlite/i.test(why))).toEqual([]);
  });

  it('names what it holds as the seeds do, and what a node needs besides', () => {
    const names = clusterNodeConfig(order({ ticket: TICKET })).contents.map(({ name }) => name);
    expect(names).toEqual([
      ...['port', 'api_key', 'web_username', 'web_password', 'encryption_key', 'db_encryption_key'],
      ...['database_url', 'database_password', 'database_ca_file'],
      ...['enabled', 'backend', 'cluster_id', 'cluster_secret', 'heartbeat_interval', 'node_timeout'],
      ...['hostname', 'node_id', 'state_path', 'admission', 'roster_pins', 'join_ticket'],
      ...['redis_host', 'redis_port', 'redis_db', 'redis_username', 'redis_password', 'redis_tls'],
      ...['redis_ca_file', 'log_file'],
    ]);
  });

  it('shows the fingerprints that `config show` shows, and none of a password', () => {
    const made = clusterNodeConfig(order({ ticket: TICKET, place: at('/r') }));
    const path = installed((root) => clusterNodeConfig(order({ ticket: TICKET, place: at(root) })));
    const shown = new Map(shownKeys(loaded(path)).map(({ key, value }) => [key, value]));
    for (const name of ['cluster_secret', 'join_ticket'] as const)
      expect(shown.get(`cluster.${name}`)).toBe(`[secret ${contentOf(made, name)?.fingerprint}]`);
    expect(contentOf(made, 'api_key')?.fingerprint).toMatch(/^[0-9a-f]{8}$/);
    for (const name of ['api_key', 'encryption_key', 'db_encryption_key', 'web_password'] as const)
      expect(shown.get(`server.${name}`)).toBe(`[secret ${contentOf(made, name)?.fingerprint}]`);
    for (const name of ['redis_password', 'database_password'])
      expect(contentOf(made, name)).toMatchObject({ secret: true, fingerprint: null });
    expect(contentOf(made, 'redis_host')).toMatchObject({ secret: false, fingerprint: null });
    expect(JSON.stringify(made.contents)).not.toMatch(/redis\.example\.com|db\.example\.com/);
  });

  it('has no administrator of its own where the server has none', () => {
    const { 'server.web_password': _, 'server.web_username': __, ...values } = source().values;
    const { contents } = clusterNodeConfig(order({ shared: { values, files: {} } }));
    expect(contents.filter(({ name }) => name.startsWith('web_'))).toEqual([]);
  });

  it('takes the name that is given, and Redis where the new server finds it', () => {
    const make = (root: string) =>
      clusterNodeConfig(
        order({ place: at(root), nodeName: 'mac-07', redisHost: '10.0.9.9', redisPort: 6390 }),
      );
    const { config } = loaded(installed(make));
    expect(config.cluster).toMatchObject({ nodeId: 'mac-07', redis: { host: '10.0.9.9', port: 6390 } });
  });

  it('refuses another address for a Redis that is found by Sentinels', () => {
    const { 'cluster.redis_host': _, ...rest } = source().values;
    const values = {
      ...rest,
      'cluster.redis_sentinels': ['10.0.1.51:26379'],
      'cluster.redis_sentinel_master': 'm',
    };
    const shared = { values, files: {} };
    const given = { shared, redisPort: 6390 };
    expect(() => clusterNodeConfig(order(given))).toThrow(expect.objectContaining({ code: 'bad_request' }));
    expect(() => clusterNodeConfig(order({ shared }))).not.toThrow();
  });

  it.each([
    ['a name with a quote', { nodeName: 'a"b' }],
    ['a name with a new line', { nodeName: 'a\nenabled: false' }],
    ['a name of 4 KB', { nodeName: 'a'.repeat(4096) }],
    ['a name that is a path', { nodeName: '../../etc' }],
    ['a host with a shell in it', { redisHost: '$(reboot)' }],
    ['a host of 4 KB', { redisHost: 'a'.repeat(4096) }],
    ['a port that is none', { port: 70_000 }],
  ])('refuses %s', (_, given) => {
    expect(() => clusterNodeConfig(order(given))).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  it('carries any password that the running server has', () => {
    const password = fc
      .oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }),
        fc.string({ minLength: 500, maxLength: 512 }),
      )
      .map((text) => text.toWellFormed())
      .filter((text) => !/\p{Cc}/u.test(text) && text.length <= 512 && text !== '');
    const shared = source();
    fc.assert(
      fc.property(password, (text) => {
        const values = { ...shared.values, 'cluster.redis_password': text };
        const path = installed((root) =>
          clusterNodeConfig(order({ shared: { ...shared, values }, place: at(root) })),
        );
        expect(loaded(path).secrets.redisPassword?.revealText()).toBe(text);
      }),
      { numRuns: 20 },
    );
  });
});

describe('a cluster node with a ticket', () => {
  const make = (more: Partial<ClusterNodeConfigTerms> = {}) =>
    clusterNodeConfig(order({ credentials: 'ticket', ticket: TICKET, ...more }));

  it('is good for joining, and for nothing else', () => {
    const path = configFile(make({ port: 9443 }).text);
    const { config, secrets, warnings } = loaded(path, { role: 'any' });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      server: { port: 9443 },
      cluster: { enabled: true, clusterId: CLUSTER_ID },
    });
    expect(secrets.joinTicket?.revealText()).toBe(TICKET.revealText());
    expect(problemsOf(load(path))).toEqual([expect.stringContaining('not_joined')]);
  });

  it('says that no secret is in it but the ticket', () => {
    const { contents } = make({ redisHost: '10.0.9.9' });
    expect(contents.filter(({ secret }) => secret).map(({ name }) => name)).toEqual(['join_ticket']);
    expect(contents.map(({ name }) => name)).toEqual([
      ...['port', 'enabled', 'backend', 'cluster_id', 'hostname', 'node_id', 'join_ticket'],
      ...['redis_host', 'redis_port', 'log_file'],
    ]);
    const { text } = make({ redisHost: '10.0.9.9' });
    expect(problemsOf(loaded(configFile(text), { role: 'any' }))).toEqual([]);
  });

  it('lists its ticket before there is one', () => {
    const item = contentOf(make({ ticket: 'later' }), 'join_ticket');
    expect(item).toMatchObject({ secret: true, fingerprint: null });
  });

  it('holds no secret of the cluster in any form', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz0123456789 "\'\\/:{}$é🔑';
    const password = fc.string({ unit: fc.constantFrom(...letters), minLength: 16, maxLength: 64 });
    fc.assert(
      fc.property(password, password, (redisPassword, databasePassword) => {
        const shared = source({ redisPassword, databasePassword });
        const { text, files, contents } = make({ shared });
        const all = JSON.stringify([text, files, contents]) + text;
        const secrets = [
          ...[
            API_KEY,
            ENCRYPTION_KEY,
            DB_KEY,
            CLUSTER_SECRET,
            PASSWORD_HASH,
            redisPassword,
            databasePassword,
          ],
          String(shared.values['database.url']),
        ];
        for (const secret of secrets) for (const form of formsOf(secret)) expect(all).not.toContain(form);
      }),
      { numRuns: 20 },
    );
  });
});

/** As it stands, and its bytes and what it decodes to, each as other programs would write them. */
function formsOf(secret: string): string[] {
  const bytes = [Buffer.from(secret), Buffer.from(secret, 'base64')].filter(({ length }) => length >= 16);
  const encoded = bytes.flatMap((one) =>
    (['base64', 'base64url', 'hex'] as const).map((encoding) => one.toString(encoding).replace(/=+$/, '')),
  );
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...encoded];
}

describe('a standalone server', () => {
  it('holds no secret, and loads as a server once they are made', () => {
    const { text, contents } = standaloneConfig({ port: 9000, place: at('/r') });
    expect(contents.map(({ name }) => name)).toEqual(['port', 'hostname', 'node_id', 'log_file']);
    expect(contents.some(({ secret }) => secret)).toBe(false);
    const made = [
      ['server.api_key', API_KEY],
      ['server.encryption_key', ENCRYPTION_KEY],
      ['server.db_encryption_key', DB_KEY],
    ] as const;
    const path = configFile(made.reduce((edited, [key, value]) => setKey(edited, key, value), text));
    const { config, warnings } = loaded(path);
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      server: { port: 9000 },
      database: { engine: 'sqlite' },
      cluster: { enabled: false },
    });
  });
});

describe('an agent', () => {
  const ORDERED = {
    servers: ['https://10.0.1.1:8768', 'https://fleet.example.com'],
    pins: [encodeBase64(Buffer.alloc(32, 7))],
    apiKey: Secret.fromText('"quotes\'and$' + '{HOME}:#{}[]|>%@`\\'),
    encryptionKey: new Secret(Buffer.from(ENCRYPTION_KEY, 'base64')),
    intervalSeconds: 30,
    place: at('/Library/FleetAgent'),
  };

  it('loads as an agent', () => {
    const { config, secrets, warnings } = loaded(configFile(agentConfig(ORDERED).text), { role: 'agent' });
    expect(warnings).toEqual([]);
    expect(config.agent).toMatchObject({
      servers: ORDERED.servers,
      pins: ORDERED.pins,
      intervalSeconds: 30,
      spoolDir: '/Library/FleetAgent/spool',
    });
    expect(config.log.file).toBe(LOG);
    expect(secrets.agentApiKey?.revealText()).toBe(ORDERED.apiKey.revealText());
    expect(secrets.encryptionKey?.fingerprint()).toBe(ORDERED.encryptionKey.fingerprint());
  });

  it('shows no fingerprint of an api_key that a person may have chosen', () => {
    const printOf = (apiKey: string) => {
      const made = agentConfig({ ...ORDERED, apiKey: Secret.fromText(apiKey) });
      return contentOf(made, 'api_key')?.fingerprint;
    };
    expect(printOf(API_KEY)).toMatch(/^[0-9a-f]{8}$/);
    for (const chosen of ['correct-horse-battery-staple', 'correcthorsebatterystaplecorrecthorsebattery'])
      expect(printOf(chosen)).toBeNull();
  });

  it('names what it holds, and speaks of no server of its own', () => {
    const { contents, text } = agentConfig({ ...ORDERED, pins: [] });
    expect(contents.map(({ name }) => name)).toEqual([
      ...['encryption_key', 'servers', 'api_key', 'interval', 'spool_dir', 'log_file'],
    ]);
    expect(text).not.toMatch(/trusted_proxies|^cluster:|^database:/m);
  });

  it('of no fleet yet holds no secret, and lacks what an administrator fills in', () => {
    const { text, contents } = unfilledAgentConfig(at('/Library/FleetAgent'));
    expect(contents.some(({ secret }) => secret)).toBe(false);
    const keys = ['server.encryption_key', 'agent.servers', 'agent.api_key'];
    expect(problemsOf(load(configFile(text), { role: 'agent' }))).toEqual(
      keys.map((key) => expect.stringContaining(`missing_key ${key} is not given`)),
    );
  });

  it('refuses what is no address of a server', () => {
    const servers = ['https://ada:secret@fleet.example.com/x'];
    expect(() => agentConfig({ ...ORDERED, servers })).toThrow(
      expect.objectContaining({ code: 'bad_request' }),
    );
  });
});
