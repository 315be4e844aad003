/** What leaks give away: each sentence follows from the configuration, and each command is whole. */
import { describe, expect, it } from 'vitest';
import { type BlastRadius, blastRadius } from '../../src/services/security/blast-radius.ts';
import type { Exposure } from '../../src/services/security/exposure.ts';

const REDIS = {
  kind: 'redis',
  host: 'redis.example.com',
  port: 6379,
  tls: true,
  isLocal: false,
  username: 'fleet-n1',
  hasPassword: true,
} as const;
const POSTGRES = {
  engine: 'postgres',
  host: 'db.example.com',
  port: 5432,
  database: 'fleet',
  user: 'atlas',
} as const;
const CLUSTER: Exposure = {
  nodeId: 'n1',
  members: ['n1', 'n2', 'n3'],
  authenticated: true,
  admission: 'secret',
  registry: REDIS,
  database: POSTGRES,
  acceptV1: true,
  tls: true,
};
const SINGLE: Exposure = {
  ...CLUSTER,
  members: ['n1'],
  authenticated: false,
  admission: null,
  registry: null,
  database: { engine: 'sqlite', path: '/var/fleet.db' },
};

function entry(code: BlastRadius['code'], change: Partial<Exposure> = {}, of = CLUSTER): BlastRadius {
  const found = blastRadius({ ...of, ...change }).find((one) => one.code === code);
  if (found === undefined) throw new Error(`no entry ${code}`);
  return found;
}
const can = (...given: Parameters<typeof entry>) => entry(...given).can.join('\n');
const cannot = (...given: Parameters<typeof entry>) => entry(...given).cannot.join('\n');
const commands = (...given: Parameters<typeof entry>) =>
  entry(...given).recover.map(({ command }) => command);

const ASKED = String.raw`printf 'Password of ADMIN: '; read -rs NOW; printf '\nNew password: '; read -rs NEW; echo; printf '>%s' "$NEW" | REDISCLI_AUTH="$NOW"`;
const REDIS_COMMANDS = [
  `${ASKED} redis-cli -h redis.example.com -p 6379 --tls --user ADMIN -x ACL SETUSER fleet-n1 resetpass; unset NOW NEW`,
  'redis-cli -h redis.example.com -p 6379 --tls --user ADMIN --askpass ACL SAVE',
  'redis-cli -h redis.example.com -p 6379 --tls --user ADMIN --askpass CONFIG REWRITE',
  'redis-cli -h redis.example.com -p 6379 --tls --user ADMIN --askpass CLIENT KILL USER fleet-n1',
];
const POSTGRES_COMMANDS = [
  `psql -h db.example.com -p 5432 -U postgres -d fleet -c '\\password "atlas"'`,
  "psql -h db.example.com -p 5432 -U postgres -d fleet -c 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $name$atlas$name$ AND pid <> pg_backend_pid()'",
  'atlas-fleet token list',
  'atlas-fleet user list',
];

describe('a package with embedded credentials', () => {
  it('joins while the secret admits, and does not where a ticket is needed', () => {
    expect(can('package')).toContain('Join this cluster under a new name');
    expect(can('package', { admission: 'ticket' })).not.toContain('Join');
    expect(cannot('package', { admission: 'ticket' })).toContain('the cluster secret alone lets nobody in');
    expect(can('package', { authenticated: false, admission: null })).toContain('authentication is off');
  });

  it('makes up reports while v1 is accepted, and reads captured ones in either case', () => {
    expect(can('package')).toContain('make up reports of any');
    expect(can('package', { acceptV1: false })).toContain('make up none');
  });

  it('is mended by a rotation that keeps all members, and by new passwords', () => {
    expect(commands('package')).toEqual([
      ...POSTGRES_COMMANDS,
      ...REDIS_COMMANDS,
      'atlas-fleet cluster rotate-secret --compromised --keep n1 --keep n2 --keep n3',
    ]);
    expect(entry('package').not_yet).toContain('cannot be changed by a command yet');
  });

  it('of a single server has no cluster in it', () => {
    const text = JSON.stringify(entry('package', {}, SINGLE));
    expect(text).not.toMatch(/cluster|Redis|roster/);
    expect(can('package', {}, SINGLE)).toContain('db_encryption_key is in it');
  });
});

