/** Every key of the table through every source it has: flag, environment, a file of its own, config.yaml, default. */
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { isSecretPath, KEY_PATHS, type KeyPath, rowOf } from '../../src/config/schema.ts';
import { hasFileVariable, variableOf } from '../../src/config/variable.ts';
import { makeTicket } from '../../src/protocol/ticket.ts';
import { configFile, PASSWORD_HASH, problemsOf, writeFile } from './config-file.ts';

const secret = (byte: number) =>
  Buffer.from(Array.from({ length: 32 }, (_, at) => byte + at)).toString('base64');

const joinTicket = (epoch: number) =>
  makeTicket({
    clusterId: 'a'.repeat(32),
    servers: [{ url: 'https://a.example', spki_sha256: secret(1) }],
    epoch,
    hash: 'b'.repeat(64),
  }).text.revealText();

/** Three good values for each key, as a variable spells them: for the file, the environment and a flag. */
const THREE: Readonly<Record<KeyPath, readonly [string, string, string]>> = {
  'server.host': ['10.0.0.1', '10.0.0.2', 'fleet.example.com'],
  'server.port': ['1', '2', '3'],
  'server.public_url': ['https://a.example', 'https://b.example', 'https://c.example'],
  'server.tls': ['own', 'off', 'own'],
  'server.tls_cert': ['/a.pem', '/b.pem', '/c.pem'],
  'server.tls_key': ['/a.pem', '/b.pem', '/c.pem'],
  'server.data_dir': ['/a', '/b', '/c'],
  'server.trusted_proxies': ['10.0.0.1', '10.0.0.2,10.0.0.3', '::1'],
  'server.accept_v1': ['true', 'false', 'true'],
  'server.api_key': [secret(1), secret(2), secret(3)],
  'server.web_username': ['ann', 'ben', 'cid'],
  'server.web_password': [PASSWORD_HASH, `${PASSWORD_HASH}A`, `${PASSWORD_HASH}B`],
  'server.encryption_key': [secret(4), secret(5), secret(6)],
  'server.db_encryption_key': [secret(7), secret(8), secret(9)],
  'database.url': ['sqlite:/a', 'postgres://a:b@db/c', 'sqlite:/c'],
  'database.ca_file': ['/a.pem', '/b.pem', '/c.pem'],
  'cluster.enabled': ['false', 'true', 'false'],
  'cluster.backend': ['file', 'redis', 'file'],
  'cluster.cluster_id': ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)],
  'cluster.cluster_secret': [secret(10), secret(11), secret(12)],
  'cluster.heartbeat_interval': ['1', '2s', '3'],
  'cluster.node_timeout': ['31', '1m', '33'],
  'cluster.hostname': ['a', 'b', 'c'],
  'cluster.node_id': ['a', 'b', 'c'],
  'cluster.state_path': ['/a', '/b', '/c'],
  'cluster.clock_tolerance': ['1', '2s', '3'],
  'cluster.admission': ['secret', 'ticket', 'secret'],
  'cluster.roster_pins': [`1:${'a'.repeat(64)}`, `2:${'b'.repeat(64)}`, `3:${'c'.repeat(64)}`],
  'cluster.join_ticket': [joinTicket(1), joinTicket(2), joinTicket(3)],
  'cluster.redis_host': ['a', '::1', 'c'],
  'cluster.redis_port': ['1', '2', '3'],
  'cluster.redis_db': ['1', '2', '3'],
  'cluster.redis_username': ['a', 'b', 'c'],
  'cluster.redis_password': ['a', 'b', 'c'],
  'cluster.redis_tls': ['true', 'false', 'true'],
  'cluster.redis_ca_file': ['/a.pem', '/b.pem', '/c.pem'],
  'cluster.redis_server_name': ['a', 'b', 'c'],
  'cluster.redis_sentinels': ['a:1', 'b:1,[::1]:2', 'c:1'],
  'cluster.redis_sentinel_master': ['a', 'b', 'c'],
  'agent.servers': ['https://a.example', 'https://b.example,https://c.example', 'https://d.example'],
  'agent.api_key': [secret(13), secret(14), secret(15)],
  'agent.interval': ['1', '2s', '3'],
  'agent.pins': [secret(16), `${secret(17)},${secret(18)}`, secret(19)],
  'agent.spool_dir': ['/a', '/b', '/c'],
  'agent.spool_max_mb': ['1', '2', '3'],
  'package.sign_key': ['/a.pem', '/b.pem', '/c.pem'],
  'package.sign_chain': ['/a.pem', '/b.pem', '/c.pem'],
  'log.level': ['debug', 'info', 'warn'],
  'log.format': ['json', 'text', 'json'],
  'log.file': ['/a', '/b', '/c'],
  'retention.raw': ['1h', '3601', '2h'],
  'retention.minute': ['3d', '4d', '5d'],
  'retention.hour': ['31d', '32d', '33d'],
  'notify.webhooks': ['https://a.example/x', 'https://b.example/y', 'https://c.example/z'],
  'notify.smtp': ['{}', '{}', '{}'],
  'notify.quiet_hours': ['22:00-06:00', '22:00-07:00', '22:00-08:00'],
};

