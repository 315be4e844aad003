/** The config samples of the two documents this project began from, word for word. */
import { describe, expect, it } from 'vitest';
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
  SERVER,
} from './config-file.ts';

const FIRST = `# config.yaml

cluster:
  enabled: true
  backend: redis
  
  # Add cluster secret for node authentication
  cluster_secret: "YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmVfMzJfYnl0ZXM="
  
  # Redis configuration
  redis_host: "10.0.1.50"
  redis_port: 6379
  redis_password: "redis_password_here"
  
  # Node settings
  heartbeat_interval: 10
  node_timeout: 30
`;

const LEVEL_1 = `cluster:
  enabled: true
  # No cluster_secret specified
`;

const LEVEL_3 = `cluster:
  enabled: true
  cluster_secret: "YmFzZTY0X2VuY29kZWRfc2VjcmV0X..."
  redis_password: "strong_redis_password"
`;

const SECOND = `# Generated config.yaml in cluster packages now includes:

cluster:
  enabled: true
  backend: redis
  
  # ✅ NEW: Cluster secret for node authentication
  cluster_secret: "YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmU="
  
  # ✅ Redis password for backend access
  redis_password: "redis_password_here"
  
  # ✅ Redis connection info
  redis_host: "10.0.1.50"
  redis_port: 6379
  redis_db: 0
  
  # ✅ Heartbeat configuration
  heartbeat_interval: 10
  node_timeout: 30

server:
  # ✅ API key for agent authentication
  api_key: "shared_api_key"
  
  # ✅ Web UI credentials
  web_username: "admin"
  web_password: "hashed_password"
  
  # ✅ End-to-end encryption key
  encryption_key: "base64_encryption_key"
  
  # ✅ Database encryption key
  db_encryption_key: "db_encryption_key"
`;

/** What the seeds' package builder writes for a node without a name and without a state path. */
const BUILT = `cluster:
  enabled: true
  backend: file
  hostname: $\{HOSTNAME}
  node_id: $\{NODE_ID}
  cluster_secret: "${CLUSTER_SECRET}"
  redis_host: null
  redis_port: 6379
  redis_db: 0
  state_path: null
`;

const REPLACEMENTS: readonly (readonly [string, string])[] = [
  ['"YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmVfMzJfYnl0ZXM="', CLUSTER_SECRET],
  ['"YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmU="', CLUSTER_SECRET],
  ['"YmFzZTY0X2VuY29kZWRfc2VjcmV0X..."', CLUSTER_SECRET],
  ['"redis_password_here"', 'a password of ours'],
  ['"strong_redis_password"', 'a password of ours'],
  ['"shared_api_key"', API_KEY],
  ['"hashed_password"', PASSWORD_HASH],
  ['"base64_encryption_key"', ENCRYPTION_KEY],
  ['"db_encryption_key"', DB_KEY],
];

const withGoodSecrets = (text: string) =>
  REPLACEMENTS.reduce((done, [bad, good]) => done.replace(bad, good), text);
const whereAndCode = (result: Parameters<typeof problemsOf>[0]) =>
  problemsOf(result).map((line) => line.split(' ', 2).join(' '));

const problemCodes = (result: Parameters<typeof problemsOf>[0]) =>
  whereAndCode(result).map((line) => line.split(' ')[1]);

describe('the samples of the seed documents', () => {
  it('are refused for every secret that stands in them, and for keeping a shared fleet in SQLite', () => {
    expect(whereAndCode(load(configFile(FIRST), { role: 'any' }))).toEqual([
      '1:1 sqlite_shared',
      '8:19 secret_published',
      '13:19 secret_published',
    ]);
    expect(whereAndCode(load(configFile(LEVEL_3), { role: 'any' }))).toEqual([
      '3:19 secret_not_base64',
      '4:19 secret_published',
    ]);
    expect(whereAndCode(load(configFile(SECOND)))).toEqual([
      '1:1 sqlite_shared',
      '8:19 secret_published',
      '11:19 secret_published',
      '24:12 secret_published',
      '28:17 password_in_clear',
      '31:19 secret_published',
      '34:22 secret_published',
    ]);
  });

  it.each([FIRST, SECOND])(
    'lack only a database for several servers once their secrets are replaced',
    (sample) => {
      const text = withGoodSecrets(sample);
      const codes = (given: string) => load(configFile(given), { role: 'any' });
      expect(problemCodes(codes(text))).toEqual(['sqlite_shared', 'redis_password_in_clear']);
      const shared = `${text}\ndatabase:\n  url: postgres://atlas@10.0.1.60/fleet\n`;
      const result = codes(shared);
      expect(problemCodes(result)).toEqual(['redis_password_in_clear']);
      expect(result).toMatchObject({
        ok: true,
        config: { cluster: { backend: 'redis', redis: { host: '10.0.1.50' } }, database: { tls: true } },
      });
    },
  );

  it.each([`${SERVER}${FIRST}`, SECOND, `${SERVER}${LEVEL_3}`])(
    'load with secrets of our own and the file backend',
    (sample) => {
      const text = withGoodSecrets(sample).replace('backend: redis', 'backend: file');
      const { config, secrets } = loaded(configFile(text));
      expect(config.cluster).toMatchObject({
        enabled: true,
        heartbeatIntervalSeconds: 10,
        nodeTimeoutSeconds: 30,
      });
      expect(secrets.redisPassword?.revealText()).toBe('a password of ours');
      expect(Buffer.from(secrets.clusterSecret?.reveal() ?? []).toString('base64')).toBe(CLUSTER_SECRET);
    },
  );

  it('load at level 1 with a loud warning', () => {
    expect(whereAndCode(loaded(configFile(`${LEVEL_1}${SERVER}`)))).toEqual(['2:12 cluster_unauthenticated']);
  });

  it('load as the package builder writes them, with placeholders and nulls', () => {
    const { config } = loaded(configFile(`${SERVER}${BUILT}`));
    expect(config.cluster).toMatchObject({ hostname: null, nodeId: null, redis: { host: null, db: 0 } });
    expect(config.cluster.statePath).toMatch(/\/data\/cluster$/);
  });
});
