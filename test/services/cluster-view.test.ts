import { beforeEach, describe, expect, it } from 'vitest';
import type { Keyring } from '../../src/protocol/keyring.ts';
import { securityStatus } from '../../src/protocol/security-level.ts';
import { ClusterView } from '../../src/services/cluster/cluster-view.ts';
import { KEYRING, Signer } from '../protocol/signer.ts';
import { type Server, SmallCluster } from './small-cluster.ts';

let small: SmallCluster;
let a: Server;
let c: Server;

beforeEach(async () => {
  small = new SmallCluster();
  [a, , c] = await small.startThree();
});

function viewOf(
  server: Server | null,
  keyring: Keyring | null = KEYRING,
  describe = () => small.disk('a').signer.nodeBody(),
): ClusterView {
  const keys = keyring && { clusterId: keyring.clusterId, keyId: keyring.signing.keyId };
  return new ClusterView({
    databaseOutage: () => null,
    securityFindings: () => [],
    clock: small.time,
    nodeId: 'a',
    describe,
    reportsPerMinute: () => 42,
    security: () => securityStatus(keys, false),
    intervalSeconds: 10,
    timeoutSeconds: 30,
    cluster: server?.cluster ?? null,
  });
}

describe('the nodes', () => {
  it('are all of them by name, with what each said of itself', () => {
    const { nodes, count } = viewOf(a).nodes();
    expect(count).toBe(3);
    expect(nodes.map(({ node_id, state, this_node }) => [node_id, state, this_node])).toEqual([
      ['a', 'healthy', true],
      ['b', 'healthy', false],
      ['c', 'healthy', false],
    ]);
    expect(nodes[2]).toMatchObject({
      hostname: 'c.local',
      host: 'c.example.org',
      port: 8768,
      version: '0.1.0',
      key_id: KEYRING.signing.keyId,
      signature: 'verified',
      reports_per_minute: 42,
      started_at: '2026-11-21T12:00:00.000Z',
      incarnation: c.cluster.heartbeat.incarnation,
    });
  });

  it('that are refused for their clock say why', async () => {
    c.clock.offsetMs = 600_000;
    await small.intervals(4);
    expect(viewOf(a).nodes().nodes[2]).toMatchObject({
      state: 'rejected',
      signature: expect.stringMatching(/^Timestamp in future \(\d{3}s > 5s\)$/),
    });
  });

  it.each([8_640_000_000_001, Number.MAX_SAFE_INTEGER, Number.NaN])(
    'with a start at %d are told without it',
    (startedAt) => {
      const describe = () => ({ ...small.disk('a').signer.nodeBody(), started_at: startedAt });
      expect(viewOf(null, null, describe).nodes().nodes[0]?.started_at).toBeNull();
    },
  );

  it('without a cluster are this one', () => {
    expect(viewOf(null, null).nodes()).toMatchObject({
      count: 1,
      nodes: [{ node_id: 'a', state: 'healthy', last_heartbeat_age_seconds: null, signature: 'off' }],
    });
  });
});

describe('the status', () => {
  it('counts who is there and who takes reports', async () => {
    c.clock.kill();
    await small.intervals(4);
    expect(viewOf(a).status()).toMatchObject({
      enabled: true,
      node_id: 'a',
      total_nodes: 3,
      active_nodes: 2,
      security: { enabled: true, authentication: 'HMAC-SHA256', level: 2 },
    });
  });
});

