/**
 * What a cluster can complain of: each condition with a stable code, how bad it is, one sentence, and the mend.
 * Pages, the command line and the log are projections of this list; the verdict is its worst.
 */
import type { ServerAddress } from '../protocol/node-record.ts';
import type { Refusal } from '../protocol/refusal.ts';
import { DISABLED_MEND, DISABLED_WARNING } from '../protocol/security-level.ts';
import type { OwnClock } from './clock-suspicion.ts';
import { isActive, type NodeState } from './failure-detector.ts';
import type { RefusalCount } from './refusal-ledger.ts';
import { isSuspicious, refusalSentence } from './refusal-words.ts';
import { type RosterState, rosterFindings } from './roster-trouble.ts';
import { clonedFinding, silencedFinding, type TwinAddresses } from './twin-findings.ts';

export type Severity = 'info' | 'warning' | 'critical';

export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly mend: string;
}

/** Why this node cannot tell who lives: a registry that takes no writes hides the others as one that is away. */
export interface RegistryOutage {
  readonly kind: 'unreadable' | 'unwritable';
  readonly reason: string;
  /** Unix ms. */
  readonly sinceMs: number;
}

/** What the findings are drawn from: this node's own view, its registry and its clock. */
export interface ClusterFacts {
  /** False for a single server, which has nobody to fail over to and nobody to prove itself to. */
  readonly clustered: boolean;
  readonly authenticated: boolean;
  readonly selfNodeId: string;
  readonly members: readonly {
    readonly nodeId: string;
    readonly state: NodeState;
    readonly silentMs: number | null;
    readonly missing: boolean;
    /** Why its records are refused now, although they are its own. */
    readonly refusal: Refusal | null;
    /** Which database it keeps the reports in; null where it has not said. */
    readonly databaseId: string | null;
    /** Null unless it is known to run twice. */
    readonly twin: TwinAddresses | null;
  }[];
  readonly refusals: readonly RefusalCount[];
  readonly registryOutage: RegistryOutage | null;
  /** Somebody is always faster than this node in its own slots. */
  readonly ownSlotLost: boolean;
  /** Where the twin is that speaks for this node, which is silent itself; null while it is not. */
  readonly silentBeside: { readonly twin: ServerAddress | null } | null;
  /** Names in the registry that no node can have. */
  readonly junkNames: number;
  /** At least so many names were left for the next looks. */
  readonly unreadNames: number;
  readonly ownClock: OwnClock;
  /** Null where there is no roster to be wrong. */
  readonly roster: RosterState | null;
  /** Null while this node's database takes what is written. */
  readonly databaseOutage: { readonly reason: string; readonly sinceMs: number } | null;
  readonly nowMs: number;
}

const REFUSED = 'refused_';
/** Refusals this recent are still worth a finding. */
const RECENT_REFUSAL_MS = 10 * 60_000;

export function findingsOf(facts: ClusterFacts): Finding[] {
  // Who was evicted cannot verify the others: what it sees of them says nothing.
  if (facts.roster?.standing === 'evicted') return [...database(facts), ...roster(facts)];
  return [
    ...authentication(facts),
    ...database(facts),
    ...otherDatabases(facts),
    ...registry(facts),
    ...ownSlot(facts),
    ...clock(facts),
    ...roster(facts),
    ...twins(facts),
    ...members(facts),
    ...refusals(facts),
  ];
}

function authentication(facts: ClusterFacts): Finding[] {
  if (facts.authenticated || !facts.clustered) return [];
  return [
    {
      code: 'authentication_off',
      severity: 'critical',
      sentence: DISABLED_WARNING,
      mend: `${DISABLED_MEND}.`,
    },
  ];
}

function database({ databaseOutage, selfNodeId, clustered }: ClusterFacts): Finding[] {
  if (databaseOutage === null) return [];
  const { reason, sinceMs } = databaseOutage;
  const meanwhile = clustered
    ? 'agents are sent to the other servers, or keep their reports'
    : 'agents keep their reports';
  return [
    {
      code: 'database_unavailable',
      severity: 'critical',
      sentence: `${selfNodeId} cannot write its database since ${new Date(sinceMs).toISOString()} (${reason}); ${meanwhile}.`,
      mend: 'Bring the database back; this server goes on by itself, and nothing that was acknowledged is lost.',
    },
  ];
}

