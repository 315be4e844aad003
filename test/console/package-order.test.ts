import { describe, expect, it } from 'vitest';
import { faultsOf } from '../../console/package-faults.ts';
import { type Draft, EMPTY_DRAFT, orderOf, questionOf } from '../../console/package-order.ts';
import {
  agentOrder,
  clusterNodeOrder,
  packageReadinessQuery,
  standaloneOrder,
} from '../../src/http/shapes/packages.ts';

const draft = (changes: Partial<Draft> = {}): Draft => ({ ...EMPTY_DRAFT, ...changes });
const DOORS = { 'cluster-node': clusterNodeOrder, standalone: standaloneOrder, agent: agentOrder };
const KINDS = ['cluster-node', 'standalone', 'agent'] as const;

describe('the order of a package', () => {
  it('leaves out what was left empty, and the server takes it as it is', () => {
    for (const kind of KINDS) {
      const { body } = orderOf(kind, draft({ note: '  ' }));
      expect(DOORS[kind].safeParse(body).success, kind).toBe(true);
      expect(body).not.toHaveProperty('note');
      expect(body).not.toHaveProperty('package_name');
      expect(body).not.toHaveProperty('port');
    }
  });

  it('holds what the kind has, and nothing that was typed for another kind', () => {
    const full = draft({
      nodeName: 'server-03 ',
      port: '9000',
      redisHost: '10.0.1.9',
      redisPort: '6380',
      credentials: 'ticket',
      ticketLife: '3600',
      existingConfig: 'replace',
      servers: 'https://a.local:8768\n\n https://b.local:8768 ',
      interval: '30',
    });
    expect(orderOf('cluster-node', full).body).toEqual({
      architecture: 'universal',
      sign: false,
      credentials: 'ticket',
      existing_config: 'replace',
      node_name: 'server-03',
      port: 9000,
      redis_host: '10.0.1.9',
      redis_port: 6380,
      ticket_life_seconds: 3600,
    });
    expect(orderOf('standalone', full).body).toEqual({ architecture: 'universal', sign: false, port: 9000 });
    expect(orderOf('agent', full).body).toEqual({
      architecture: 'universal',
      sign: false,
      servers: ['https://a.local:8768', 'https://b.local:8768'],
      interval_seconds: 30,
    });
    for (const kind of KINDS)
      expect(DOORS[kind].safeParse(orderOf(kind, full).body).success, kind).toBe(true);
  });
});

describe('what the server is asked before anything is built', () => {
  it('is what decides of the order, of each server in turn', () => {
    const typed = draft({ nodeName: ' server-03', redisHost: '127.0.0.1', note: 'x', credentials: 'ticket' });
    expect(questionOf('cluster-node', typed, {})).toBe(
      'kind=cluster-node&architecture=universal&credentials=ticket&node_name=server-03&redis_host=127.0.0.1',
    );
    expect(questionOf('standalone', typed, {})).toBe('kind=standalone&architecture=universal');
    const agent = draft({ servers: 'https://a\nhttps://b', interval: '60' });
    expect(questionOf('agent', agent, {})).toBe(
      'kind=agent&architecture=universal&servers=https%3A%2F%2Fa&servers=https%3A%2F%2Fb&interval_seconds=60',
    );
  });

  it('is nothing that is known to be wrong: it would take nothing else with it', () => {
    const wrong = draft({ nodeName: '../etc', redisHost: '10.0.1.9' });
    const query = new URLSearchParams(questionOf('cluster-node', wrong, faultsOf('cluster-node', wrong)));
    expect([query.get('node_name'), query.get('redis_host')]).toEqual([null, '10.0.1.9']);
    for (const kind of KINDS) {
      const asked = Object.fromEntries(new URLSearchParams(questionOf(kind, wrong, faultsOf(kind, wrong))));
      expect(packageReadinessQuery.safeParse(asked).success, kind).toBe(true);
    }
  });
});

describe('the form', () => {
  it.each([
    ['cluster-node', 'nodeName', '../etc', 'server-03'],
    ['cluster-node', 'nodeName', 'a'.repeat(41), 'a'.repeat(40)],
    ['cluster-node', 'redisHost', 'redis:6379/x', '10.0.1.9'],
    ['cluster-node', 'redisHost', '-x', '::1'],
    ['cluster-node', 'redisPort', '65536', '65535'],
    ['standalone', 'port', '0', '1'],
    ['standalone', 'port', '80a', '80'],
    ['agent', 'packageName', '../x.pkg', 'x.pkg'],
    ['agent', 'packageName', 'x y.pkg', 'x-y.pkg'],
    ['agent', 'packageName', 'x"; rm.zip', `${'x'.repeat(124)}.pkg`],
    ['agent', 'interval', '3601', '3600'],
    ['agent', 'servers', 'ftp://a', 'http://a'],
    ['agent', 'servers', 'https://a\nb', 'https://a\nhttps://b'],
  ] as const)(
    'of a %s refuses what the server would refuse as %s: %s, and takes %s',
    (kind, field, wrong, right) => {
      expect(Object.keys(faultsOf(kind, draft({ [field]: wrong })))).toEqual([field]);
      expect(DOORS[kind].safeParse(orderOf(kind, draft({ [field]: wrong })).body).success).toBe(false);
      expect(faultsOf(kind, draft({ [field]: right }))).toEqual({});
      expect(DOORS[kind].safeParse(orderOf(kind, draft({ [field]: right })).body).success).toBe(true);
    },
  );
});