/** A section of names cannot be written into a variable. */
const SECTION_KEYS: readonly KeyPath[] = ['notify.smtp'];
const KEYS = KEY_PATHS.filter((key) => !SECTION_KEYS.includes(key));

const plainOf = (key: KeyPath, text: string) => rowOf(key).kind.fromText(text);
/** With what an agent needs: for an agent, no key is judged together with those of a server. */
const fileWith = (key: KeyPath, text: string) => {
  const tree: Record<string, Record<string, unknown>> = {
    server: { encryption_key: secret(20) },
    agent: { servers: ['https://a.example'], api_key: secret(21) },
  };
  const [section = '', name = ''] = key.split('.');
  tree[section] = { ...tree[section], [name]: plainOf(key, text) };
  return configFile(stringify(tree));
};
const meant = (key: KeyPath, text: string) => {
  const reading = rowOf(key).kind.read(plainOf(key, text), '/');
  return reading.ok ? JSON.stringify(revealed(reading.value)) : `refused: ${reading.code}`;
};

/** What a value is, secrets by their fingerprints: two of them are otherwise alike to JSON. */
function revealed(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'fingerprint' in value)
    return (value as { fingerprint(): string }).fingerprint();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revealed(one)]));
}

type Options = Omit<Parameters<typeof loadConfig>[0], 'role'>;

/** What counts for the key, and where it came from. */
function counted(key: KeyPath, options: Options): { value: string; from: string | undefined } {
  const result = loadConfig({ role: 'agent', ...options });
  if (!result.ok) throw new Error(problemsOf(result).join('\n'));
  return { value: JSON.stringify(revealed(result.values[key])), from: result.origins.get(key)?.from };
}

describe.each(KEYS)('%s', (key) => {
  const [inFile, inEnvironment, inFlag] = THREE[key];
  const variable = variableOf(key);

  it('is read from config.yaml, over the default', () => {
    const { value, from } = counted(key, { configPath: fileWith(key, inFile), env: {} });
    expect({ value, from }).toEqual({ value: meant(key, inFile), from: 'file' });
  });

  it('is read from its variable, over config.yaml', () => {
    const env = { [variable]: inEnvironment };
    const { value, from } = counted(key, { configPath: fileWith(key, inFile), env });
    expect({ value, from }).toEqual({ value: meant(key, inEnvironment), from: 'environment' });
  });

  it('is read from a flag, over its variable', () => {
    const path = fileWith(key, inFile);
    const flag = isSecretPath(key)
      ? { flag: '--x-file', key, file: writeFile(join(dirname(path), 'flag'), inFlag) }
      : { flag: '--x', key: key as Exclude<typeof key, never>, text: inFlag };
    const options = { configPath: path, env: { [variable]: inEnvironment }, flags: [flag as never] };
    expect(counted(key, options)).toEqual({ value: meant(key, inFlag), from: 'flag' });
  });

  it(`${hasFileVariable(key) ? 'is' : 'is not'} read from the file that …_FILE names`, () => {
    const path = fileWith(key, inFile);
    const file = writeFile(join(dirname(path), 'own'), `${inEnvironment}\n`);
    const options = { configPath: path, env: { [`${variable}_FILE`]: file } };
    if (hasFileVariable(key)) {
      expect(counted(key, options)).toEqual({ value: meant(key, inEnvironment), from: 'environment' });
      const twice = { ...options.env, [variable]: inEnvironment };
      const refused = loadConfig({ role: 'agent', ...options, env: twice });
      expect(problemsOf(refused).join()).toContain(
        `$${variable}_FILE given_twice ${variable} is set as well`,
      );
    } else {
      expect(problemsOf(loadConfig({ role: 'agent', ...options })).join()).toContain(
        `$${variable}_FILE unknown_variable `,
      );
    }
  });

  it('set and empty in its variable is an empty value, and never the value of config.yaml', () => {
    const result = loadConfig({ role: 'agent', configPath: fileWith(key, inFile), env: { [variable]: '' } });
    const empty = rowOf(key).kind.read(plainOf(key, ''), '/');
    const codes = result.ok ? [] : result.problems.map(({ code, place }) => `${code} ${place.kind}`);
    if (empty.ok) expect(codes.filter((one) => one !== 'missing_key environment')).toEqual([]);
    else expect(codes).toContain(`${empty.code} environment`);
    expect(empty.ok).toBe(EMPTY_IS_NOTHING.includes(key));
  });
});

/** Lists without an entry, and names for which the package builder of the seeds wrote an empty text. */
const EMPTY_IS_NOTHING: readonly KeyPath[] = [
  'server.trusted_proxies',
  'cluster.hostname',
  'cluster.node_id',
  'cluster.roster_pins',
  'cluster.redis_sentinels',
  'agent.servers',
  'agent.pins',
  'notify.webhooks',
];
