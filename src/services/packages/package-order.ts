/** What somebody orders, with everything decided that a request may leave out. Parsed at the door (http/shapes/packages.ts). */
import type { ExistingConfig } from '../../installer/package-mark.ts';
import type { Architecture } from '../../installer/program.ts';

interface CommonOrder {
  readonly architecture: Architecture;
  readonly fileName: string;
  /** With the identity that the configuration names. */
  readonly sign: boolean;
  /** Of who orders it; may be empty. */
  readonly note: string;
}

export interface ClusterNodeOrder extends CommonOrder {
  readonly kind: 'cluster-node';
  readonly credentials: 'embedded' | 'ticket';
  /** Null: it makes one of its host name. */
  readonly nodeName: string | null;
  readonly port: number;
  /** Redis as the new server reaches it; null: as this one does. */
  readonly redisHost: string | null;
  readonly redisPort: number | null;
  readonly ticketLifeSeconds: number;
  /** What becomes of a config.yaml that is there. */
  readonly existingConfig: ExistingConfig;
}

export interface StandaloneOrder extends CommonOrder {
  readonly kind: 'standalone';
  readonly port: number;
}

export interface AgentOrder extends CommonOrder {
  readonly kind: 'agent';
  /** Null: all servers that answer. */
  readonly servers: readonly string[] | null;
  readonly intervalSeconds: number;
}

export type PackageOrder = ClusterNodeOrder | StandaloneOrder | AgentOrder;
