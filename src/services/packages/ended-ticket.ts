/** The end of a join ticket whose package did not arrive: whoever broke it off may have come by the half that it was in. */
import type { Clock } from '../../base/clock.ts';
import { AtlasError, type ErrorCode } from '../../base/errors.ts';
import type { LostTicket, PackageStore } from '../../store/package-store.ts';
import { SYSTEM_ACTOR } from '../people/audit.ts';
import type { Tickets } from '../trust/tickets.ts';

/** It lets nobody in any more. */
const ENDED: ReadonlySet<ErrorCode> = new Set(['ticket_missing', 'ticket_used', 'ticket_revoked']);

export interface EndingParts {
  readonly tickets: Pick<Tickets, 'revoke'>;
  readonly packages: Pick<PackageStore, 'revoke'>;
  readonly clock: Clock;
}

/** When it resolves the ticket admits nobody, and the record says so. Rejects as Tickets.revoke() and the store do. */
export async function endTicket(
  { tickets, packages, clock }: EndingParts,
  { buildId, ticketId }: LostTicket,
): Promise<void> {
  try {
    await tickets.revoke(ticketId, { actor: SYSTEM_ACTOR, address: null });
  } catch (error) {
    if (!(error instanceof AtlasError && ENDED.has(error.code))) throw error;
  }
  await packages.revoke(buildId, clock.wallMs());
}
