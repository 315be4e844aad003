/** Packages of this server of which not all is said yet: from their place on record to what became of them. */

/** Milliseconds after which no package is under way any more, on whatever server: longer than any answer takes. */
export const UNDER_WAY_MS = 15 * 60_000;

export class PackagesUnderWay {
  readonly #packages = new Map<string, PromiseWithResolvers<void>>();

  /** Resolves with end(). */
  begin(buildId: string): Promise<void> {
    const underWay = Promise.withResolvers<void>();
    this.#packages.set(buildId, underWay);
    return underWay.promise;
  }

  end(buildId: string): void {
    this.#packages.get(buildId)?.resolve();
    this.#packages.delete(buildId);
  }

  has(buildId: string): boolean {
    return this.#packages.has(buildId);
  }

  /** Resolves when none of those that are under way now is any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#packages.values()].map(({ promise }) => promise));
  }
}
