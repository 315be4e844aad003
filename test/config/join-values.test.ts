/** What one server's configuration gives to the next: all that they must share, and nothing that is its own. */
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { freshConfig } from '../../src/config/fresh-config.ts';
import { joinValues, readJoinValues } from '../../src/config/join-values.ts';
import { KEY_PATHS } from '../../src/config/schema.ts';
import { canonicalText } from '../../src/protocol/canonical-json.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import {
  API_KEY,
  CLUSTER_SECRET,
  configFile,
  DB_KEY,
  ENCRYPTION_KEY,
  loaded,
  PASSWORD_HASH,
  SERVER,
  writeFile,
} from './config-file.ts';

const CLUSTER_ID = '00112233445566778899aabbccddeeff';
const DIGEST = 'ab'.repeat(32);
/** Of the file; a rotation has replaced it. */
const EARLIER = Buffer.from('a secret that was rotated out before').toString('base64');
const TERMS = {
  clusterId: CLUSTER_ID,
  clusterSecret: new Secret(Buffer.from(CLUSTER_SECRET, 'base64')),
  admission: 'ticket',
  pin: { epoch: 7, digest: DIGEST },
} as const;

const LIVE = {
  'cluster.cluster_id': CLUSTER_ID,
  'cluster.cluster_secret': CLUSTER_SECRET,
  'cluster.admission': 'ticket',
  'cluster.roster_pins': [`7:${DIGEST}`],
};

it('gives what a small cluster shares: its secrets, and where its files are', () => {
  const path = configFile(`${SERVER}cluster:\n  enabled: true\n  cluster_secret: "${EARLIER}"\n`);
  expect(joinValues(loaded(path), TERMS)).toEqual({
    values: {
      'server.api_key': API_KEY,
      'server.encryption_key': ENCRYPTION_KEY,
      'server.db_encryption_key': DB_KEY,
      'database.url': `sqlite:${join(dirname(path), 'data', 'fleet.db')}`,
      'cluster.enabled': true,
      'cluster.state_path': join(dirname(path), 'data', 'cluster'),
      ...LIVE,
    },
    files: {},
  });
});

const large = (ca: string) =>
  `server:
  host: 0.0.0.0
  port: 9000
  public_url: https://mac-01.example.com
  trusted_proxies: [10.0.0.1]
  accept_v1: false
  api_key: "${API_KEY}"
  web_username: ada
  web_password: "${PASSWORD_HASH}"
  encryption_key: "${ENCRYPTION_KEY}"
  db_encryption_key: "${DB_KEY}"
database:
  url: "postgres://atlas:p%40ss%3Aw%C3%B6rd@db.example.com/fleet"
  ca_file: ${ca}
cluster:
  enabled: true
  backend: redis
  cluster_id: ${CLUSTER_ID}
  cluster_secret: "${EARLIER}"
  heartbeat_interval: 2
  node_timeout: 9
  hostname: mac-01.local
  node_id: mac-01
  clock_tolerance: 3
  admission: secret
  redis_host: redis.example.com
  redis_port: 6380
  redis_db: 2
  redis_username: atlas
  redis_password: "a password of Redis"
  redis_tls: true
  redis_ca_file: ${ca}
  redis_server_name: r.example.com
`;

it('gives what a large one shares, as text that reads back to the same configuration', async () => {
  const { cert } = await makeCertificate();
  const path = configFile('');
  const ca = writeFile(join(dirname(path), 'ca.pem'), cert, 0o644);
  writeFile(path, large(ca));
  const before = loaded(path);
  const given = joinValues(before, TERMS);
  expect(given.files).toEqual({ 'database.ca_file': cert, 'cluster.redis_ca_file': cert });
  const read = readJoinValues(JSON.parse(canonicalText({ ...given })));
  expect(read).toEqual(given);

  const files = { 'database.ca_file': ca, 'cluster.redis_ca_file': ca };
  const after = loaded(configFile(freshConfig({ ...read.values, ...files })));
  expect(after.config.database).toEqual(before.config.database);
  expect(after.config.cluster).toEqual({
    ...before.config.cluster,
    hostname: null,
    nodeId: null,
    statePath: after.config.cluster.statePath,
    admission: 'ticket',
    rosterPins: [{ epoch: 7, digest: DIGEST }],
  });
  expect(after.config.server).toMatchObject({
    port: 8768,
    publicUrl: null,
    acceptV1: false,
    webUsername: 'ada',
  });
  const shown = ({ secrets }: typeof before) =>
    Object.entries(secrets).map(([name, secret]) => [name, secret?.fingerprint()]);
  const own = shown(before).map(([name, print]) =>
    name === 'clusterSecret' ? [name, TERMS.clusterSecret.fingerprint()] : [name, print],
  );
  expect(shown(after)).toEqual(own);
});

/** What each server has for itself, or what no server needs. A new key is added here, or in join-values.ts. */
const OWN = new Set([
  'server.host',
  'server.port',
  'server.public_url',
  'server.tls',
  'server.tls_cert',
  'server.tls_key',
  'server.data_dir',
  'cluster.hostname',
  'cluster.node_id',
  'cluster.join_ticket',
]);
const OF_ONE_MACHINE = /^(agent|package|log|retention|notify)\./;

it('has decided of every key whether servers share it', () => {
  const shared = KEY_PATHS.filter((key) => !OWN.has(key) && !OF_ONE_MACHINE.test(key));
  const files = Object.fromEntries(shared.filter((key) => key.endsWith('ca_file')).map((key) => [key, 'x']));
  const values = Object.fromEntries(shared.filter((key) => !(key in files)).map((key) => [key, 'x']));
  expect(() => readJoinValues({ values, files })).not.toThrow();
  for (const key of OWN)
    expect(() => readJoinValues({ values: { [key]: 'x' }, files: {} })).toThrow(/cannot read/);
});

it.each([
  ['nothing at all', undefined],
  ['a key of one server', { values: { 'server.data_dir': '/' }, files: {} }],
  ['a key that nobody knows', { values: { 'cluster.mood': 'good' }, files: {} }],
  ['a file under the wrong key', { values: {}, files: { 'server.tls_key': 'x' } }],
  ['a section', { values: { 'cluster.redis_host': { a: 1 } }, files: {} }],
])('refuses %s', (_, given) => {
  expect(() => readJoinValues(given)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
});
