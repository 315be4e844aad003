/**
 * Ends the join tickets of packages of this server that did not arrive, where nobody did at once: it died meanwhile, or
 * the registry was away. Looks again and again, until the record of each says that it is done. Nothing that may still
 * be on its way is touched, also where another server runs under the name of this one.
 */
import type { Timer } from '../../base/clock.ts';
import { reasonOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { PackageStore } from '../../store/package-store.ts';
import { type EndingParts, endTicket } from './ended-ticket.ts';
import { type PackagesUnderWay, UNDER_WAY_MS } from './packages-under-way.ts';

export interface LostParts extends EndingParts {
  readonly packages: Pick<PackageStore, 'lostTickets' | 'revoke'>;
  readonly underWay: Pick<PackagesUnderWay, 'has'>;
  readonly nodeId: string;
  readonly log: Log;
}

export class LostPackages {
  readonly #parts: LostParts;
  #sweeping: Promise<void> = Promise.resolve();
  #next: Timer | undefined;

  constructor(parts: LostParts) {
    this.#parts = parts;
  }

  /** Now, and again and again until stop(): what is too young, or cannot be ended, is tried then. */
  start(): void {
    this.#next = this.#parts.clock.after(UNDER_WAY_MS, () => this.start());
    this.#sweeping = this.#sweep().catch((error: unknown) => {
      const sentence = 'The join tickets of packages that did not arrive are still open';
      this.#parts.log.warn('package.unsettled', sentence, reasonOf(error));
    });
  }

  /** Resolves when nothing is done any more. */
  async stop(): Promise<void> {
    this.#next?.cancel();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { packages, underWay, nodeId, clock } = this.#parts;
    const lost = await packages.lostTickets(nodeId, clock.wallMs() - UNDER_WAY_MS);
    for (const one of lost) if (!underWay.has(one.buildId)) await endTicket(this.#parts, one);
  }
}
