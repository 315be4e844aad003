/** What is said of a registry, by what it is: only what is told is called good. */
import { describe, expect, it } from 'vitest';
import {
  levelLine,
  probeLine,
  type RegistryTerms,
  registryLines,
} from '../../src/services/security/registry-lines.ts';
import { isAlarming, type SecurityLine } from '../../src/services/security/security-line.ts';
import type { FolderFacts, RedisFacts } from '../../src/store/registry-facts.ts';

const REDIS: RedisFacts = {
  kind: 'redis',
  tls: true,
  user: { told: 'fleet-server-01' },
  isOpen: { told: false },
  version: { told: '7.0.15' },
  role: { told: 'master' },
  appendOnly: { told: true },
  snapshots: { told: 3 },
  maxmemoryPolicy: { told: 'noeviction' },
};
const FOLDER: FolderFacts = { kind: 'folder', path: '/shared', ownerId: 501, isOurs: true, mode: 0o700 };
const ABROAD: RegistryTerms = { hasPassword: true, isLocal: false };

function lineOf(code: string, lines: readonly SecurityLine[]): SecurityLine {
  const found = lines.find((line) => line.code === code);
  if (found === undefined) throw new Error(`no line ${code}`);
  return found;
}

const redis = (code: string, change: Partial<RedisFacts> = {}, terms: Partial<RegistryTerms> = {}) =>
  lineOf(code, registryLines({ ...REDIS, ...change }, { ...ABROAD, ...terms }));
const NOT_ALLOWED = { told: null, why: 'not_allowed' } as const;
const NOT_TOLD = { told: null, why: 'not_told' } as const;

describe('a Redis', () => {
  it('with TLS, a user of its own and no open door gives nothing to warn of', () => {
    const states = registryLines(REDIS, ABROAD).map(({ state }) => state);
    expect(states.filter((state) => state !== 'pass' && state !== 'info')).toEqual([]);
  });

  it('without TLS has a password that whoever listens learns, and level 3 does not help', () => {
    expect(redis('redis_tls', { tls: false })).toMatchObject({
      state: 'warn',
      seen: 'no TLS: the password and all records cross the network readable, and whoever listens can log in. Level 3 does not keep him out',
      mend: expect.stringContaining('redis_tls: true'),
    });
    expect(redis('redis_tls', { tls: false }, { hasPassword: false }).seen).not.toContain('password');
    expect(redis('redis_tls', { tls: false }, { isLocal: true })).toMatchObject({ state: 'pass' });
  });

  it('that lets anybody in makes a password a word, and alarms', () => {
    const open = redis('redis_open', { isOpen: { told: true } });
    expect(open).toMatchObject({ state: 'fail', group: 'level', expected: 'refused', seen: 'let in' });
    expect(isAlarming(open)).toBe(true);
    const without = redis('redis_open', { isOpen: { told: true } }, { hasPassword: false });
    expect(without).toMatchObject({ state: 'warn', group: 'registry' });
  });

  it('that could not be tried is not called closed', () => {
    expect(redis('redis_open', { isOpen: NOT_TOLD })).toMatchObject({
      state: 'info',
      seen: 'it does not say',
    });
  });

  it.each([
    ['redis_user', { user: { told: 'default' } }, 'warn', 'default, who may do everything'],
    ['redis_user', { user: NOT_ALLOWED }, 'info', 'not allowed to ask'],
    [
      'redis_eviction',
      { maxmemoryPolicy: { told: 'allkeys-lru' } },
      'warn',
      'allkeys-lru: it removes any record',
    ],
    ['redis_eviction', { maxmemoryPolicy: { told: 'volatile-ttl' } }, 'pass', 'volatile-ttl'],
    ['redis_eviction', { maxmemoryPolicy: NOT_ALLOWED }, 'info', 'not allowed to ask'],
    ['redis_version', { version: NOT_TOLD }, 'info', 'it does not say'],
    ['redis_persistence', {}, 'info', 'append-only file: on; snapshots: 3 written since it started'],
    [
      'redis_persistence',
      { appendOnly: NOT_ALLOWED, snapshots: NOT_TOLD },
      'info',
      'append-only file: not allowed to ask; snapshots: it does not say',
    ],
  ] as const)('has in %s with %j the state %s', (code, change, state, seen) => {
    expect(redis(code, change)).toMatchObject({ state, seen });
  });
});

describe('a shared folder', () => {
  it.each([
    [{}, 'folder_mode', 'pass', 'mode 0700'],
    [{ mode: 0o775 }, 'folder_mode', 'warn', 'mode 0775: others may write'],
    [{ mode: 0o702 }, 'folder_mode', 'warn', 'mode 0702: others may write'],
    [{ mode: 0o755 }, 'folder_mode', 'info', 'mode 0755: others may read'],
    [{}, 'folder_owner', 'pass', 'the user this server runs as'],
    [{ isOurs: false, ownerId: 0 }, 'folder_owner', 'warn', 'the user with the id 0'],
  ] as const)('with %j says in %s %s', (change, code, state, seen) => {
    expect(lineOf(code, registryLines({ ...FOLDER, ...change }, ABROAD))).toMatchObject({ state, seen });
  });
});

describe('the level', () => {
  it.each([
    [null, 2, 'pass', 'level 2 or higher'],
    [2, 3, 'pass', 'level 2 or higher'],
    [3, 3, 'pass', 'level 3'],
    [3, 2, 'fail', 'level 3'],
    [null, 1, 'fail', 'level 2 or higher'],
  ] as const)('promised %s and now %i is %s', (promised, now, state, expected) => {
    const line = levelLine(promised, now);
    expect(line).toMatchObject({ state, expected, seen: `level ${now}` });
    expect(isAlarming(line)).toBe(state === 'fail');
    expect(line.mend === null).toBe(state === 'pass');
  });
});

describe('the probe', () => {
  it('that fails is a failed line, and leaves the alarm to the registry’s own finding', () => {
    const failed = probeLine('it is a replica');
    expect(failed).toMatchObject({ state: 'fail', seen: 'it is a replica' });
    expect(isAlarming(failed)).toBe(false);
    expect(probeLine(null)).toMatchObject({ state: 'pass', seen: 'the same value', mend: null });
  });
});
