import { describe, expect, it } from 'vitest';
import { type Draft, EMPTY_DRAFT } from '../../console/package-order.ts';
import { commandsIn, held, holdsTicket, obstacles, refusalOf } from '../../console/package-readiness.ts';
import { packageCheck, packageReadiness } from './package-data.ts';
import { health } from './page-data.ts';

const draft = (changes: Partial<Draft> = {}): Draft => ({ ...EMPTY_DRAFT, ...changes });
const failed = (code: string) => packageCheck({ code, result: 'fail' });

describe('what stands in the way of a package', () => {
  it('is what fails, not what warns', () => {
    const checks = [packageCheck(), packageCheck({ result: 'warn' }), failed('program')];
    expect(obstacles(packageReadiness({ checks }), draft())).toEqual([failed('program')]);
  });

  it('is no more an address of Redis that the order replaces by one that others reach', () => {
    const readiness = packageReadiness({ checks: [failed('registry_address')] });
    expect(obstacles(readiness, draft({ redisHost: '10.0.1.9' }))).toEqual([]);
    for (const redisHost of ['', 'localhost', '127.0.0.2', '::1']) {
      expect(obstacles(readiness, draft({ redisHost })), redisHost).toHaveLength(1);
    }
  });

  it('stays a registry that is no Redis, whatever address is typed', () => {
    const { defaults } = packageReadiness();
    const readiness = packageReadiness({
      checks: [failed('registry_address')],
      defaults: { ...defaults, redis_host: null },
    });
    expect(obstacles(readiness, draft({ redisHost: '10.0.1.9' }))).toHaveLength(1);
  });

  it('is no more an address for agents when the order names others, each with TLS', () => {
    const readiness = packageReadiness({ kind: 'agent', checks: [failed('server_address')] });
    expect(obstacles(readiness, draft({ servers: 'https://a.local:8768' }))).toEqual([]);
    for (const servers of ['', 'http://a.local', 'https://a.local\nhttps://127.0.0.1', 'https://[::1]:1']) {
      expect(obstacles(readiness, draft({ servers })), servers).toHaveLength(1);
    }
  });
});

describe('the contents', () => {
  it('are those of the way that is chosen, and tell whether a ticket is among them', () => {
    const readiness = packageReadiness();
    expect(held(readiness, draft())?.credentials).toBe('embedded');
    expect(holdsTicket(held(readiness, draft()))).toBe(false);
    expect(holdsTicket(held(readiness, draft({ credentials: 'ticket' })))).toBe(true);
  });

  it('of a package that has one way only do not depend on the choice', () => {
    const readiness = packageReadiness({
      kind: 'standalone',
      contents: [{ credentials: 'none', items: [] }],
    });
    expect(held(readiness, draft({ credentials: 'ticket' }))?.credentials).toBe('none');
  });
});

describe('the commands in a mend', () => {
  it.each([
    ['Fetch it: atlas-fleet runtime fetch.', ['atlas-fleet runtime fetch']],
    ['Run atlas-fleet runtime fetch --architecture x64.', ['atlas-fleet runtime fetch --architecture x64']],
    [
      'See both with atlas-fleet cluster roster, and choose with atlas-fleet cluster choose.',
      ['atlas-fleet cluster roster', 'atlas-fleet cluster choose'],
    ],
    [
      'Wait until it is over (atlas-fleet cluster rotation), or build it then.',
      ['atlas-fleet cluster rotation'],
    ],
    ['Lift the ban: atlas-fleet cluster readmit mini-3.local.', ['atlas-fleet cluster readmit mini-3.local']],
    ['Give it one: atlas-fleet cluster redis-acl writes the users.', []],
    ['Set server.tls: own.', []],
  ])('of "%s" are %j', (mend, commands) => {
    expect(commandsIn(mend)).toEqual(commands);
  });
});

describe('a cluster node package', () => {
  it('is not offered without a cluster, nor without authentication; the other kinds are', () => {
    const alone = health({ cluster_enabled: false });
    expect(refusalOf('cluster-node', alone)?.title).toBe('There is no cluster to join yet');
    expect(refusalOf('standalone', alone)).toBeNull();
    const open = health({ security: { ...health().security, enabled: false } });
    expect(refusalOf('cluster-node', open)?.title).toBe('Blocked: cluster authentication is off');
    expect(refusalOf('agent', open)).toBeNull();
    expect(refusalOf('cluster-node', health())).toBeNull();
    expect(refusalOf('cluster-node', undefined)).toBeNull();
  });
});
