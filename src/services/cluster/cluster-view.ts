/**
 * The cluster as pages and scripts ask for it: this node's own view, with the words that findings have. A single server
 * without cluster mode is a cluster of one, not an error.
 */
import type { ClusterFacts } from '../../membership/cluster-facts.ts';
import { isActive } from '../../membership/failure-detector.ts';
import type { Finding } from '../../membership/finding.ts';
import { findingsOf } from '../../membership/findings.ts';
import type { Member } from '../../membership/member-table.ts';
import { type Overall, verdictOf } from '../../membership/verdict.ts';
import type { SecurityStatus } from '../../protocol/security-level.ts';
import { type FactSources, factsNow, ownSilenceMs } from './facts-now.ts';
import { describeNode, type NodeView } from './node-view.ts';
import { ownState } from './own-state.ts';
import { describeRefusal, type RefusalView } from './refusal-view.ts';
import { inspectSlot, type SlotInspection } from './slot-inspection.ts';
import { NOT_PROBED, probeWrite, type WriteProbe } from './write-probe.ts';

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
    write_probe: WriteProbe;
  };
  nodes: NodeView[];
  failover: { servers_that_can_stop: number; sentence: string };
  security: SecurityStatus;
  refusals: RefusalView[];
  findings: Finding[];
}

export interface ClusterViewOptions extends FactSources {
  readonly reportsPerMinute: () => number;
  /** As it is now: a rotation changes it. */
  readonly security: () => SecurityStatus;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** Of the security check and of joining, which count before all else. */
  readonly securityFindings: () => readonly Finding[];
}

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
    if (cluster && (probe || this.#probe === NOT_PROBED))
      this.#probe = await probeWrite(cluster.store, clock);
    const facts = factsNow(this.#options, this.#options.security().enabled);
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
        sentence: failoverSentence(verdict.serversThatCanStop),
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

  #refusals(): RefusalView[] {
    const { cluster, nodeId } = this.#options;
    const isEvicted = cluster?.trust?.state.standing === 'evicted';
    return cluster?.ledger.counts.map((refused) => describeRefusal(refused, nodeId, isEvicted)) ?? [];
  }

  #describeSelf(): NodeView {
    const { clock, cluster, nodeId, reportsPerMinute, describe } = this.#options;
    const security = this.#options.security();
    return describeNode({
      nodeId,
      record: describe(),
      state: ownState(cluster),
      heartbeatAgeMs: ownSilenceMs(cluster, clock),
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
}

function registryState(facts: ClusterFacts): 'available' | 'unavailable' | 'incomplete' {
  if (facts.registryOutage !== null) return 'unavailable';
  return facts.members.some((member) => member.missing) ? 'incomplete' : 'available';
}

function failoverSentence(canStop: number): string {
  if (canStop === 0) return 'No server can stop: reports then wait on the Macs until it is back.';
  const servers = canStop === 1 ? 'One server' : `Any ${canStop} servers, one after the other,`;
  return `${servers} can stop; agents send to the others, and no acknowledged report is lost.`;
}
