/**
 * What of a server builds packages: the configuration as far as it goes into them, and the services on top of it. What
 * is packed beside it, and who signs, is handed in by who starts the server.
 */
import type { Address } from './address.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { meansThisMachine } from './config/address-kind.ts';
import type { Config, Secrets } from './config/config.ts';
import { readJoinValues } from './config/join-values.ts';
import { agentConfig, clusterNodeConfig, standaloneConfig } from './config/package-config.ts';
import { redisHosts } from './config/redis-hosts.ts';
import { required, type Stores } from './engines.ts';
import { hasRedisPassword } from './exposure.ts';
import { PROGRAM_OF, productOf } from './installer/product.ts';
import type { Keyring } from './protocol/keyring.ts';
import type { NodeRecordBody } from './protocol/node-record.ts';
import type { ClusterView } from './services/cluster/cluster-view.ts';
import type { RunningCluster } from './services/cluster/running-cluster.ts';
import { LostPackages } from './services/packages/lost-packages.ts';
import { PackageBuilder } from './services/packages/package-builder.ts';
import { PackageReadiness } from './services/packages/package-readiness.ts';
import { PackageRecords } from './services/packages/package-records.ts';
import type {
  PackageConfigs,
  PackageMaterial,
  PackageSettings,
  RegistryPlace,
} from './services/packages/package-settings.ts';
import { PackagesUnderWay } from './services/packages/packages-under-way.ts';
import type { Audit } from './services/people/audit.ts';
import type { JoiningParts } from './services/trust/joining.ts';
import type { Tickets } from './services/trust/tickets.ts';

/** What is packed, and who signs it, each asked when it is needed. */
export type Packing = Pick<PackageMaterial, 'program' | 'signing'>;

interface Given {
  readonly config: Config;
  readonly secrets: Secrets;
}

export interface PackageNeeds extends Given {
  /** Of Atlas Fleet. */
  readonly version: string;
  readonly packing: Packing;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly address: Address;
  readonly stores: Stores;
  readonly audit: Audit;
  readonly tickets: Tickets;
  /** Null without cluster mode, and where no server runs. */
  readonly cluster: RunningCluster | null;
  readonly view: ClusterView;
  readonly keyring: Keyring | null;
  readonly describe: () => NodeRecordBody;
  readonly joinValues: JoiningParts['joinValues'];
}

export type Packages = ReturnType<typeof openPackages>;

export function openPackages(needs: PackageNeeds) {
  const { packages } = needs.stores;
  const settings = settingsOf(needs);
  const material = { ...needs.packing, settings, configs: configsOf(needs) };
  const readiness = new PackageReadiness({ ...needs, ...material });
  const underWay = new PackagesUnderWay();
  const builder = new PackageBuilder({ ...needs, ...material, packages, readiness, underWay });
  const nodes = () => needs.view.nodes().nodes;
  const records = new PackageRecords({ ...needs, packages, underWay, nodes });
  const lost = new LostPackages({ ...needs, packages, underWay });
  const usual = { port: settings.port, intervalSeconds: settings.agentIntervalSeconds };
  return { readiness, builder, underWay, records, lost, usual };
}

function settingsOf(
  given: Pick<PackageNeeds, 'version' | 'config' | 'secrets' | 'address'>,
): PackageSettings {
  const { server, database, cluster, agent } = given.config;
  const { host, port, sentinels } = cluster.redis;
  const isDirect = cluster.backend === 'redis' && sentinels.length === 0 && host !== null;
  return {
    version: given.version,
    isClustered: cluster.enabled,
    registry: registryPlace(given),
    redis: isDirect ? { host, port } : null,
    database:
      database.engine === 'sqlite' ? database : { ...database, isLocal: meansThisMachine(database.host) },
    port: server.port,
    tls: server.tls,
    publicUrl: server.publicUrl,
    url: given.address.url,
    agentIntervalSeconds: agent.intervalSeconds,
    isLocal: meansThisMachine,
  };
}

function registryPlace(given: Given): RegistryPlace {
  const { backend, redis } = given.config.cluster;
  if (backend === 'file') return { kind: 'folder' };
  const host = redis.sentinels.length > 0 ? null : redis.host;
  const isLocal = redisHosts(redis).every(meansThisMachine);
  return { kind: 'redis', host, isLocal, hasPassword: hasRedisPassword(given), tls: redis.tls };
}

function configsOf({ secrets, joinValues }: PackageNeeds): PackageConfigs {
  const product = {
    clusterNode: productOf(PROGRAM_OF['cluster-node']),
    standalone: productOf(PROGRAM_OF.standalone),
    agent: productOf(PROGRAM_OF.agent),
  };
  return {
    clusterNode: (order, terms, ticket) =>
      clusterNodeConfig({
        ...order,
        shared: readJoinValues(joinValues(terms)),
        ticket,
        place: product.clusterNode,
      }),
    standalone: ({ port }) => standaloneConfig({ port, place: product.standalone }),
    agent: ({ intervalSeconds }, { servers, pins }) =>
      agentConfig({
        servers,
        pins,
        intervalSeconds,
        apiKey: required(secrets.apiKey, 'server.api_key'),
        encryptionKey: required(secrets.encryptionKey, 'server.encryption_key'),
        place: product.agent,
      }),
  };
}
