/**
 * Builds a package and hands it to who ordered it, never by way of this server's disk: what stands in the way is said
 * first, then the audit log is told, then the file is put together, and only then the first byte goes out. A join
 * ticket that was made for it ends with it when the package does not arrive.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { AtlasError, reasonOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ArchiveSigner } from '../../installer/archive.ts';
import type { ByteSource } from '../../installer/byte-source.ts';
import type { Program } from '../../installer/program.ts';
import type { PackageBuild, PackageOutcome, PackageStore } from '../../store/package-store.ts';
import { Places } from '../limits/places.ts';
import { Shares } from '../limits/shares.ts';
import { type Audit, type AuditAct, SYSTEM_ACTOR } from '../people/audit.ts';
import type { NewTicket, Tickets } from '../trust/tickets.ts';
import type { ClusterStanding } from './cluster-terms.ts';
import { HandedPackage } from './handed-package.ts';
import { type PackageParts, packageFile } from './package-file.ts';
import { CREDENTIALS_OF } from './package-kinds.ts';
import type { PackageOrder } from './package-order.ts';
import { type PackageReadiness, programContent } from './package-readiness.ts';
import type { PackageConfig, PackageMaterial } from './package-settings.ts';

/**
 * Packages of which not all is said yet, those that slow readers take included: each holds some megabytes. One is kept
 * for the administrator of this machine. Arbitrary.
 */
const SHARES = { all: 16, each: 4, kept: 1 };
/** Packages that are put together at the same time: each takes a core. All others that have a share wait. Arbitrary. */
const PLACES = { running: 2, waiting: SHARES.all };
const TRY_AGAIN_SECONDS = 10;

const BROKEN_OFF = 'A package broke off while it was handed over';

export interface BuilderParts extends PackageMaterial {
  readonly readiness: PackageReadiness;
  readonly tickets: Pick<Tickets, 'create' | 'revoke'>;
  readonly packages: PackageStore;
  readonly audit: Pick<Audit, 'perform' | 'note'>;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** On whose behalf. */
type AskedBy = Required<Pick<AuditAct, 'actor' | 'address'>>;

/** What goes in, decided. */
interface Filling {
  readonly config: PackageConfig;
  readonly ticket: NewTicket | null;
  /** Null for who does not join this cluster. */
  readonly standing: ClusterStanding | null;
}

export class PackageBuilder {
  readonly #parts: BuilderParts;
  readonly #shares = new Shares(SHARES, busy);
  readonly #places = new Places(PLACES, busy);
  /** Of each package under way: settled when what became of it is written down. */
  readonly #underWay = new Map<string, PromiseWithResolvers<void>>();

  constructor(parts: BuilderParts) {
    this.#parts = parts;
  }

  /**
   * `gone`: aborted when nobody waits for it any more. Rejects with package_not_ready, packages_busy, bad_request, as
   * Tickets.create(), Audit.perform() and assemblePackage().
   */
  async build(order: PackageOrder, by: AskedBy, gone?: AbortSignal): Promise<HandedPackage> {
    const { kind, name } = by.actor;
    const giveBack = this.#shares.take(`${kind} ${name}`, { isFavoured: kind === 'local' });
    try {
      const built = await this.#places.take(() => this.#begin(order, by, gone));
      void this.#underWay.get(built.buildId)?.promise.then(giveBack);
      return built;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async #begin(order: PackageOrder, by: AskedBy, gone: AbortSignal | undefined): Promise<HandedPackage> {
    if (gone?.aborted) throw busy();
    const { readiness } = this.#parts;
    await readiness.require(order);
    const signer = order.sign ? await this.#signer() : null;
    const program = await this.#parts.program();
    const filling = await this.#fill(order, by);
    const build = this.#describe(order, { ...filling, program }, by);
    return this.#record(build, by, () => this.#assemble(order, filling, { build, program, signer }));
  }

  /** Of this server: not all is said of it yet. */
  isUnderWay(buildId: string): boolean {
    return this.#underWay.has(buildId);
  }

  /** Resolves when what became of every package is written down, or cannot be. */
  async settled(): Promise<void> {
    await Promise.all([...this.#underWay.values()].map(({ promise }) => promise));
  }

  async #signer(): Promise<ArchiveSigner> {
    const identity = await this.#parts.signing();
    if (identity !== null) return identity.open();
    throw new AtlasError('signer_missing', 'this server has no identity to sign packages with', {
      hint: 'set package.sign_key and package.sign_chain, or sign the file: atlas-fleet package sign',
    });
  }

  async #fill(order: PackageOrder, by: AskedBy): Promise<Filling> {
    const { configs, readiness } = this.#parts;
    if (order.kind === 'standalone')
      return { config: configs.standalone(order), ticket: null, standing: null };
    if (order.kind === 'agent') {
      const config = configs.agent(order, readiness.agentServers(order.servers));
      return { config, ticket: null, standing: null };
    }
    const standing = readiness.standing();
    const { terms } = standing;
    if (order.credentials === 'embedded' && terms.admission === 'secret')
      return { config: configs.clusterNode(order, terms, null), ticket: null, standing };
    configs.clusterNode(order, terms, 'later'); // what it would refuse must not cost a ticket
    const ticket = await this.#parts.tickets.create({ lifeSeconds: order.ticketLifeSeconds }, by);
    return { config: configs.clusterNode(order, terms, ticket.text), ticket, standing };
  }

  /** Told before it is done; what it leaves behind when it is not done is taken back. */
  async #record(
    build: PackageBuild,
    by: AskedBy,
    assemble: () => Promise<ByteSource>,
  ): Promise<HandedPackage> {
    const { packages, audit, log } = this.#parts;
    const { buildId } = build;
    const act = { ...by, action: 'package.built', subject: buildId, detail: detailOf(build) } as const;
    this.#underWay.set(buildId, Promise.withResolvers());
    try {
      const source = await audit.perform(act, async () => {
        await packages.add(build);
        return assemble();
      });
      return new HandedPackage(source, build, ({ outcome, handed, fault }) => {
        if (outcome.state === 'failed') audit.note(brokenOff(act, handed));
        if (fault !== null)
          log.warn('package.broken_off', BROKEN_OFF, { build: buildId, ...reasonOf(fault) });
        void this.#end(build, outcome);
      });
    } catch (error) {
      await this.#end(build, { state: 'failed', file: null });
      throw error;
    }
  }

