/** What stands in the way of a package of a cluster node, what is only said, and the mend of each. */
import { describe, expect, it } from 'vitest';
import {
  type ClusterNodeFacts,
  clusterNodeChecks,
} from '../../../src/services/packages/cluster-node-checks.ts';
import type { PackageCheck } from '../../../src/services/packages/package-check.ts';
import { CALM_ROSTER } from '../../fakes/roster-state.ts';

const REDIS = { kind: 'redis', host: '10.0.1.50', isLocal: false, hasPassword: true, tls: true } as const;
const GOOD: ClusterNodeFacts = {
  isClustered: true,
  hasSecret: true,
  roster: CALM_ROSTER,
  isRotating: false,
  registry: REDIS,
  database: { engine: 'postgres', host: 'db.example.com', isLocal: false },
  tls: true,
  isServerLocal: false,
  ticketHosts: ['vm', 'vm.example.com'],
  needsTicket: false,
  evictedName: null,
  taken: null,
  isClockTrusted: true,
};

const notPassed = (checks: readonly PackageCheck[]) =>
  checks.filter(({ result }) => result !== 'pass').map(({ code, result }) => `${code} ${result}`);

describe('a package of a cluster node', () => {
  it('can be built where everything is as it should be, and nothing has to be mended', () => {
    const checks = clusterNodeChecks(GOOD);
    expect(notPassed(checks)).toEqual([]);
    expect(checks.filter(({ mend }) => mend !== null)).toEqual([]);
  });

  const frozen = { kind: 'frozen', epoch: 3, ours: 'aa', theirs: 'bb' } as const;
  it.each<[string, Partial<ClusterNodeFacts>, string[]]>([
    [
      'cluster mode off',
      { isClustered: false, hasSecret: false, roster: null },
      ['cluster_mode fail', 'cluster_secret fail'],
    ],
    ['no cluster_secret', { hasSecret: false, roster: null }, ['cluster_secret fail']],
    ['no roster yet', { roster: { ...CALM_ROSTER, admits: null } }, ['roster fail']],
    ['two pasts of the roster', { roster: { ...CALM_ROSTER, trouble: frozen } }, ['roster fail']],
    ['a server that is no member', { roster: { ...CALM_ROSTER, standing: 'waiting' } }, ['roster fail']],
    [
      'a server without the secret that counts',
      { roster: { ...CALM_ROSTER, lacksSecret: 'e7a1' } },
      ['roster fail'],
    ],
    [
      'a trouble that changes nothing',
      { roster: { ...CALM_ROSTER, trouble: { kind: 'short', from: 2 } } },
      [],
    ],
    ['a rotation under way', { isRotating: true }, ['rotation fail']],
    ['the name of an evicted server', { evictedName: 'server-04' }, ['node_name fail']],
    ['the name of another server', { taken: { name: 'server-02', isThisServer: false } }, ['node_name fail']],
    ['a registry in a folder', { registry: { kind: 'folder' } }, ['registry_address fail']],
    [
      'a Redis that only this machine reaches',
      { registry: { ...REDIS, isLocal: true } },
      ['registry_address fail'],
    ],
    [
      'Sentinels on this machine',
      { registry: { ...REDIS, host: null, isLocal: true } },
      ['registry_address fail'],
    ],
    [
      'a Redis by a name of this network',
      { registry: { ...REDIS, host: 'mini.local' } },
      ['registry_address warn'],
    ],
    ['a Redis without a password', { registry: { ...REDIS, hasPassword: false } }, ['redis_password warn']],
    ['a Redis without TLS', { registry: { ...REDIS, tls: false } }, ['redis_tls warn']],
    ['SQLite', { database: { engine: 'sqlite' } }, ['database_address fail']],
    [
      'a PostgreSQL that only this machine reaches',
      { database: { engine: 'postgres', host: '127.0.0.1', isLocal: true } },
      ['database_address fail'],
    ],
    ['a ticket and no TLS', { needsTicket: true, tls: false }, ['join_ticket fail']],
    [
      'a ticket that names this machine alone',
      { needsTicket: true, isServerLocal: true },
      ['join_ticket warn'],
    ],
    ['a ticket that knows bare names only', { needsTicket: true, ticketHosts: ['vm'] }, ['join_ticket warn']],
    ['a ticket that knows an address', { needsTicket: true, ticketHosts: ['vm', '::1'] }, []],
    ['no TLS and no ticket', { tls: false }, []],
    ['a clock that is doubted', { isClockTrusted: false }, ['clock warn']],
  ])('with %s', (_, changes, expected) => {
    const checks = clusterNodeChecks({ ...GOOD, ...changes });
    expect(notPassed(checks)).toEqual(expected);
    for (const { result, mend } of checks) expect(mend === null).toBe(result === 'pass');
  });
});
