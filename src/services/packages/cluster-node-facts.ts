/** What a cluster, as this server knows it now, means for a server that is to join it. Words and verdicts: cluster-node-checks.ts. */
import { unbracketed } from '../../base/host-text.ts';
import { answering } from '../../membership/answering.ts';
import { isActive } from '../../membership/failure-detector.ts';
import type { Roster } from '../../membership/roster.ts';
import type { Keyring } from '../../protocol/keyring.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';
import type { RunningCluster } from '../cluster/running-cluster.ts';
import type { ClusterNodeFacts } from './cluster-node-checks.ts';
import type { ClusterNodeOrder } from './package-order.ts';
import type { PackageSettings } from './package-settings.ts';

export type NodeChoice = Pick<ClusterNodeOrder, 'credentials' | 'nodeName' | 'redisHost'>;

export interface ClusterKnowledge {
  /** Of this server. */
  readonly nodeId: string;
  readonly settings: PackageSettings;
  /** Null without cluster mode, and where no server runs. */
  readonly cluster: RunningCluster | null;
  readonly keyring: Keyring | null;
  /** As others read it of this server; throws not_running where none runs. */
  readonly describe: () => NodeRecordBody;
}

/** Throws not_running. */
export function clusterNodeFacts(known: ClusterKnowledge, choice: NodeChoice): ClusterNodeFacts {
  const { nodeId, settings, cluster, keyring, describe } = known;
  const { isClustered, database, isLocal } = settings;
  // Where no server runs, nothing of the cluster is known.
  const records = isClustered ? [describe(), ...answering(cluster?.watch.members() ?? [])] : [];
  const roster = cluster?.trust?.roster ?? null;
  const { nodeName, credentials, redisHost } = choice;
  return {
    isClustered,
    hasSecret: keyring !== null,
    roster: cluster?.trust?.state ?? null,
    isRotating: roster !== null && roster.pending !== null,
    registry: registryFor(settings.registry, redisHost, isLocal),
    database,
    tls: settings.tls !== 'off',
    isServerLocal: isLocal(hostOf(settings.url)),
    ticketHosts: records.flatMap(({ host, hostname }) => [host, hostname]),
    needsTicket: credentials === 'ticket' || roster?.admission === 'ticket',
    evictedName: nodeName !== null && roster?.evicted.has(nodeName) ? nodeName : null,
    taken: nodeName === null ? null : holderOf(nodeName, nodeId, namesInUse(roster, cluster)),
    isClockTrusted: cluster === null || cluster.watch.ownClock === 'trusted',
  };
}

/** Of members, be they up or down, and of whoever else is heard. Who was removed and is silent holds no name. */
function namesInUse(roster: Roster | null, cluster: RunningCluster | null): string[] {
  const heard = (cluster?.watch.members() ?? []).filter(({ state }) => isActive(state));
  return [...(roster?.members.keys() ?? []), ...heard.map(({ nodeId }) => nodeId)];
}

/** Names that differ in capitals alone are one name to a person, and to many a Mac. */
function holderOf(wanted: string, self: string, others: readonly string[]): ClusterNodeFacts['taken'] {
  const name = [self, ...others].find((used) => used.toLowerCase() === wanted.toLowerCase());
  return name === undefined ? null : { name, isThisServer: name === self };
}

function registryFor(
  registry: ClusterNodeFacts['registry'],
  redisHost: string | null,
  isLocal: (host: string) => boolean,
): ClusterNodeFacts['registry'] {
  if (registry.kind === 'folder' || redisHost === null) return registry;
  return { ...registry, host: redisHost, isLocal: isLocal(redisHost) };
}

/** Without the brackets of IPv6. */
export const hostOf = (url: string) => unbracketed(URL.parse(url)?.hostname ?? '');
