import { describe, expect, it } from 'vitest';
import { type Draft, EMPTY_DRAFT } from '../../console/package-order.ts';
import {
  absence,
  commandsIn,
  fixOf,
  held,
  holdsTicket,
  obstacles,
  refusalOf,
  refusedFields,
} from '../../console/package-readiness.ts';
import { packageCheck, packageReadiness } from './package-data.ts';
import { health } from './page-data.ts';

const draft = (changes: Partial<Draft> = {}): Draft => ({ ...EMPTY_DRAFT, ...changes });
const failed = (code: string) => packageCheck({ code, result: 'fail' });

describe('what stands in the way of a package', () => {
  it('is what fails, not what warns', () => {
    const checks = [packageCheck(), packageCheck({ result: 'warn' }), failed('program')];
    expect(obstacles(packageReadiness({ checks }))).toEqual([failed('program')]);
  });

  it('stands at the field where it was typed, and nowhere when nothing was', () => {
    const wrong = { ...failed('registry_address'), sentence: 'Redis is at 127.0.0.1.' };
    const readiness = packageReadiness({ checks: [wrong, failed('database_address')] });
    expect(refusedFields(readiness, draft())).toEqual({});
    expect(refusedFields(readiness, draft({ redisHost: '127.0.0.1' }))).toEqual({
      redisHost: 'Redis is at 127.0.0.1.',
    });
  });
});

describe('the way to mend it', () => {
  const { defaults } = packageReadiness();

  it.each([
    ['node_name', 'nodeName'],
    ['registry_address', 'redisHost'],
    ['server_address', 'servers'],
    ['program', 'architecture'],
  ])('of %s is the field %s', (code, field) => {
    expect(fixOf(failed(code), packageReadiness())).toMatchObject({ kind: 'field', field });
  });

  it('of what the Cluster Health Monitor tells more of is that page', () => {
    expect(fixOf(failed('roster'), packageReadiness())).toMatchObject({ href: '/settings/cluster' });
    expect(fixOf(packageCheck({ code: 'redis_tls', result: 'warn' }), packageReadiness())).not.toBeNull();
  });

  it('is none where no field can: nothing fails, no one address of Redis, no processor that is there', () => {
    expect(fixOf(packageCheck({ code: 'node_name' }), packageReadiness())).toBeNull();
    expect(fixOf(failed('database_address'), packageReadiness())).toBeNull();
    const folder = packageReadiness({ defaults: { ...defaults, redis_host: null } });
    expect(fixOf(failed('registry_address'), folder)).toBeNull();
    const architectures = [{ architecture: 'arm64', lack: 'It is not here.', mend: 'Fetch it.' }] as const;
    expect(fixOf(failed('program'), packageReadiness({ architectures: [...architectures] }))).toBeNull();
  });
});

describe('the contents', () => {
  it('are those of the way that is chosen, and tell whether a ticket is among them', () => {
    const readiness = packageReadiness();
    expect(held(readiness, draft())?.credentials).toBe('embedded');
    expect(holdsTicket(held(readiness, draft()))).toBe(false);
    expect(holdsTicket(held(readiness, draft({ credentials: 'ticket' })))).toBe(true);
  });

  it('say why the administrators are not inside, where somebody may look for them', () => {
    const readiness = packageReadiness();
    const item = { name: 'web_password', why: 'Hash.', secret: true, fingerprint: null };
    const embedded = { credentials: 'embedded', items: [] } as const;
    expect(absence(readiness, { ...embedded, items: [] })).toContain('are in the database');
    expect(absence(readiness, { ...embedded, items: [item] })).toBeNull();
    expect(absence(readiness, { credentials: 'ticket', items: [] })).toBeNull();
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
