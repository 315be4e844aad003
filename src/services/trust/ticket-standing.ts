/** Whether a join ticket lets anybody in, and why not, as the roster and its chain tell it: pure. */
import { admitsAt, type RosterTicket } from '../../membership/roster.ts';
import type { RosterStep } from '../../protocol/roster-step.ts';

export type TicketState = 'open' | 'used' | 'expired' | 'revoked';

/** `now`: Unix seconds. */
export function ticketState(ticket: RosterTicket, now: number): TicketState {
  return ticket.state === 'open' && !admitsAt(ticket, now) ? 'expired' : ticket.state;
}

export interface TicketStanding {
  readonly state: TicketState;
  /** Unix seconds. */
  readonly expires: number;
}

/** The roster forgets the oldest tickets; the chain does not. Null for one that no step ever announced. */
export function ticketStanding(
  id: string,
  {
    tickets,
    steps,
    now,
  }: { tickets: ReadonlyMap<string, RosterTicket>; steps: readonly RosterStep[]; now: number },
): TicketStanding | null {
  const known = tickets.get(id);
  if (known !== undefined) return { state: ticketState(known, now), expires: known.expires };
  const operations = steps.flatMap((step) => step.operations);
  const made = operations.find((one) => one.op === 'ticket' && one.id === id);
  if (made?.op !== 'ticket') return null;
  const isUsed = operations.some((one) => one.op === 'admit' && one.ticket === id);
  const isRevoked = operations.some((one) => one.op === 'revoke_ticket' && one.id === id);
  return { state: isUsed ? 'used' : isRevoked ? 'revoked' : 'expired', expires: made.expires };
}
