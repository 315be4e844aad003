/** What is said where a join ticket came back from another machine than the one that it admitted. */
import { escapeControls } from '../base/log.ts';
import type { Finding } from './finding.ts';

export interface TicketMisuse {
  readonly ticketId: string;
  /** Who asked, last. */
  readonly address: string;
  /** The node that the ticket admitted. */
  readonly admitted: string;
  /** Unix ms; it is told no longer. */
  readonly toldUntilMs: number;
}

/** Where the hours and minutes stand in an ISO time. */
const HOURS_AND_MINUTES = [11, 16] as const;

/** The thief may be the one that was first, so both are named. */
export function misusedFinding({ ticketId, address, admitted, toldUntilMs }: TicketMisuse): Finding {
  const until = new Date(toldUntilMs).toISOString().slice(...HOURS_AND_MINUTES);
  return {
    code: 'ticket_misused',
    severity: 'critical',
    sentence: `Somebody used join ticket ${ticketId} again from ${escapeControls(address)} with other keys, after it had admitted ${admitted}. Nobody was let in. Shown until ${until} UTC.`,
    mend: `See that ${admitted} is your machine: compare its fingerprint in atlas-fleet cluster roster, and if it is not, evict it. A second machine of yours needs a ticket of its own: atlas-fleet cluster ticket create.`,
  };
}