describe("a server's disk", () => {
  it('speaks as that server and no other, until it is evicted', () => {
    expect(can('node')).toContain('Speak as n1');
    expect(cannot('node')).toContain('Speak as another server');
    const backends = [...POSTGRES_COMMANDS, ...REDIS_COMMANDS];
    expect(commands('node')).toEqual([
      ...backends,
      'atlas-fleet cluster rotate-secret --compromised --keep n2 --keep n3',
    ]);
    expect(commands('node', { admission: 'ticket' })).toEqual([
      ...backends,
      'atlas-fleet cluster evict n1',
      'atlas-fleet cluster rotate-secret --compromised --keep n2 --keep n3',
    ]);
  });

  it('acts through PostgreSQL after its eviction, until the passwords are changed', () => {
    const database = { engine: 'sqlite', path: '/var/fleet.db' } as const;
    expect(can('node')).toContain('Make an administrator of his own in the database');
    expect(cannot('node')).toContain('once the passwords of the database and Redis are changed');
    expect(can('node', { database })).not.toContain('Make an administrator');
    expect(cannot('node', { database })).toContain('Bring back one that was evicted.');
  });

  it('holds the data where that is SQLite', () => {
    expect(can('node')).not.toContain('its key lie there');
    expect(can('node', {}, SINGLE)).toContain('Read and change all data: /var/fleet.db');
  });
});

describe('the registry', () => {
  it('denies presence and forges nothing, unless authentication is off', () => {
    expect(cannot('registry')).toContain('every record and step is signed');
    expect(can('registry')).not.toContain('Add, change');
    expect(can('registry', { authenticated: false })).toContain('Add, change and revive');
    expect(cannot('registry', { authenticated: false })).not.toContain('signed');
  });

  it('without TLS on another machine gives its password to whoever listens', () => {
    expect(can('registry')).not.toContain('Without TLS');
    expect(can('registry', { registry: { ...REDIS, tls: false } })).toContain('learns its password');
    expect(can('registry', { registry: { ...REDIS, tls: false, isLocal: true } })).not.toContain(
      'Without TLS',
    );
  });

  it('behind Sentinels, and with the default user, is mended by commands that say so', () => {
    const registry = { ...REDIS, host: null, username: null, tls: false };
    expect(commands('registry', { registry })[0]).toBe(
      `${ASKED} redis-cli -h MASTER -p 6379 --user ADMIN -x ACL SETUSER default resetpass; unset NOW NEW`,
    );
  });

  it('is a folder, or none', () => {
    expect(entry('registry', { registry: { kind: 'folder', path: '/shared' } })).toMatchObject({
      leaked: 'The shared folder of the cluster',
      recover: [],
    });
    expect(can('registry', {}, SINGLE)).toContain('Nothing: this is a single server');
  });
});

describe('the database', () => {
  it('gives figures and not names in PostgreSQL, and nothing in SQLite', () => {
    expect(can('database')).toContain('Read all figures');
    expect(cannot('database')).toContain('they are sealed');
    expect(can('database')).toContain('by a hash of his own');
    expect(cannot('database')).toContain('But who may write can act as an administrator');
    expect(commands('database')).toEqual(POSTGRES_COMMANDS);
    expect(cannot('database', { database: { engine: 'sqlite', path: '/var/fleet.db' } })).toContain(
      'Join the cluster or change the roster: no cluster secret lies there.',
    );
    expect(can('database', {}, SINGLE)).toContain('Nothing can be read from it');
    expect(commands('database', {}, SINGLE)).toEqual([]);
  });

  it.each(["o'brien", 'a"b', 'x; rm -rf /', '$(id)'])(
    'with a user named %s has a command that is one word',
    (user) => {
      const [command = ''] = commands('database', { database: { ...POSTGRES, user } });
      const quoted = command.slice(command.indexOf("-c '") + 3);
      expect(quoted.replaceAll("'\\''", '')).toMatch(/^'[^']*'$/);
    },
  );
});

describe('the Mac of an agent', () => {
  it('reads and forges the reports of others while v1 is accepted', () => {
    expect(can('agent')).toContain('Make up reports of any Mac');
    expect(can('agent', { acceptV1: false })).toContain('v1 reports are refused here');
    expect(can('agent', { tls: false })).toContain('plain HTTP');
    expect(entry('agent').not_yet).toContain('cannot be changed by a command yet');
  });
});

it.each([CLUSTER, SINGLE])('names five leaks, each in whole sentences', (exposure) => {
  const all = blastRadius(exposure);
  expect(all.map(({ code }) => code)).toEqual(['package', 'node', 'registry', 'database', 'agent']);
  for (const { can: able, cannot: unable } of all) {
    expect(able.length).toBeGreaterThan(0);
    for (const sentence of [...able, ...unable]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});