/** Reports, machines, logins: half of them here and half of them there, and every page shows its own half. */
function otherDatabases({ members, selfNodeId }: ClusterFacts): Finding[] {
  const own = members.find(({ nodeId }) => nodeId === selfNodeId)?.databaseId;
  const apart = members.filter(({ databaseId }) => databaseId !== null && databaseId !== own);
  if (own == null || apart.length === 0) return [];
  return [
    {
      code: 'database_split',
      severity: 'critical',
      sentence: `${apart.map(({ nodeId }) => nodeId).join(', ')} and ${selfNodeId} do not keep their data in the same database: each shows only the reports and users of its own.`,
      mend: 'Give all servers the same database.url (on one machine: the same SQLite file) and db_encryption_key, and restart them.',
    },
  ];
}

function outage({ registryOutage, selfNodeId }: ClusterFacts): Finding[] {
  if (registryOutage === null) return [];
  const { kind, reason, sinceMs } = registryOutage;
  const since = new Date(sinceMs).toISOString();
  if (kind === 'unreadable') {
    return [
      {
        code: 'registry_unavailable',
        severity: 'warning',
        sentence: `The registry is unavailable since ${since} (${reason}); nobody is declared dead meanwhile, and reports are still taken.`,
        mend: 'Bring the backend back; this server goes on by itself.',
      },
    ];
  }
  return [
    {
      code: 'registry_not_writable',
      severity: 'warning',
      sentence: `The registry takes nothing that ${selfNodeId} writes since ${since} (${reason}). It declares nobody dead meanwhile, and takes reports; where only its own writes are refused, the others call it offline.`,
      mend: 'See the reason: a full disk or memory, a replica, or no right to write. This server goes on by itself.',
    },
  ];
}

function registry(facts: ClusterFacts): Finding[] {
  const found = outage(facts);
  const missing = facts.members.filter((member) => member.missing).map((member) => member.nodeId);
  if (missing.length > 0 && facts.registryOutage === null) {
    found.push({
      code: 'registry_incomplete',
      severity: 'warning',
      sentence: `The registry is incomplete: it holds nothing that ${missing.join(', ')} wrote. Somebody removed or overwrote it; that is no sign that they stopped.`,
      mend: 'See who can write to the registry. A running server writes its row again within one interval.',
    });
  }
  if (facts.junkNames > 0) {
    found.push({
      code: 'registry_junk',
      severity: 'info',
      sentence: `The registry holds ${facts.junkNames} names that no server can have; they are not read.`,
      mend: 'Remove them, and see who else can write to the registry.',
    });
  }
  if (facts.unreadNames > 0) {
    found.push({
      code: 'registry_crowded',
      severity: 'warning',
      sentence: `The registry is crowded: at least ${facts.unreadNames} names in it are not read yet, so a new server is seen late or not at all.`,
      mend: 'Remove the rows of servers that do not exist, and see who else can write to the registry.',
    });
  }
  return found;
}

/** Old records over our own row: nobody but somebody who holds copies puts them there. */
function ownSlot(facts: ClusterFacts): Finding[] {
  if (runTwice(facts).has(facts.selfNodeId)) return []; // that is who
  const putBack = recentRefusals(facts).some(
    ({ code, slot }) => !isSuspicious(code) && slot.endsWith(`:${facts.selfNodeId}`),
  );
  if (!facts.ownSlotLost && !putBack) return [];
  return [
    {
      code: 'own_slot_overwritten',
      severity: 'warning',
      sentence: `Somebody overwrites or removes the row of ${facts.selfNodeId} in the registry; the other servers may see it as silent.`,
      mend: 'See who can write to the registry, and that no other machine runs as this server.',
    },
  ];
}

function clock(facts: ClusterFacts): Finding[] {
  if (facts.ownClock === 'trusted') return [];
  const mend = 'Set this clock (macOS: sudo sntp -sS time.apple.com; Linux: timedatectl set-ntp true).';
  if (facts.ownClock === 'behind') {
    return [
      {
        code: 'own_clock_suspect',
        severity: 'critical',
        sentence: `Most other servers look as if their clocks were ahead, so it is probably the clock of ${facts.selfNodeId} that is behind.`,
        mend,
      },
    ];
  }
  return [
    {
      code: 'own_clock_suspect',
      severity: 'warning',
      sentence: `The records of most other servers come too late: the clock of ${facts.selfNodeId} is ahead, or somebody holds their records back.`,
      mend: `${mend} If it is right, see who can write to the registry.`,
    },
  ];
}

function roster({ roster: state }: ClusterFacts): Finding[] {
  return state === null ? [] : rosterFindings(state);
}

function twins({ members, silentBeside, selfNodeId }: ClusterFacts): Finding[] {
  return members.flatMap(({ nodeId, twin }) => {
    if (nodeId === selfNodeId && silentBeside !== null) return [silencedFinding(nodeId, silentBeside.twin)];
    return twin === null ? [] : [clonedFinding(nodeId, twin)];
  });
}

