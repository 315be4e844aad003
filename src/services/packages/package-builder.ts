/**
 * Builds a package and hands it to who ordered it, never by way of this server's disk: what stands in the way is said
 * first, then the audit log is told, then the file is put together, and only then the first byte goes out. A join
 * ticket that was made for it ends with it when the package does not arrive.
 */
import type { Clock } from '../../base/clock.ts';
import { AtlasError, reasonOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ArchiveSigner } from '../../installer/archive.ts';
import type { ByteSource } from '../../installer/byte-source.ts';
import type { PackageBuild, PackageOutcome, PackageStore } from '../../store/package-store.ts';
import { Places } from '../limits/places.ts';
import { Shares } from '../limits/shares.ts';
import type { AskedBy, Audit, AuditAct } from '../people/audit.ts';
import type { Tickets } from '../trust/tickets.ts';
import { endTicket } from './ended-ticket.ts';
import { HandedPackage } from './handed-package.ts';
import { type PackageParts, packageFile } from './package-file.ts';
import { buildOf, type Filling, fillingOf } from './package-filling.ts';
import type { PackageOrder } from './package-order.ts';
import type { PackageReadiness } from './package-readiness.ts';
import type { PackageMaterial } from './package-settings.ts';
import type { PackagesUnderWay } from './packages-under-way.ts';

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
  readonly underWay: PackagesUnderWay;
  readonly tickets: Pick<Tickets, 'create' | 'revoke'>;
  readonly packages: PackageStore;
  readonly audit: Pick<Audit, 'perform' | 'note'>;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Asked {
  readonly by: AskedBy;
  readonly gone: AbortSignal | undefined;
  /** The share. */
  readonly giveBack: () => void;
}

export class PackageBuilder {
  readonly #parts: BuilderParts;
  readonly #shares = new Shares(SHARES, busy);
  readonly #places = new Places(PLACES, busy);

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
      return await this.#places.take(() => this.#begin(order, { by, gone, giveBack }));
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async #begin(order: PackageOrder, { by, gone, giveBack }: Asked): Promise<HandedPackage> {
    if (gone?.aborted) throw busy();
    await this.#parts.readiness.require(order);
    const signer = order.sign ? await this.#signer() : null;
    const program = await this.#parts.program();
    const filling = await fillingOf(order, by, this.#parts);
    const build = buildOf(order, filling, { ...this.#parts, program, by });
    void this.#parts.underWay.begin(build.buildId).then(giveBack);
    return this.#record(build, by, () => this.#assemble(order, filling, { build, program, signer }));
  }

  async #signer(): Promise<ArchiveSigner> {
    const identity = await this.#parts.signing();
    if (identity !== null) return identity.open();
    throw new AtlasError('signer_missing', 'this server has no identity to sign packages with', {
      hint: 'set package.sign_key and package.sign_chain, or sign the file: atlas-fleet package sign',
    });
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

  async #assemble(
    order: PackageOrder,
    { config, standing }: Filling,
    parts: Pick<PackageParts, 'build' | 'program' | 'signer'>,
  ): Promise<ByteSource> {
    if (order.kind !== 'cluster-node') return packageFile({ ...parts, config, existingConfig: 'keep' });
    const { existingConfig } = order;
    const source = await packageFile({ ...parts, config, existingConfig });
    // A rotation that began meanwhile must not let a secret out that is gone.
    if (standing !== null) this.#parts.readiness.requireStill(order, standing);
    return source;
  }

  /** Never rejects: of what cannot be written down the record says that it is lost, and LostPackages ends its ticket. */
  async #end({ buildId, ticketId }: PackageBuild, outcome: PackageOutcome): Promise<void> {
    const { packages, underWay, log } = this.#parts;
    const told = (sentence: string) => (error: unknown) =>
      log.warn('package.unsettled', sentence, { build: buildId, ...reasonOf(error) });
    const writing = packages.finish(buildId, outcome);
    const hasLostTicket = outcome.state === 'failed' && ticketId !== null;
    const ending = hasLostTicket ? endTicket(this.#parts, { buildId, ticketId }) : null;
    await Promise.all([
      writing.catch(told('What became of a package could not be written down')),
      ending?.catch(told('The join ticket of a package that was not handed over is still open')),
    ]);
    underWay.end(buildId);
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
