import { describe, expect, it } from 'vitest';
import type { RefusalCount } from '../../src/membership/refusal-ledger.ts';
import { type NodeFacts, nodeSecurity, type Viewer } from '../../src/services/security/node-security.ts';

const NODE: NodeFacts = {
  nodeId: 'b',
  isThisNode: false,
  state: 'healthy',
  signs: 'k1',
  accepts: ['k1'],
  clockOffsetSeconds: 1,
  heartbeatAgeMs: 1240,
};
const VIEWER: Viewer = { signs: 'k1', clockToleranceSeconds: 5, refusals: [] };

const refused = (slot: string, code: RefusalCount['code'], count: number): RefusalCount => ({
  ...{ slot, code, count, reason: 'why', firstAtMs: 0, lastAtMs: 0 },
  nodeId: 'whatever it claims',
});

describe('a server', () => {
  it('that is as it should be passes, with its figures', () => {
    expect(nodeSecurity(NODE, VIEWER)).toEqual({
      node_id: 'b',
      this_node: false,
      state: 'pass',
      sentence: 'Its records are signed by a secret and a key that count here.',
      signs: 'k1',
      accepts: ['k1'],
      clock_offset_seconds: 1,
      last_heartbeat_age_seconds: 1.2,
      refusals: [],
    });
  });

  it.each([
    [{ accepts: ['k0'] }, 'It does not accept the secret that this server signs with.'],
    [{ clockOffsetSeconds: -6 }, 'Its clock is further off than the tolerance.'],
    [{ state: 'offline' }, 'It is offline: nothing of it is verified now.'],
    [{ state: 'rejected' }, 'It is rejected: nothing of it is verified now.'],
  ] as const)('with %j is warned of', (change, sentence) => {
    expect(nodeSecurity({ ...NODE, ...change }, VIEWER)).toMatchObject({ state: 'warn', sentence });
  });

  it('is not verified at all while authentication is off', () => {
    expect(nodeSecurity({ ...NODE, signs: null, accepts: [] }, { ...VIEWER, signs: null })).toMatchObject({
      state: 'warn',
      sentence: 'Nothing it says is verified: authentication is off.',
    });
  });

  it('has the refusals of its own slots, whoever their records claimed to be', () => {
    const refusals = [
      refused('fleet:cluster:node:b', 'clone', 2),
      refused('fleet:cluster:heartbeat:b', 'clone', 3),
      refused('fleet:cluster:heartbeat:b', 'replayed', 1),
      refused('fleet:cluster:heartbeat:bb', 'malformed', 9),
    ];
    expect(nodeSecurity(NODE, { ...VIEWER, refusals })).toMatchObject({
      state: 'warn',
      refusals: [
        { code: 'clone', count: 5 },
        { code: 'replayed', count: 1 },
      ],
    });
  });

  it('is not worried about for what was refused of it while its name was evicted', () => {
    const refusals = [refused('fleet:cluster:heartbeat:b', 'evicted', 4)];
    expect(nodeSecurity(NODE, { ...VIEWER, refusals })).toMatchObject({
      state: 'pass',
      refusals: [{ code: 'evicted', count: 4 }],
    });
  });
});
