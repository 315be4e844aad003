/** What is said where a join ticket came back from another machine than the one that it admitted. */
import { escapeControls } from '../base/log.ts';
import type { Finding } from './finding.ts';

export interface TicketMisuse {
  readonly ticketId: string;
  /** Who asked, last. */
  readonly address: string;
  /** The node that the ticket admitted. */
  readonly admitted: string;
}

/** The thief may be the one that was first, so both are named. */
export function misusedFinding({ ticketId, address, admitted }: TicketMisuse): Finding {
  return {
    code: 'ticket_misused',
    severity: 'critical',
    sentence: `Somebody used join ticket ${ticketId} again from ${escapeControls(address)} with other keys, after it had admitted ${admitted}. Nobody was let in.`,
    mend: `See that ${admitted} is your machine: compare its fingerprint in atlas-fleet cluster roster, and if it is not, evict it. A second machine of yours needs a ticket of its own: atlas-fleet cluster ticket create.`,
  };
}
