/**
 * What goes into a package, decided: by the order, and by what this server knows at this moment. A join ticket is made
 * where one goes in, and not before all else is known to be in order.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { ProgramVersion } from '../../installer/program.ts';
import type { PackageBuild } from '../../store/package-store.ts';
import type { AskedBy } from '../people/audit.ts';
import type { NewTicket, Tickets } from '../trust/tickets.ts';
import type { ClusterStanding } from './cluster-terms.ts';
import { CREDENTIALS_OF } from './package-kinds.ts';
import type { PackageOrder } from './package-order.ts';
import { type PackageReadiness, programContent } from './package-readiness.ts';
import type { PackageConfig, PackageConfigs } from './package-settings.ts';

export interface Filling {
  readonly config: PackageConfig;
  readonly ticket: NewTicket | null;
  /** Null for who does not join this cluster. */
  readonly standing: ClusterStanding | null;
}

export interface FillingParts {
  readonly configs: PackageConfigs;
  readonly readiness: Pick<PackageReadiness, 'standing' | 'agentServers'>;
  readonly tickets: Pick<Tickets, 'create'>;
}

/** Rejects with package_not_ready, and as PackageConfigs and Tickets.create() do. */
export async function fillingOf(
  order: PackageOrder,
  by: AskedBy,
  { configs, readiness, tickets }: FillingParts,
): Promise<Filling> {
  if (order.kind === 'standalone') return { config: configs.standalone(order), ticket: null, standing: null };
  if (order.kind === 'agent') {
    const config = configs.agent(order, readiness.agentServers(order.servers));
    return { config, ticket: null, standing: null };
  }
  const standing = readiness.standing();
  const { terms } = standing;
  if (order.credentials === 'embedded' && terms.admission === 'secret')
    return { config: configs.clusterNode(order, terms, null), ticket: null, standing };
  configs.clusterNode(order, terms, 'later'); // what it would refuse must not cost a ticket
  const ticket = await tickets.create({ lifeSeconds: order.ticketLifeSeconds }, by);
  return { config: configs.clusterNode(order, terms, ticket.text), ticket, standing };
}

interface Told {
  readonly program: ProgramVersion;
  readonly by: AskedBy;
  readonly nodeId: string;
  readonly clock: Clock;
}

/** What is told of it on record. */
export function buildOf(
  order: PackageOrder,
  { config, ticket }: Filling,
  { program, by, nodeId, clock }: Told,
): PackageBuild {
  const { kind, fileName, architecture, note, sign: signed } = order;
  const ofNode = kind === 'cluster-node' ? order : null;
  return {
    buildId: randomUUID(),
    kind,
    fileName,
    architecture,
    version: program.version,
    credentials: ofNode?.credentials ?? CREDENTIALS_OF[kind],
    contents: [...config.contents, programContent(program)],
    nodeName: ofNode?.nodeName ?? null,
    ticketId: ticket?.id ?? null,
    signed,
    note,
    builtBy: by.actor,
    builtAtMs: clock.wallMs(),
    nodeId,
  };
}