  #describe(
    order: PackageOrder,
    { config, ticket, program }: Filling & { readonly program: Program },
    { actor: builtBy }: AskedBy,
  ): PackageBuild {
    const { kind, fileName, architecture, note, sign: signed } = order;
    const { clock, nodeId } = this.#parts;
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
      builtBy,
      builtAtMs: clock.wallMs(),
      nodeId,
    };
  }

  async #assemble(
    order: PackageOrder,
    { config, standing }: Filling,
    parts: Pick<PackageParts, 'build' | 'program' | 'signer'>,
  ): Promise<ByteSource> {
    if (order.kind !== 'cluster-node') return packageFile({ ...parts, config, policy: 'keep' });
    const source = await packageFile({ ...parts, config, policy: order.existingConfig });
    // A rotation that began meanwhile must not let a secret out that is gone.
    if (standing !== null) this.#parts.readiness.requireStill(order, standing);
    return source;
  }

  /** Never rejects: what cannot be written down is lost, as the record then says itself. */
  async #end({ buildId, ticketId }: PackageBuild, outcome: PackageOutcome): Promise<void> {
    const { packages, tickets, log } = this.#parts;
    const told = (sentence: string) => (error: unknown) =>
      log.warn('package.unsettled', sentence, { build: buildId, ...reasonOf(error) });
    const by = { actor: SYSTEM_ACTOR, address: null };
    const writing = packages.finish(buildId, outcome);
    const revoking = outcome.state === 'failed' && ticketId !== null ? tickets.revoke(ticketId, by) : null;
    await Promise.all([
      writing.catch(told('What became of a package could not be written down')),
      revoking?.catch(told('The join ticket of a package that was not handed over is still open')),
    ]);
    this.#underWay.get(buildId)?.resolve();
    this.#underWay.delete(buildId);
  }
}

function detailOf({
  kind,
  fileName,
  architecture,
  version,
  credentials,
  nodeName,
  ticketId,
  signed,
  note,
}: PackageBuild) {
  return {
    kind,
    file: fileName,
    architecture,
    version,
    credentials,
    signed,
    ...(nodeName !== null && { node: nodeName }),
    ...(ticketId !== null && { ticket: ticketId }),
    ...(note !== '' && { note }),
  };
}

/** Whoever broke it off may have read all of the secrets in it. */
function brokenOff(act: AuditAct, handed: number): AuditAct {
  return { ...act, outcome: 'failed', detail: { ...act.detail, handed_bytes: handed } };
}

function busy(): AtlasError {
  return new AtlasError('packages_busy', 'Other packages are being built on this server.', {
    hint: 'Try again in a moment, or build it on another server.',
    retryAfterSeconds: TRY_AGAIN_SECONDS,
  });
}