describe('the health check', () => {
  it('of a healthy cluster has no findings, and a probe that worked', async () => {
    expect(await viewOf(a).healthCheck(true)).toMatchObject({
      overall: 'healthy',
      verdict: 'Healthy: any one of your 3 servers can stop and nothing is lost.',
      backend: { state: 'available', since: null, write_probe: { ok: true, error: null } },
      failover: {
        servers_that_can_stop: 2,
        sentence:
          'Any 2 servers, one after the other, can stop; agents send to the others, and no acknowledged report is lost.',
      },
      findings: [],
      refusals: [],
    });
  });

  it('of a registry that is away tells since when, and what the probe said', async () => {
    small.registry.readable = false;
    small.registry.writable = false;
    await small.intervals(6);
    const health = await viewOf(a).healthCheck(true);
    expect(health).toMatchObject({
      overall: 'critical',
      backend: {
        state: 'unavailable',
        since: expect.stringMatching(/^2026-11-21T12:00:/),
        write_probe: { ok: false, error: 'the registry memory cannot be used' },
      },
    });
    expect(health.nodes.map(({ state }) => state)).toEqual(['healthy', 'healthy', 'healthy']);
    expect(health.findings.map(({ code }) => code)).toEqual(['registry_unavailable']);
  });

  it('of a registry that cannot be written declares nobody dead, and says why', async () => {
    small.registry.writable = false;
    await small.intervals(3);
    const { findings } = await viewOf(a).healthCheck(false);
    expect(findings.map(({ code }) => code)).toEqual(['registry_not_writable']);
    await small.intervals(20);
    const { nodes, verdict } = await viewOf(a).healthCheck(false);
    expect(nodes.map(({ state }) => state)).toEqual(['healthy', 'healthy', 'healthy']);
    expect(verdict).toMatch(/^Critical: The registry takes nothing that a writes/);
  });

  it('of a registry that was emptied says incomplete, and names who is missing', async () => {
    small.registry.remove('heartbeat', 'c');
    c.clock.kill();
    await small.time.advance(5000);
    const { backend, findings } = await viewOf(a).healthCheck(false);
    expect(backend.state).toBe('incomplete');
    expect(findings[0]?.sentence).toBe(
      'The registry is incomplete: it holds nothing that c wrote. Somebody removed or overwrote it; that is no sign that they stopped.',
    );
  });

  it('shows nothing that a stranger wrote as it was written: neither in refusals nor in findings nor in the verdict', async () => {
    small.registry.put('node', 'eve', JSON.stringify({ node_id: 'evil\u001b[2J\n\u202elive' }));
    await small.time.advance(5000);
    const health = await viewOf(a).healthCheck(false);
    expect(health.refusals[0]).toMatchObject({
      code: 'missing_signature',
      node_id: 'evil\\u001b[2J\\u000a\\u202elive',
      slot: 'fleet:cluster:node:eve',
      count: 1,
    });
    expect(health.findings[0]?.sentence).toContain('evil\\u001b[2J\\u000a\\u202elive');
    const text = [health.verdict, ...health.findings.map(({ sentence }) => sentence)].join();
    expect(text).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });
});

describe('a slot, inspected', () => {
  const inspect = (key: string) => viewOf(a).inspect(key);

  it('with a good record is verified', async () => {
    const inspected = await inspect('fleet:cluster:heartbeat:c');
    expect(inspected).toMatchObject({
      found: 'record',
      verified: true,
      code: null,
      sentence: 'Authentic, and inside its window.',
    });
    expect(inspected.text).toContain('"node_id":"c"');
    expect(inspected.size_bytes).toBe(Buffer.byteLength(inspected.text ?? ''));
  });

  it('with another’s record says whose it is', async () => {
    small.registry.put('heartbeat', 'c', small.registry.capture('heartbeat', 'b'));
    expect(await inspect('fleet:cluster:heartbeat:c')).toMatchObject({
      verified: false,
      code: 'wrong_slot',
      sentence:
        'fleet:cluster:heartbeat:c holds a record of b. Somebody copied it there; see who can write to the registry.',
    });
  });

  it('with an old record says how old, however often it was seen', async () => {
    c.clock.kill();
    await small.intervals(6);
    expect(await inspect('fleet:cluster:heartbeat:c')).toMatchObject({
      verified: false,
      code: 'timestamp_old',
    });
  });

  it('with nothing in it, or no record at all, is told apart', async () => {
    small.registry.put('node', 'folder', { kind: 'unreadable', reason: 'Not a file' });
    expect(await inspect('fleet:cluster:node:nobody')).toMatchObject({
      found: 'missing',
      verified: false,
      sentence: 'Nothing lies there.',
    });
    expect(await inspect('fleet:cluster:node:folder')).toMatchObject({
      found: 'unreadable',
      sentence: 'Not readable: Not a file.',
    });
    small.registry.put('node', 'bytes', Uint8Array.of(0xff, 0xfe));
    expect(await inspect('fleet:cluster:node:bytes')).toMatchObject({ text: null, code: 'malformed' });
  });

  it('is no proof of anything while authentication is off', async () => {
    small = new SmallCluster();
    [a] = await small.startThree(null);
    small.registry.put(
      'node',
      'eve',
      new Signer('eve', null).node({ timestamp: Math.floor(small.time.wallMs() / 1000) }),
    );
    expect(await viewOf(a, null).inspect('fleet:cluster:node:eve')).toMatchObject({
      verified: false,
      code: null,
      sentence: 'In form, and inside its window. Authentication is off: anyone may have written it.',
    });
  });

  it.each([
    'fleet:cluster:node:',
    'fleet:cluster:roster:a',
    'fleet:cluster:node:../a',
    'fleet:cluster:node:a b',
    'other:cluster:node:a',
    'fleet:cluster:constructor:a',
  ])('under the key "%s" is no slot', async (key) => {
    await expect(inspect(key)).rejects.toMatchObject({
      code: 'slot_unknown',
      message: 'There is no such key in the registry.',
    });
  });

  it('without a cluster is no slot', async () => {
    await expect(viewOf(null).inspect('fleet:cluster:node:a')).rejects.toMatchObject({
      code: 'slot_unknown',
    });
  });
});
