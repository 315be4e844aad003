/** The contract of src/store/package-store.ts in memory; held to it by the same suite as the engines. */
import type {
  BuildPage,
  LostTicket,
  PackageBuild,
  PackageOutcome,
  PackageStore,
  StoredBuild,
} from '../../src/store/package-store.ts';

export class FakePackageStore implements PackageStore {
  /** In the order in which they were begun. */
  readonly #builds: StoredBuild[] = [];
  /** Set to let everything fail, as an engine would that is away. */
  failure: Error | undefined;

  async add(build: PackageBuild): Promise<void> {
    this.#fail();
    this.#builds.push({ ...build, outcome: null, revokedAtMs: null });
  }

  async finish(buildId: string, outcome: PackageOutcome): Promise<void> {
    this.#change(buildId, (build) => ({ ...build, outcome: build.outcome ?? outcome }));
  }

  async revoke(buildId: string, atMs: number): Promise<void> {
    this.#change(buildId, (build) => ({ ...build, revokedAtMs: build.revokedAtMs ?? atMs }));
  }

  async find(buildId: string): Promise<StoredBuild | null> {
    this.#fail();
    return this.#builds.find((build) => build.buildId === buildId) ?? null;
  }

  async list({
    limit,
    before = this.#builds.length,
  }: {
    limit: number;
    before?: number;
  }): Promise<BuildPage> {
    this.#fail();
    const from = Math.max(0, before - limit);
    return { builds: this.#builds.slice(from, before).reverse(), nextBefore: from > 0 ? from : null };
  }

  async nextUnnamedAtMs(buildId: string): Promise<number | null> {
    this.#fail();
    const at = this.#builds.findIndex((build) => build.buildId === buildId);
    if (at < 0) return null;
    const next = this.#builds
      .slice(at + 1)
      .find(
        ({ kind, credentials, nodeName, outcome }) =>
          kind === 'cluster-node' &&
          credentials === 'embedded' &&
          nodeName === null &&
          outcome?.state !== 'failed',
      );
    return next?.builtAtMs ?? null;
  }

  async lostTickets(nodeId: string, beforeMs: number): Promise<readonly LostTicket[]> {
    this.#fail();
    return this.#builds.flatMap(({ buildId, ticketId, outcome, revokedAtMs, ...build }) => {
      const isLost = build.nodeId === nodeId && build.builtAtMs < beforeMs;
      return isLost && ticketId !== null && outcome?.state !== 'ready' && revokedAtMs === null
        ? { buildId, ticketId }
        : [];
    });
  }

  #change(buildId: string, change: (build: StoredBuild) => StoredBuild): void {
    this.#fail();
    const at = this.#builds.findIndex((build) => build.buildId === buildId);
    const build = this.#builds[at];
    if (build !== undefined) this.#builds[at] = change(build);
  }

  #fail(): void {
    if (this.failure) throw this.failure;
  }
}
