/** Which packages were built and what became of them, as pages and scripts ask. Shapes: http/shapes/packages.ts. */
import { type Clock, unixSeconds } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type {
  CredentialMode,
  PackageContent,
  PackageKind,
  PackageStore,
  StoredBuild,
} from '../../store/package-store.ts';
import type { NodeView } from '../cluster/node-view.ts';
import type { RunningCluster } from '../cluster/running-cluster.ts';
import { readNumberCursor, writeCursor } from '../page-cursor.ts';
import type { AskedBy, Audit } from '../people/audit.ts';
import { type TicketState, ticketStanding } from '../trust/ticket-standing.ts';
import type { Tickets } from '../trust/tickets.ts';
import { type PackagesUnderWay, UNDER_WAY_MS } from './packages-under-way.ts';
import { admissionsOf, type Joined, whoJoined } from './who-joined.ts';

export const BUILDS_PER_PAGE = 50;
export const BUILDS_PER_PAGE_MAX = 200;

export interface BuildView {
  build_id: string;
  kind: PackageKind;
  file_name: string;
  architecture: StoredBuild['architecture'];
  version: string;
  credentials: CredentialMode;
  contents: PackageContent[];
  node_name: string | null;
  signed: boolean;
  note: string;
  built_by: string;
  built_at: string;
  node_id: string;
  state: 'building' | 'ready' | 'failed' | 'lost';
  size_bytes: number | null;
  sha256: string | null;
  ticket: { id: string; state: TicketState; expires_at: string } | null;
  revoked_at: string | null;
  joined: { node_id: string; by: Joined['by']; state: string; signature: string }[];
}

export interface RecordParts {
  readonly packages: PackageStore;
  readonly underWay: Pick<PackagesUnderWay, 'has'>;
  readonly tickets: Pick<Tickets, 'revoke'>;
  readonly audit: Pick<Audit, 'perform'>;
  readonly cluster: RunningCluster | null;
  /** As on the Cluster Health Monitor. */
  readonly nodes: () => readonly NodeView[];
  readonly nodeId: string;
  readonly clock: Clock;
}

export class PackageRecords {
  readonly #parts: RecordParts;

  constructor(parts: RecordParts) {
    this.#parts = parts;
  }

  /** The newest first. Rejects with bad_cursor, and as the store does. */
  async list(page: {
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ items: BuildView[]; next_cursor: string | null }> {
    const { limit, cursor } = page;
    const before = cursor === undefined ? {} : { before: readNumberCursor(cursor) };
    const { builds, nextBefore } = await this.#parts.packages.list({ limit, ...before });
    const items = await Promise.all(builds.map((build) => this.#view(build)));
    return { items, next_cursor: nextBefore === null ? null : writeCursor(nextBefore) };
  }

  /** Rejects with package_unknown, and as the store does. */
  async find(buildId: string): Promise<BuildView> {
    return this.#view(await this.#require(buildId));
  }

  /**
   * Ends what the package lets in. Rejects with package_unknown, package_not_revocable for what carries the secrets
   * themselves, and as Tickets.revoke().
   */
  async revoke(buildId: string, by: AskedBy): Promise<void> {
    const { packages, tickets, audit, clock } = this.#parts;
    const build = await this.#require(buildId);
    const { ticketId, fileName, credentials } = build;
    if (ticketId === null || credentials !== 'ticket') throw notRevocable(build);
    const detail = { file: fileName, ticket: ticketId };
    await audit.perform({ ...by, action: 'package.revoked', subject: buildId, detail }, async () => {
      await tickets.revoke(ticketId, by);
      await packages.revoke(buildId, clock.wallMs());
    });
  }

  async #require(buildId: string): Promise<StoredBuild> {
    const build = await this.#parts.packages.find(buildId);
    if (build !== null) return build;
    throw new AtlasError('package_unknown', 'There is no record of such a package.', {
      hint: 'Take its id from the list: atlas-fleet package list.',
    });
  }

  async #view(build: StoredBuild): Promise<BuildView> {
    const { buildId, outcome, revokedAtMs } = build;
    return {
      build_id: buildId,
      kind: build.kind,
      file_name: build.fileName,
      architecture: build.architecture,
      version: build.version,
      credentials: build.credentials,
      contents: [...build.contents],
      node_name: build.nodeName,
      signed: build.signed,
      note: build.note,
      built_by: build.builtBy.name || build.builtBy.kind,
      built_at: timeText(build.builtAtMs),
      node_id: build.nodeId,
      state: outcome?.state ?? this.#unsettled(build),
      size_bytes: outcome?.file?.size ?? null,
      sha256: outcome?.file?.sha256 ?? null,
      ticket: this.#ticket(build.ticketId),
      revoked_at: revokedAtMs === null ? null : timeText(revokedAtMs),
      joined: await this.#joined(build),
    };
  }

  #unsettled({ buildId, nodeId, builtAtMs }: StoredBuild): 'building' | 'lost' {
    const { underWay, clock, nodeId: own } = this.#parts;
    const mayRun = nodeId === own ? underWay.has(buildId) : clock.wallMs() - builtAtMs < UNDER_WAY_MS;
    return mayRun ? 'building' : 'lost';
  }

  #ticket(id: string | null): BuildView['ticket'] {
    const { roster, keeper } = this.#parts.cluster?.trust ?? {};
    if (id === null || !roster || !keeper) return null;
    const now = unixSeconds(this.#parts.clock);
    const standing = ticketStanding(id, { tickets: roster.tickets, steps: keeper.steps, now });
    return standing && { id, state: standing.state, expires_at: timeText(standing.expires * 1000) };
  }

  async #joined(build: StoredBuild): Promise<BuildView['joined']> {
    const { cluster, packages, nodes } = this.#parts;
    const trust = cluster?.trust;
    if (!trust?.roster || build.kind !== 'cluster-node') return [];
    const isUnnamed = build.ticketId === null && build.nodeName === null;
    const nextAtMs = isUnnamed ? await packages.nextUnnamedAtMs(build.buildId) : null;
    const seen = new Map(nodes().map((node) => [node.node_id, node]));
    return whoJoined(build, admissionsOf(trust.keeper.steps), nextAtMs).map(({ nodeId, by }) => {
      const node = seen.get(nodeId);
      const gone = trust.roster?.evicted.has(nodeId) ? 'evicted' : 'left';
      return { node_id: nodeId, by, state: node?.state ?? gone, signature: node?.signature ?? NO_MEMBER };
    });
  }
}

const NO_MEMBER = 'not a member any more';

function notRevocable({ kind, ticketId }: StoredBuild): AtlasError {
  const sentence =
    'This package carries no ticket alone, so nothing that could be revoked makes it worthless.';
  if (kind === 'standalone')
    return new AtlasError('package_not_revocable', sentence, {
      hint: 'It holds no secret: delete the file.',
    });
  if (kind === 'agent')
    return new AtlasError('package_not_revocable', sentence, {
      hint: 'If it was lost, change server.api_key and server.encryption_key on the servers and build new packages.',
    });
  const ticket = ticketId === null ? '' : `atlas-fleet cluster ticket revoke ${ticketId}. Then `;
  return new AtlasError('package_not_revocable', 'The secrets themselves are in this package.', {
    hint: `If it was lost: ${ticket}new passwords for PostgreSQL and Redis and new keys first, and then the cluster's secret. atlas-fleet cluster security --leaks has the commands, in their order.`,
  });
}

const timeText = (ms: number) => new Date(ms).toISOString();
