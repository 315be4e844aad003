import { describe, expect, it } from 'vitest';
import type { ClusterFacts } from '../../src/membership/cluster-facts.ts';
import { findingsOf } from '../../src/membership/findings.ts';
import type { RefusalCount } from '../../src/membership/refusal-ledger.ts';
import { verdictOf } from '../../src/membership/verdict.ts';
import { type RefusalCode, refuse } from '../../src/protocol/refusal.ts';

const AT = Date.UTC(2026, 10, 21, 12);
const AWAY = { kind: 'unreadable', reason: 'gone', sinceMs: AT } as const;

type MemberFact = ClusterFacts['members'][number];

const member = (nodeId: string, change: Partial<MemberFact> = {}): MemberFact => ({
  nodeId,
  state: 'healthy',
  silentMs: 0,
  missing: false,
  refusal: null,
  databaseId: 'd1',
  twin: null,
  ...change,
});

const refused = (code: RefusalCode, change: Partial<RefusalCount> = {}): RefusalCount => ({
  code,
  nodeId: 'eve',
  slot: 'fleet:cluster:node:eve',
  reason: 'why',
  count: 1,
  firstAtMs: AT,
  lastAtMs: AT,
  ...change,
});

const facts = (change: Partial<ClusterFacts> = {}): ClusterFacts => ({
  clustered: true,
  authenticated: true,
  selfNodeId: 'a',
  members: [member('a'), member('b'), member('c')],
  refusals: [],
  registryOutage: null,
  ownSlotLost: false,
  silentBeside: null,
  junkNames: 0,
  unreadNames: 0,
  ownClock: 'trusted',
  roster: null,
  databaseOutage: null,
  nowMs: AT,
  ...change,
});

const with1 = (change: Partial<MemberFact>) => ({ members: [member('a'), member('b'), member('c', change)] });

const HERE = { host: 'one.example', port: 8768 };
const THERE = { host: 'other.example', port: 8769 };

const HEALTHY = 'Healthy: any one of your 3 servers can stop and nothing is lost.';

