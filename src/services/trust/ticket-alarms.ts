/**
 * Who proved a ticket and was refused, written down: an entry of the audit log each, and for a ticket that was used by
 * other keys a line of the log and a critical finding on the health page of this server.
 */
import type { Clock } from '../../base/clock.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { Finding } from '../../membership/finding.ts';
import { misusedFinding, type TicketMisuse } from '../../membership/ticket-findings.ts';
import { ANONYMOUS_ACTOR, type Audit } from '../people/audit.ts';

/** Misused tickets remembered, and for how long they are told. Arbitrary. */
const MISUSED_MAX = 16;
const TOLD_MS = 3_600_000;

export interface TicketAlarmParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: Pick<Audit, 'note'>;
  /** The findings are others now. */
  readonly onMisuse: () => void;
}

type TicketRefusal = 'ticket_used' | 'ticket_expired' | 'ticket_revoked';

export interface RefusedTicket {
  readonly ticketId: string;
  readonly address: string;
  /** The name that the refused one asked for. */
  readonly nodeId: string;
}

export class TicketAlarms {
  readonly #parts: TicketAlarmParts;
  readonly #rare: RateLimitedLog;
  readonly #misused = new Map<string, TicketMisuse & { readonly atMs: number }>();

  constructor(parts: TicketAlarmParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  get findings(): Finding[] {
    const nowMs = this.#parts.clock.monotonicMs();
    return [...this.#misused.values()]
      .filter(({ atMs }) => nowMs - atMs < TOLD_MS)
      .map((misuse) => misusedFinding(misuse));
  }

  refused(code: TicketRefusal, { ticketId: subject, address, nodeId }: RefusedTicket): void {
    const act = { actor: ANONYMOUS_ACTOR, action: 'ticket.refused', outcome: 'refused' } as const;
    this.#parts.audit.note({ ...act, subject, address, detail: { code, node_id: nodeId } });
  }

  /** `admitted`: the node that the ticket let in. */
  misused(refused: RefusedTicket, admitted: string): void {
    const { clock, log, onMisuse } = this.#parts;
    const { ticketId, address, nodeId } = refused;
    this.#misused.delete(ticketId);
    const toldUntilMs = clock.wallMs() + TOLD_MS;
    const atMs = clock.monotonicMs();
    this.#misused.set(ticketId, { ticketId, address, admitted, toldUntilMs, atMs });
    const [oldest] = this.#misused.keys();
    if (this.#misused.size > MISUSED_MAX && oldest !== undefined) this.#misused.delete(oldest);
    this.#rare.once(ticketId, (times) =>
      log.error('cluster.ticket.misused', 'A used join ticket came back with other keys', {
        ticket: ticketId,
        admitted,
        claimed: nodeId,
        address,
        times,
      }),
    );
    this.refused('ticket_used', refused);
    onMisuse();
  }
}
