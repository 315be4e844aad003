import { describe, expect, it } from 'vitest';
import { faultsOf } from '../../console/package-faults.ts';
import { type Draft, EMPTY_DRAFT, orderOf } from '../../console/package-order.ts';
import { agentOrder, clusterNodeOrder, standaloneOrder } from '../../src/http/shapes/packages.ts';

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

describe('the form', () => {
  it('says which name is taken, whatever its capitals', () => {
    const { nodeName } = faultsOf('cluster-node', draft({ nodeName: 'Server-02' }), [
      'server-01',
      'server-02',
    ]);
    expect(nodeName).toBe('server-02 is a server of this cluster already. Its name cannot be used twice.');
    expect(faultsOf('standalone', draft({ nodeName: 'server-02' }), ['server-02'])).toEqual({});
  });

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
      expect(Object.keys(faultsOf(kind, draft({ [field]: wrong }), []))).toEqual([field]);
      expect(DOORS[kind].safeParse(orderOf(kind, draft({ [field]: wrong })).body).success).toBe(false);
      expect(faultsOf(kind, draft({ [field]: right }), [])).toEqual({});
      expect(DOORS[kind].safeParse(orderOf(kind, draft({ [field]: right })).body).success).toBe(true);
    },
  );
});
