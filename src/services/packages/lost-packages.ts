/**
 * Ends the join tickets of packages of which this server never said what became of them: it died meanwhile, and whoever
 * read them may have come by half of one. Nothing that may still be on its way is touched, also where another server
 * runs under the name of this one.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { AtlasError, type ErrorCode, reasonOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { LostTicket, PackageStore } from '../../store/package-store.ts';
import { SYSTEM_ACTOR } from '../people/audit.ts';
import type { Tickets } from '../trust/tickets.ts';
import type { PackageBuilder } from './package-builder.ts';

/** Milliseconds after which no package can still be on its way: longer than any answer takes. */
export const UNDER_WAY_MS = 15 * 60_000;

/** It lets nobody in any more. */
const ENDED: ReadonlySet<ErrorCode> = new Set(['ticket_missing', 'ticket_used', 'ticket_revoked']);

export interface LostParts {
  readonly packages: Pick<PackageStore, 'lostTickets' | 'revoke'>;
  readonly builder: Pick<PackageBuilder, 'isUnderWay'>;
  readonly tickets: Pick<Tickets, 'revoke'>;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class LostPackages {
  readonly #parts: LostParts;
  #sweeping: Promise<void> = Promise.resolve();
  #next: Timer | undefined;

  constructor(parts: LostParts) {
    this.#parts = parts;
  }

  /** Now, and again and again until stop(): what is too young now is not then. */
  start(): void {
    this.#next = this.#parts.clock.after(UNDER_WAY_MS, () => this.start());
    this.#sweeping = this.#sweep().catch((error: unknown) => {
      const sentence = 'The join tickets of packages that were lost are still open';
      this.#parts.log.warn('package.unsettled', sentence, reasonOf(error));
    });
  }

  /** Resolves when nothing is done any more. */
  async stop(): Promise<void> {
    this.#next?.cancel();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { packages, builder, nodeId, clock } = this.#parts;
    const lost = await packages.lostTickets(nodeId, clock.wallMs() - UNDER_WAY_MS);
    for (const one of lost) if (!builder.isUnderWay(one.buildId)) await this.#end(one);
  }

  async #end({ buildId, ticketId }: LostTicket): Promise<void> {
    const { packages, tickets, clock } = this.#parts;
    try {
      await tickets.revoke(ticketId, { actor: SYSTEM_ACTOR, address: null });
    } catch (error) {
      if (!(error instanceof AtlasError && ENDED.has(error.code))) throw error;
    }
    await packages.revoke(buildId, clock.wallMs());
  }
}