/** Facts, the codes they give, and the verdict: how bad, its words, how many can stop. */
const TABLE: readonly (readonly [
  string,
  Partial<ClusterFacts>,
  string[],
  string,
  RegExp | string,
  number,
])[] = [
  ['all is well', {}, [], 'healthy', HEALTHY, 2],
  [
    'one server',
    { members: [member('a')] },
    [],
    'degraded',
    'One server. If it stops, reports wait on the Macs until it is back.',
    0,
  ],
  [
    'a single server that is no cluster',
    { clustered: false, authenticated: false, members: [member('a')] },
    [],
    'healthy',
    'One server. If it stops, reports wait on the Macs until it is back.',
    0,
  ],
  ['one is late', with1({ state: 'late' }), [], 'healthy', HEALTHY, 2],
  [
    'one drains',
    with1({ state: 'draining' }),
    [],
    'healthy',
    'Healthy: any one of your 2 servers can stop and nothing is lost.',
    1,
  ],
  [
    'one left',
    with1({ state: 'left' }),
    [],
    'healthy',
    'Healthy: any one of your 2 servers can stop and nothing is lost.',
    1,
  ],
  [
    'one is unconfirmed',
    with1({ state: 'unconfirmed' }),
    [],
    'healthy',
    'Healthy: any one of your 2 servers can stop and nothing is lost.',
    1,
  ],
  [
    'one is offline',
    with1({ state: 'offline', silentMs: 30_400 }),
    ['node_offline'],
    'degraded',
    'Degraded: c has not been heard for 30 s: it stopped, or somebody holds its row back. Reports go to the others.',
    1,
  ],
  [
    'one is offline, and junk lies in the registry',
    { junkNames: 2, ...with1({ state: 'offline', silentMs: 30_400 }) },
    ['registry_junk', 'node_offline'],
    'degraded',
    /^Degraded: c has not been heard for 30 s/,
    1,
  ],
  [
    'one speaks from the future',
    with1({ state: 'rejected', refusal: refuse('timestamp_future', 'why') }),
    ['node_rejected_clock'],
    'degraded',
    /^Degraded: c is alive, but its clock is ahead.*not an attack\.$/,
    1,
  ],
  [
    'one speaks from the past, which somebody may do to it',
    with1({ state: 'rejected', refusal: refuse('timestamp_old', 'why') }),
    ['node_rejected_clock'],
    'degraded',
    'Degraded: The records of c come too late and are refused: its clock is behind, or somebody holds its records back.',
    1,
  ],
  [
    'one keeps its data elsewhere',
    with1({ databaseId: 'd2' }),
    ['database_split'],
    'critical',
    /^Critical: c and a do not keep their data in the same database/,
    2,
  ],
  ['one has not said where it keeps its data', with1({ databaseId: null }), [], 'healthy', HEALTHY, 2],
  [
    'this server cannot write its database',
    { databaseOutage: { reason: 'gone', sinceMs: Date.UTC(2026, 10, 22) } },
    ['database_unavailable'],
    'critical',
    /^Critical: a cannot write its database since 2026-11-22T00:00:00.000Z \(gone\); agents are sent to the other servers, or keep their reports\.$/,
    2,
  ],
  [
    'most speak from the future',
    { ownClock: 'behind' },
    ['own_clock_suspect'],
    'critical',
    /^Critical: Most other servers look as if their clocks were ahead, so it is probably the clock of a that is behind\.$/,
    2,
  ],
  [
    'most speak from the past, which somebody may do to them',
    { ownClock: 'ahead_or_held_back' },
    ['own_clock_suspect'],
    'degraded',
    'Degraded: The records of most other servers come too late: the clock of a is ahead, or somebody holds their records back.',
    2,
  ],
  [
    'a row is missing',
    with1({ missing: true }),
    ['registry_incomplete'],
    'degraded',
    /^Degraded: The registry is incomplete: it holds nothing that c wrote\. Somebody removed or overwrote it; that is no sign that they stopped\.$/,
    2,
  ],
  [
    'the registry is away',
    { registryOutage: AWAY },
    ['registry_unavailable'],
    'critical',
    /^Critical: The registry is unavailable since 2026-\S+ \(gone\)\. Nobody is declared dead meanwhile/,
    2,
  ],
  [
    'the registry is away, and rows were missing',
    { registryOutage: AWAY, ...with1({ missing: true }) },
    ['registry_unavailable'],
    'critical',
    /^Critical: The registry is unavailable/,
    2,
  ],
  [
    'the registry cannot be written',
    { registryOutage: { ...AWAY, kind: 'unwritable' } },
    ['registry_not_writable'],
    'critical',
    /^Critical: The registry takes nothing that a writes since/,
    2,
  ],
  ['junk lies in the registry', { junkNames: 2 }, ['registry_junk'], 'healthy', HEALTHY, 2],
  [
    'more names lie in the registry than are read',
    { unreadNames: 7 },
    ['registry_crowded'],
    'degraded',
    /^Degraded: The registry is crowded: at least 7 names in it are not read yet/,
    2,
  ],
  [
    'somebody is always faster in our own slot',
    { ownSlotLost: true },
    ['own_slot_overwritten'],
    'degraded',
    'Degraded: Somebody overwrites or removes the row of a in the registry; the other servers may see it as silent.',
    2,
  ],
  [
    'an old record was put back over our own',
    { refusals: [refused('replayed', { nodeId: 'a', slot: 'fleet:cluster:heartbeat:a' })] },
    ['own_slot_overwritten'],
    'degraded',
    /^Degraded: Somebody overwrites or removes the row of a /,
    2,
  ],
  [
    'no secret',
    { authenticated: false },
    ['authentication_off'],
    'at_risk',
    'At risk: authentication is off. Anyone who can write to the registry can join.',
    2,
  ],
  [
    'no secret, and worse',
    { authenticated: false, ownClock: 'behind' },
    ['authentication_off', 'own_clock_suspect'],
    'at_risk',
    /^At risk/,
    2,
  ],
  [
    'a record was tampered with',
    { refusals: [refused('invalid_signature')] },
    ['refused_invalid_signature'],
    'healthy',
    /^Healthy: any one of your 3 servers can stop/,
    2,
  ],
  [
    'two servers speak as one',
    { refusals: [refused('clone')] },
    ['refused_clone'],
    'critical',
    /^Critical: Two servers speak as eve\./,
    2,
  ],
  [
    'a server runs twice, and its records were refused for it',
    { ...with1({ twin: { speaks: HERE, other: THERE } }), refusals: [refused('clone', { nodeId: 'c' })] },
    ['node_cloned'],
    'critical',
    /^Critical: c runs twice at one\.example:8768 and other\.example:8769: .* The one at one\.example:8768 speaks for c/,
    2,
  ],
  [
    'a server runs twice, nobody knows where, beside another that is refused as two',
    { ...with1({ twin: { speaks: null, other: null } }), refusals: [refused('clone')] },
    ['node_cloned', 'refused_clone'],
    'critical',
    /^Critical: c runs twice: .* One of them speaks for c/,
    2,
  ],
  [
    'a server runs twice, and both name one address',
    with1({ twin: { speaks: HERE, other: HERE } }),
    ['node_cloned'],
    'critical',
    /^Critical: c runs twice at one\.example:8768: .* One of them speaks for c/,
    2,
  ],
  [
    'this one runs twice, and speaks',
    {
      members: [member('a', { twin: { speaks: HERE, other: THERE } }), member('b'), member('c')],
      ownSlotLost: true,
    },
    ['node_cloned'],
    'critical',
    /^Critical: a runs twice at /,
    2,
  ],
  [
    'this one runs twice, and is silent',
    {
      members: [
        member('a', { state: 'unconfirmed', twin: { speaks: HERE, other: THERE } }),
        member('b', { state: 'unconfirmed' }),
      ],
      silentBeside: { twin: THERE },
      refusals: [refused('clone', { nodeId: 'a', slot: 'fleet:cluster:heartbeat:a' })],
    },
    ['silent_beside_twin'],
    'critical',
    /^Critical: This server is silent: another one at other\.example:8769 runs as a /,
    0,
  ],
  [
    'this one is silent, and does not know where its twin is',
    { members: [member('a', { state: 'unconfirmed' })], silentBeside: { twin: null } },
    ['silent_beside_twin'],
    'critical',
    /^Critical: This server is silent: another one elsewhere runs as a /,
    0,
  ],
  [
    'somebody with the secret speaks for another',
    { refusals: [refused('bad_node_signature')] },
    ['refused_bad_node_signature'],
    'critical',
    /^Critical: A record of eve is signed by another server's key\./,
    2,
  ],
  [
    'what a healthy cluster sees too',
    {
      refusals: (['timestamp_old', 'timestamp_future', 'replayed', 'not_member'] as const).map((code) =>
        refused(code),
      ),
    },
    [],
    'healthy',
    HEALTHY,
    2,
  ],
  [
    'a refusal of eleven minutes ago',
    { refusals: [refused('clone', { lastAtMs: AT - 11 * 60_000 })] },
    [],
    'healthy',
    HEALTHY,
    2,
  ],
];

