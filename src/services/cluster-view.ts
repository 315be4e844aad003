/**
 * The cluster as pages and scripts ask for it: this node's own view, with the words that findings have. A
 * single server without cluster mode is a cluster of one, not an error.
 */
import { decodeUtf8 } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { AtlasError } from '../base/errors.ts';
import { isActive, type NodeState } from '../membership/failure-detector.ts';
import {
  type ClusterFacts,
  type Finding,
  findingsOf,
  type Overall,
  verdictOf,
} from '../membership/findings.ts';
import type { Member } from '../membership/member-table.ts';
import type { RefusalLedger } from '../membership/refusal-ledger.ts';
import { refusalSentence } from '../membership/refusal-words.ts';
import { RECORD_TYPES, type RecordType } from '../protocol/keyring.ts';
import { NODE_ID } from '../protocol/limits.ts';
import type { NodeRecordBody } from '../protocol/node-record.ts';
import type { RefusalCode } from '../protocol/refusal.ts';
import type { SecurityStatus } from '../protocol/security-level.ts';
import type { MemberStore } from '../store/member-store.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { MemberWatch } from './member-watch.ts';

export interface NodeView {
  node_id: string;
  hostname: string;
  host: string;
  port: number;
  state: NodeState;
  last_heartbeat_age_seconds: number | null;
  started_at: string | null;
  version: string;
  key_id: string | null;
  incarnation: number;
  sequence: number;
  signature: string;
  clock_offset_seconds: number | null;
  reports_per_minute: number | null;
  this_node: boolean;
}

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

export interface SlotInspection {
  key: string;
  found: 'record' | 'missing' | 'unreadable';
  size_bytes: number | null;
  text: string | null;
  verified: boolean;
  code: RefusalCode | null;
  sentence: string;
}

/** What runs only in cluster mode. */
export interface ClusterParts {
  readonly store: MemberStore;
  readonly watch: MemberWatch;
  readonly heartbeat: Heartbeat;
  readonly ledger: RefusalLedger;
}

export interface ClusterViewOptions {
  readonly clock: Clock;
  readonly nodeId: string;
  readonly describe: () => NodeRecordBody;
  readonly reportsPerMinute: () => number;
  readonly security: SecurityStatus;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** Null without cluster mode. */
  readonly cluster: ClusterParts | null;
}

const AUTHENTIC = 'Authentic, and inside its window.';
const UNPROVEN = 'In form, and inside its window. Authentication is off: anyone may have written it.';
const SLOT_KEY = /^fleet:cluster:([a-z]+):(.+)$/;

type WriteProbe = HealthCheckView['backend']['write_probe'];