/** Said by a finding of its own: what is refused of them for it is no second alarm. */
function runTwice({ members, silentBeside, selfNodeId }: ClusterFacts): ReadonlySet<string> {
  const cloned = members.filter(({ twin }) => twin !== null).map(({ nodeId }) => nodeId);
  return new Set(silentBeside === null ? cloned : [...cloned, selfNodeId]);
}

function members(facts: ClusterFacts): Finding[] {
  return facts.members.flatMap(({ nodeId, state, silentMs, refusal }): Finding[] => {
    const seconds = Math.round((silentMs ?? 0) / 1000);
    if (state === 'offline') {
      return [
        {
          code: 'node_offline',
          severity: 'warning',
          sentence: `${nodeId} has not been heard for ${seconds} s: it stopped, or somebody holds its row back. Reports go to the others.`,
          mend: 'Start it again, or look at its log (/var/log/fleet-server.log). If it runs, see who can write to the registry.',
        },
      ];
    }
    if (state === 'rejected') {
      // Only a time in the future proves a clock: who can write to the registry can make any record late.
      const isAhead = refusal?.code === 'timestamp_future';
      return [
        {
          code: 'node_rejected_clock',
          severity: 'warning',
          sentence: isAhead
            ? `${nodeId} is alive, but its clock is ahead, so its records are refused. This is not an attack.`
            : `The records of ${nodeId} come too late and are refused: its clock is behind, or somebody holds its records back.`,
          mend: isAhead
            ? `Set the clock of ${nodeId}; it heals by itself.`
            : `Set the clock of ${nodeId}. If it is right, see who can write to the registry.`,
        },
      ];
    }
    return [];
  });
}

function recentRefusals({ refusals, nowMs }: ClusterFacts): RefusalCount[] {
  return refusals.filter(({ lastAtMs }) => nowMs - lastAtMs < RECENT_REFUSAL_MS);
}

function refusals(facts: ClusterFacts): Finding[] {
  const twice = runTwice(facts);
  const recent = recentRefusals(facts).filter(
    ({ code, nodeId }) => isSuspicious(code) && !(code === 'clone' && twice.has(nodeId)),
  );
  const newestOfCode = new Map(recent.toReversed().map((refused) => [refused.code, refused]));
  return [...newestOfCode.values()].map((refused) => ({
    code: `${REFUSED}${refused.code}`,
    severity: refused.code === 'clone' || refused.code === 'bad_node_signature' ? 'critical' : 'warning',
    sentence: refusalSentence(refused, facts.selfNodeId),
    mend: 'The record was refused and changed nothing. All refused records are listed below.',
  }));
}

export type Overall = 'healthy' | 'degraded' | 'critical' | 'at_risk';

export interface Verdict {
  readonly overall: Overall;
  /** If one server dies now, what happens? */
  readonly sentence: string;
  readonly serversThatCanStop: number;
}

/** The one sentence on top of the page: the worst of the findings about servers, registry and clock. */
export function verdictOf(facts: ClusterFacts, findings: readonly Finding[]): Verdict {
  const active = facts.members.filter((member) => isActive(member.state)).length;
  const canStop = Math.max(0, active - 1);
  const say = (overall: Overall, sentence: string): Verdict => ({
    overall,
    sentence,
    serversThatCanStop: canStop,
  });
  if (!facts.authenticated && facts.clustered)
    return say('at_risk', 'At risk: authentication is off. Anyone who can write to the registry can join.');
  const critical = findings.find((finding) => finding.severity === 'critical');
  if (critical) return say('critical', `Critical: ${critical.sentence}`);
  if (facts.registryOutage !== null) {
    const what =
      facts.registryOutage.kind === 'unreadable' ? 'is unavailable' : 'takes no writes of this server';
    return say(
      'critical',
      `Critical: the registry ${what}. Reports are still taken; the live view of the cluster stands still.`,
    );
  }
  // A refused record changed nothing: it is told, and makes a healthy cluster no less so.
  const warning = findings.find(({ severity, code }) => severity === 'warning' && !code.startsWith(REFUSED));
  if (warning) return say('degraded', `Degraded: ${warning.sentence}`);
  if (active < 2) {
    return say(
      facts.clustered ? 'degraded' : 'healthy',
      'One server. If it stops, reports wait on the Macs until it is back.',
    );
  }
  return say('healthy', `Healthy: any one of your ${active} servers can stop and nothing is lost.`);
}