describe('findings and verdict', () => {
  it.each(TABLE)('%s', (_, change, codes, overall, sentence, serversThatCanStop) => {
    const findings = findingsOf(facts(change));
    expect(findings.map(({ code }) => code)).toEqual(codes);
    const verdict = verdictOf(facts(change), findings);
    expect(verdict).toEqual({ overall, sentence: expect.stringMatching(sentence), serversThatCanStop });
  });

  it('the verdict is the worst of the findings: with any pair of them it is no better than with one', () => {
    const ranks = ['healthy', 'degraded', 'critical', 'at_risk'];
    const rankOf = (change: Partial<ClusterFacts>) =>
      ranks.indexOf(verdictOf(facts(change), findingsOf(facts(change))).overall);
    const changes = TABLE.map(([, change]) => change).filter(({ clustered }) => clustered !== false);
    for (const one of changes) {
      for (const other of changes) expect(rankOf({ ...one, ...other })).toBeGreaterThanOrEqual(rankOf(other));
    }
  });

  it('every finding has words and a mend', () => {
    for (const [, change] of TABLE) {
      for (const { sentence, mend } of findingsOf(facts(change))) {
        expect(sentence.length).toBeGreaterThan(20);
        expect(mend).toMatch(/^[A-Z].*\.$/);
      }
    }
  });

  it('one finding for each code of refusal, with the newest of it', () => {
    const refusals = [
      refused('unknown_key', { nodeId: 'newest', lastAtMs: AT }),
      refused('unknown_key', { nodeId: 'older', lastAtMs: AT - 1000 }),
    ];
    const [finding, ...more] = findingsOf(facts({ refusals }));
    expect(more).toEqual([]);
    expect(finding?.sentence).toMatch(/^newest signs with another cluster secret/);
  });

  it('a missing row and an outage are never told as a death', () => {
    const all = [with1({ missing: true, state: 'unconfirmed' }), { registryOutage: AWAY }];
    for (const change of all) {
      for (const { code, sentence } of findingsOf(facts(change))) {
        expect(code).not.toBe('node_offline');
        expect(sentence).toMatch(/no sign that they stopped|Nobody is declared dead/);
      }
    }
  });
});

describe('who was evicted', () => {
  const tries = { refusals: [refused('evicted', { nodeId: 'c' })] };
  const codes = (change: Partial<ClusterFacts>) => findingsOf(facts(change)).map(({ code }) => code);

  it('still tries, until it is heard again as a member', () => {
    expect(codes({ ...tries, members: [member('a'), member('b')] })).toEqual(['refused_evicted']);
    expect(codes({ ...tries, ...with1({ state: 'healthy' }) })).toEqual([]);
  });
});