export class ClusterView {
  readonly #options: ClusterViewOptions;
  #probe: WriteProbe = { ok: true, milliseconds: null, error: null };

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
    const { cluster, nodeId, security } = this.#options;
    return {
      enabled: cluster !== null,
      backend: cluster?.store.backend ?? 'none',
      node_id: nodeId,
      total_nodes: nodes.length,
      active_nodes: nodes.filter((node) => isActive(node.state)).length,
      security,
      refusals: this.#refusals(),
    };
  }

  /** `probe`: write to the registry and read it back first; otherwise the last probe is told. */
  async healthCheck(probe: boolean): Promise<HealthCheckView> {
    const { clock, cluster, nodeId, security, intervalSeconds, timeoutSeconds } = this.#options;
    if (cluster && (probe || this.#probe.milliseconds === null))
      this.#probe = await this.#runProbe(cluster.store);
    const facts = this.#facts();
    const findings = findingsOf(facts);
    const verdict = verdictOf(facts, findings);
    const down = cluster?.watch.downSinceWallMs ?? null;
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
      security,
      refusals: this.#refusals(),
      findings,
    };
  }

  /** One slot, by the seeds' key. Rejects with slot_unknown for a key that no slot has, or without cluster mode. */
  async inspect(key: string): Promise<SlotInspection> {
    const { cluster, security } = this.#options;
    const [, type, nodeId] = SLOT_KEY.exec(key) ?? [];
    if (cluster === null || !isRecordType(type) || nodeId === undefined || !NODE_ID.test(nodeId)) {
      throw new AtlasError('slot_unknown', 'There is no such key in the registry.', {
        hint: 'Keys look like fleet:cluster:node:<node_id> and fleet:cluster:heartbeat:<node_id>.',
      });
    }
    const reading = await cluster.store.inspect(type, nodeId);
    if (reading.kind !== 'bytes') {
      const sentence =
        reading.kind === 'missing' ? 'Nothing lies there.' : `Not readable: ${reading.reason}.`;
      return {
        key,
        found: reading.kind,
        size_bytes: null,
        text: null,
        verified: false,
        code: null,
        sentence,
      };
    }
    const refusal = cluster.watch.examine(type, nodeId, reading.bytes);
    return {
      key,
      found: 'record',
      size_bytes: reading.bytes.byteLength,
      text: decodeUtf8(reading.bytes) ?? null,
      verified: refusal === undefined && security.enabled,
      code: refusal?.code ?? null,
      sentence: refusal ? refusalSentence(refusal) : security.enabled ? AUTHENTIC : UNPROVEN,
    };
  }

  #facts(): ClusterFacts {
    const { clock, cluster, nodeId, security } = this.#options;
    const nowMs = clock.monotonicMs();
    const members = cluster?.watch.members() ?? [];
    const self = { nodeId, state: this.#selfState(), silentMs: this.#selfAgeMs(), missing: false };
    return {
      clustered: cluster !== null,
      authenticated: security.enabled,
      selfNodeId: nodeId,
      members: [
        self,
        ...members.map(({ nodeId, state, silentMs }) => ({
          nodeId,
          state,
          silentMs,
          missing: cluster?.watch.isMissing(nodeId) ?? false,
        })),
      ],
      refusals: cluster?.ledger.counts ?? [],
      registryDownSinceMs: cluster?.watch.downSinceWallMs ?? null,
      writeFailing: cluster !== null && this.#isWriteFailing(nowMs),
      junkNames: cluster?.watch.junkNames ?? 0,
      ownClockSuspect: cluster?.watch.ownClockSuspect ?? false,
      nowMs: clock.wallMs(),
    };
  }

  #isWriteFailing(nowMs: number): boolean {
    const writtenAtMs = this.#options.cluster?.heartbeat.writtenAtMs ?? null;
    return writtenAtMs === null || nowMs - writtenAtMs >= this.#options.timeoutSeconds * 1000;
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

  #selfState(): NodeState {
    const { cluster } = this.#options;
    if (cluster === null || cluster.heartbeat.state === 'up') return 'healthy';
    return cluster.heartbeat.state === 'left' ? 'left' : 'draining';
  }

  #selfAgeMs(): number | null {
    const writtenAtMs = this.#options.cluster?.heartbeat.writtenAtMs ?? null;
    return writtenAtMs === null ? null : this.#options.clock.monotonicMs() - writtenAtMs;
  }

  #describeSelf(): NodeView {
    const { cluster, nodeId, security, reportsPerMinute, describe } = this.#options;
    const mark = cluster?.heartbeat.mark('heartbeat');
    return {
      ...describeRecord(describe()),
      node_id: nodeId,
      state: this.#selfState(),
      last_heartbeat_age_seconds: asSeconds(this.#selfAgeMs()),
      key_id: security.key_id,
      incarnation: mark?.incarnation ?? 0,
      sequence: mark?.sequence ?? 0,
      signature: security.enabled ? 'verified' : 'off',
      clock_offset_seconds: 0,
      reports_per_minute: reportsPerMinute(),
      this_node: true,
    };
  }

  #describe(member: Member): NodeView {
    return {
      ...describeRecord(member.record),
      node_id: member.nodeId,
      state: member.state,
      last_heartbeat_age_seconds: asSeconds(member.silentMs),
      key_id: member.keyId,
      incarnation: member.mark?.incarnation ?? 0,
      sequence: member.mark?.sequence ?? 0,
      signature: member.refusal?.reason ?? (this.#options.security.enabled ? 'verified' : 'off'),
      clock_offset_seconds: member.clockOffsetSeconds,
      reports_per_minute: member.heartbeat?.load.reports_per_minute ?? null,
      this_node: false,
    };
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
        sentence: refusalSentence(refused),
      };
    });
  }
}

function isRecordType(text: string | undefined): text is RecordType {
  return RECORD_TYPES.some((type) => type === text);
}

function registryState(facts: ClusterFacts): 'available' | 'unavailable' | 'incomplete' {
  if (facts.registryDownSinceMs !== null) return 'unavailable';
  return facts.members.some((member) => member.missing) ? 'incomplete' : 'available';
}

function describeRecord(record: NodeRecordBody | null) {
  return {
    hostname: record?.hostname ?? '',
    host: record?.host ?? '',
    port: record?.port ?? 0,
    started_at: record ? new Date(record.started_at * 1000).toISOString() : null,
    version: record?.version ?? '',
  };
}

function asSeconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 100) / 10;
}
