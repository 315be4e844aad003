/** The facts that findings are drawn from, as this node knows them now; without cluster mode, of itself alone. */
import type { Clock } from '../../base/clock.ts';
import type { ClusterFacts } from '../../membership/cluster-facts.ts';
import type { TwinAddresses } from '../../membership/twin-findings.ts';
import type { Contested } from '../../protocol/heartbeat.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';
import type { StoreOutage } from '../readiness.ts';
import { ownState } from './own-state.ts';
import type { RunningCluster } from './running-cluster.ts';

export interface FactSources {
  readonly clock: Clock;
  readonly nodeId: string;
  readonly describe: () => NodeRecordBody;
  readonly databaseOutage: () => StoreOutage | null;
  /** Null without cluster mode. */
  readonly cluster: RunningCluster | null;
}

export function factsNow(
  { clock, nodeId, describe, databaseOutage, cluster }: FactSources,
  authenticated: boolean,
): ClusterFacts {
  const record = describe();
  const self = {
    nodeId,
    state: ownState(cluster),
    silentMs: ownSilenceMs(cluster, clock),
    missing: false,
    refusal: null,
    databaseId: record.database_id ?? null,
    twin: twinOf(record, cluster?.heartbeat.contested),
  };
  const others = cluster?.watch.members() ?? [];
  return {
    clustered: cluster !== null,
    authenticated,
    selfNodeId: nodeId,
    members: [
      self,
      ...others.map((member) => ({
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
    databaseOutage: databaseOutage(),
    nowMs: clock.wallMs(),
  };
}

/** Since the registry last took a heartbeat of ours; null before the first. */
export function ownSilenceMs(cluster: RunningCluster | null, clock: Clock): number | null {
  const writtenAtMs = cluster?.heartbeat.writtenAtMs ?? null;
  return writtenAtMs === null ? null : clock.monotonicMs() - writtenAtMs;
}

function twinOf(record: NodeRecordBody | null, contested: Contested | undefined): TwinAddresses | null {
  if (contested?.twin === undefined) return null;
  return { speaks: record && { host: record.host, port: record.port }, other: contested.twin };
}
