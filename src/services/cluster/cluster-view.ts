/**
 * The cluster as pages and scripts ask for it: this node's own view, with the words that findings have. A
 * single server without cluster mode is a cluster of one, not an error.
 */
import type { Clock } from '../../base/clock.ts';
import type { ClusterFacts } from '../../membership/cluster-facts.ts';
import { isActive } from '../../membership/failure-detector.ts';
import type { Finding } from '../../membership/finding.ts';
import { findingsOf } from '../../membership/findings.ts';
import type { Member } from '../../membership/member-table.ts';
import type { RefusalLedger } from '../../membership/refusal-ledger.ts';
import { refusalSentence } from '../../membership/refusal-words.ts';
import type { TwinAddresses } from '../../membership/twin-findings.ts';
import { type Overall, verdictOf } from '../../membership/verdict.ts';
import type { Contested } from '../../protocol/heartbeat.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';
import type { RefusalCode } from '../../protocol/refusal.ts';
import type { SecurityStatus } from '../../protocol/security-level.ts';
import type { MemberStore } from '../../store/member-store.ts';
import type { StoreOutage } from '../readiness.ts';
import type { Trust } from '../trust/trust.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { MemberWatch } from './member-watch.ts';
import { describeNode, type NodeView } from './node-view.ts';
import { ownState } from './own-state.ts';
import { inspectSlot, type SlotInspection } from './slot-inspection.ts';

export interface RefusalView {
  code: RefusalCode;
  node_id: string;
  slot: string;
  count: number;
  first_at: string;
  last_at: string;
  sentence: string;
}

export interface ClusterStatusView {
  enabled: boolean;
  backend: string;
  node_id: string;
  total_nodes: number;
  active_nodes: number;
  security: SecurityStatus;
  refusals: RefusalView[];
}

export interface HealthCheckView {
  overall: Overall;
  verdict: string;
  checked_at: string;
  checked_by: string;
  cluster_enabled: boolean;
  heartbeat_interval_seconds: number;
  node_timeout_seconds: number;
  backend: {
    type: string;
    address: string;
    state: 'available' | 'unavailable' | 'incomplete';
    since: string | null;
    write_probe: { ok: boolean; milliseconds: number | null; error: string | null };
  };
  nodes: NodeView[];
  failover: { servers_that_can_stop: number; sentence: string };
  security: SecurityStatus;
  refusals: RefusalView[];
  findings: Finding[];
}

/** What runs only in cluster mode. */
export interface ClusterParts {
  readonly store: MemberStore;
  readonly watch: MemberWatch;
  readonly heartbeat: Heartbeat;
  readonly ledger: RefusalLedger;
  readonly trust: Trust | null;
}

export interface ClusterViewOptions {
  readonly clock: Clock;
  readonly nodeId: string;
  readonly describe: () => NodeRecordBody;
  readonly reportsPerMinute: () => number;
  /** As it is now: a rotation changes it. */
  readonly security: () => SecurityStatus;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly databaseOutage: () => StoreOutage | null;
  /** Of the security check, which counts before all else. */
  readonly securityFindings: () => readonly Finding[];
  /** Null without cluster mode. */
  readonly cluster: ClusterParts | null;
}

type WriteProbe = HealthCheckView['backend']['write_probe'];

const NOT_PROBED: WriteProbe = { ok: true, milliseconds: null, error: null };

export class ClusterView {
  readonly #options: ClusterViewOptions;
  #probe: WriteProbe = NOT_PROBED;

  constructor(options: ClusterViewOptions) {
    this.#options = options;
  }

