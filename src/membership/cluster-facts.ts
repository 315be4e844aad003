/** What the findings are drawn from: this node's own view, its registry and its clock. */
import type { ServerAddress } from '../protocol/node-record.ts';
import type { Refusal } from '../protocol/refusal.ts';
import type { OwnClock } from './clock-suspicion.ts';
import type { NodeState } from './failure-detector.ts';
import type { RefusalCount } from './refusal-ledger.ts';
import type { RosterState } from './roster-trouble.ts';
import type { TwinAddresses } from './twin-findings.ts';

/** Why this node cannot tell who lives: a registry that takes no writes hides the others as one that is away. */
export interface RegistryOutage {
  readonly kind: 'unreadable' | 'unwritable';
  readonly reason: string;
  /** Unix ms. */
  readonly sinceMs: number;
}

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

/** Refusals this recent are still worth a finding. */
const RECENT_REFUSAL_MS = 10 * 60_000;

export function recentRefusals({ refusals, nowMs }: ClusterFacts): RefusalCount[] {
  return refusals.filter(({ lastAtMs }) => nowMs - lastAtMs < RECENT_REFUSAL_MS);
}

/** Who runs twice is said by a finding of its own: what is refused of them for it is no second alarm. */
export function runTwice({ members, silentBeside, selfNodeId }: ClusterFacts): ReadonlySet<string> {
  const cloned = members.filter(({ twin }) => twin !== null).map(({ nodeId }) => nodeId);
  return new Set(silentBeside === null ? cloned : [...cloned, selfNodeId]);
}