  nodes(): { nodes: NodeView[]; count: number } {
    const { cluster } = this.#options;
    const others = cluster?.watch.members().map((member) => this.#describe(member)) ?? [];
    const nodes = [this.#describeSelf(), ...others].sort((a, b) => (a.node_id < b.node_id ? -1 : 1));
    return { nodes, count: nodes.length };
  }

  status(): ClusterStatusView {
    const { nodes } = this.nodes();
    const { cluster, nodeId } = this.#options;
    return {
      enabled: cluster !== null,
      backend: cluster?.store.backend ?? 'none',
      node_id: nodeId,
      total_nodes: nodes.length,
      active_nodes: nodes.filter((node) => isActive(node.state)).length,
      security: this.#options.security(),
      refusals: this.#refusals(),
    };
  }

  /** `probe`: write to the registry and read it back first; otherwise the last probe is told. */
  async healthCheck(probe: boolean): Promise<HealthCheckView> {
    const { clock, cluster, nodeId, intervalSeconds, timeoutSeconds } = this.#options;
    if (cluster && (probe || this.#probe === NOT_PROBED)) this.#probe = await this.#runProbe(cluster.store);
    const facts = this.#facts();
    const findings = [...this.#options.securityFindings(), ...findingsOf(facts)];
    const verdict = verdictOf(facts, findings);
    const down = cluster?.watch.outage?.sinceMs ?? null;
    return {
      overall: verdict.overall,
      verdict: verdict.sentence,
      checked_at: new Date(clock.wallMs()).toISOString(),
      checked_by: nodeId,
      cluster_enabled: cluster !== null,
      heartbeat_interval_seconds: intervalSeconds,
      node_timeout_seconds: timeoutSeconds,
      backend: {
        type: cluster?.store.backend ?? 'none',
        address: cluster?.store.address ?? '',
        state: registryState(facts),
        since: down === null ? null : new Date(down).toISOString(),
        write_probe: this.#probe,
      },
      nodes: this.nodes().nodes,
      failover: {
        servers_that_can_stop: verdict.serversThatCanStop,
        sentence: this.#failoverSentence(verdict.serversThatCanStop),
      },
      security: this.#options.security(),
      refusals: this.#refusals(),
      findings,
    };
  }

  /** One slot, by the seeds' key. Rejects with slot_unknown for a key that no slot has, or without cluster mode. */
  inspect(key: string): Promise<SlotInspection> {
    const { cluster, security, nodeId: self } = this.#options;
    return inspectSlot(key, cluster, { authenticated: security().enabled, self });
  }

  #facts(): ClusterFacts {
    const { clock, cluster, nodeId, describe } = this.#options;
    const members = cluster?.watch.members() ?? [];
    const self = {
      nodeId,
      state: ownState(cluster),
      silentMs: this.#selfAgeMs(),
      missing: false,
      refusal: null,
      databaseId: describe().database_id ?? null,
      twin: twinOf(describe(), cluster?.heartbeat.contested),
    };
    return {
      clustered: cluster !== null,
      authenticated: this.#options.security().enabled,
      selfNodeId: nodeId,
      members: [
        self,
        ...members.map((member) => ({
          ...member,
          databaseId: member.record?.database_id ?? null,
          twin: twinOf(member.record, member.heartbeat?.contested),
        })),
      ],
      refusals: cluster?.ledger.counts ?? [],
      registryOutage: cluster?.watch.outage ?? null,
      ownSlotLost: cluster?.watch.isOwnSlotLost ?? false,
      silentBeside: cluster?.heartbeat.isSilent ? { twin: cluster.heartbeat.contested?.twin ?? null } : null,
      junkNames: cluster?.watch.junkNames ?? 0,
      unreadNames: cluster?.watch.unreadNames ?? 0,
      ownClock: cluster?.watch.ownClock ?? 'trusted',
      roster: cluster?.trust?.state ?? null,
      databaseOutage: this.#options.databaseOutage(),
      nowMs: clock.wallMs(),
    };
  }

  async #runProbe(store: MemberStore): Promise<WriteProbe> {
    const startedAt = this.#options.clock.monotonicMs();
    try {
      await store.probe();
      const milliseconds = Math.round((this.#options.clock.monotonicMs() - startedAt) * 10) / 10;
      return { ok: true, milliseconds, error: null };
    } catch (error) {
      return { ok: false, milliseconds: null, error: error instanceof Error ? error.message : 'failed' };
    }
  }

  #failoverSentence(canStop: number): string {
    if (canStop === 0) return 'No server can stop: reports then wait on the Macs until it is back.';
    const servers = canStop === 1 ? 'One server' : `Any ${canStop} servers, one after the other,`;
    return `${servers} can stop; agents send to the others, and no acknowledged report is lost.`;
  }

  #selfAgeMs(): number | null {
    const writtenAtMs = this.#options.cluster?.heartbeat.writtenAtMs ?? null;
    return writtenAtMs === null ? null : this.#options.clock.monotonicMs() - writtenAtMs;
  }

  #describeSelf(): NodeView {
    const { cluster, nodeId, reportsPerMinute, describe } = this.#options;
    const security = this.#options.security();
    return describeNode({
      nodeId,
      record: describe(),
      state: ownState(cluster),
      heartbeatAgeMs: this.#selfAgeMs(),
      keyId: security.key_id,
      mark: cluster?.heartbeat.mark('heartbeat') ?? null,
      signature: security.enabled ? 'verified' : 'off',
      clockOffsetSeconds: 0,
      reportsPerMinute: reportsPerMinute(),
      isThisNode: true,
    });
  }

  #describe(member: Member): NodeView {
    return describeNode({
      ...member,
      heartbeatAgeMs: member.silentMs,
      signature: member.refusal?.reason ?? (this.#options.security().enabled ? 'verified' : 'off'),
      reportsPerMinute: member.heartbeat?.load.reports_per_minute ?? null,
      isThisNode: false,
    });
  }

  #refusals(): RefusalView[] {
    return (this.#options.cluster?.ledger.counts ?? []).map((refused) => {
      return {
        code: refused.code,
        node_id: refused.nodeId,
        slot: refused.slot,
        count: refused.count,
        first_at: new Date(refused.firstAtMs).toISOString(),
        last_at: new Date(refused.lastAtMs).toISOString(),
        sentence: refusalSentence(refused, this.#options.nodeId),
      };
    });
  }
}

function twinOf(record: NodeRecordBody | null, contested: Contested | undefined): TwinAddresses | null {
  if (contested?.twin === undefined) return null;
  return { speaks: record && { host: record.host, port: record.port }, other: contested.twin };
}

function registryState(facts: ClusterFacts): 'available' | 'unavailable' | 'incomplete' {
  if (facts.registryOutage !== null) return 'unavailable';
  return facts.members.some((member) => member.missing) ? 'incomplete' : 'available';
}
