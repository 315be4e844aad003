/**
 * Join tickets as people make, list and revoke them (docs/protocol/join.md). The text of one is shown once, to who
 * asked for it; what the roster keeps of it proves it, and nobody can make it again from there.
 */
import { type Clock, unixSeconds } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { hostPort } from '../../base/host-text.ts';
import type { Secret } from '../../base/secret.ts';
import { answering } from '../../membership/answering.ts';
import { admitsAt, type RosterTicket } from '../../membership/roster.ts';
import { OPEN_TICKETS_MAX } from '../../protocol/limits.ts';
import type { NodeRecordBody } from '../../protocol/node-record.ts';
import { type MadeTicket, makeTicket, type TicketServer } from '../../protocol/ticket.ts';
import type { AskedBy, Audit } from '../people/audit.ts';
import { type MaybeTrusted, requireRoster, requireTrust } from './required-roster.ts';
import { type TicketState, ticketState } from './ticket-standing.ts';
import type { Trust } from './trust.ts';

/** Addresses in a ticket, so that it stays one that can be pasted. Arbitrary, and fewer than it may hold. */
const ADDRESSES_NAMED = 8;
/** Tickets told, the newest first. Arbitrary. */
const TICKETS_TOLD = 100;

export interface TicketView {
  id: string;
  state: TicketState;
  created_by: string;
  created_at: string;
  expires_at: string;
  /** The node that it admitted. */
  used_by: string | null;
}

export interface NewTicket {
  readonly id: string;
  readonly text: Secret;
  readonly expiresAt: string;
  readonly servers: readonly string[];
}

/** Why a server can make no ticket, and what to do. */
export interface TicketObstacle {
  sentence: string;
  mend: string;
}

const NEEDS_TLS: Readonly<TicketObstacle> = {
  sentence: 'This server speaks no TLS, so a joiner could not tell it from an impostor.',
  mend: 'Make the ticket on a server that speaks TLS; or set server.tls: own, or files with a certificate, in config.yaml and restart this one.',
};

export interface TicketParts {
  /** Null without cluster mode. */
  readonly cluster: MaybeTrusted | null;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'perform'>;
  /** As others read it of this server. */
  readonly describe: () => NodeRecordBody;
}

/** All of it rejects with roster_missing where there is no roster. */
export class Tickets {
  readonly #parts: TicketParts;

  constructor(parts: TicketParts) {
    this.#parts = parts;
  }

  /** Rejects with ticket_needs_tls, tickets_full, and as RosterKeeper.propose() and Audit.perform(). */
  async create({ lifeSeconds }: { readonly lifeSeconds: number }, by: AskedBy): Promise<NewTicket> {
    const { clock, audit } = this.#parts;
    const servers = this.#servers();
    const { clusterId, epoch, digest: hash } = requireRoster(this.#trust);
    const made = makeTicket({ clusterId, servers, epoch, hash });
    const expires = unixSeconds(clock) + lifeSeconds;
    const expiresAt = timeText(expires);
    const act = {
      ...by,
      action: 'ticket.created',
      subject: made.id,
      detail: { expires: expiresAt },
    } as const;
    await audit.perform(act, () => this.#announce(made, expires));
    return { id: made.id, text: made.text, expiresAt, servers: servers.map(({ url }) => url) };
  }

  /** Null where it can make one, as far as its configuration goes. */
  get obstacle(): TicketObstacle | null {
    return addressesOf(this.#parts.describe()).length === 0 ? NEEDS_TLS : null;
  }

  list(): TicketView[] {
    const now = unixSeconds(this.#parts.clock);
    const made = madeAt(this.#trust);
    const views = [...requireRoster(this.#trust).tickets].slice(-TICKETS_TOLD).map(([id, ticket]) => ({
      id,
      state: ticketState(ticket, now),
      created_by: made.get(id)?.signer ?? '',
      created_at: timeText(made.get(id)?.time ?? 0),
      expires_at: timeText(ticket.expires),
      used_by: ticket.usedBy?.node_id ?? null,
    }));
    return views.reverse();
  }

  /** Rejects with ticket_missing, ticket_used, ticket_revoked, and as RosterKeeper.propose() and Audit.perform(). */
  async revoke(id: string, by: AskedBy): Promise<void> {
    await this.#parts.audit.perform({ ...by, action: 'ticket.revoked', subject: id }, () =>
      this.#trust.keeper.propose(({ tickets }) => {
        requireOpen(tickets.get(id), id);
        return [{ op: 'revoke_ticket', id }];
      }),
    );
  }

  async #announce({ id, key }: MadeTicket, expires: number): Promise<void> {
    await this.#trust.keeper.propose(({ tickets }) => {
      const now = unixSeconds(this.#parts.clock);
      const open = [...tickets.values()].filter((ticket) => admitsAt(ticket, now));
      if (open.length >= OPEN_TICKETS_MAX)
        throw new AtlasError('tickets_full', `${OPEN_TICKETS_MAX} tickets are open, and no more may be`, {
          hint: 'revoke those that nobody will use: atlas-fleet cluster ticket list',
        });
      return [{ op: 'ticket', id, key, expires }];
    });
  }

  get #trust(): Trust {
    return requireTrust(this.#parts.cluster).trust;
  }

  /** This one first: it knows the ticket before the others do. */
  #servers(): TicketServer[] {
    const { obstacle } = this;
    if (obstacle !== null)
      throw new AtlasError('ticket_needs_tls', obstacle.sentence, { hint: obstacle.mend });
    const { watch } = requireTrust(this.#parts.cluster);
    const others = answering(watch.members()).flatMap(addressesOf);
    return [...addressesOf(this.#parts.describe()), ...others].slice(0, ADDRESSES_NAMED);
  }
}

/**
 * Its host, and the machine by name: behind a public_url the first is a balancer, which shows another key. None for a
 * server that no joiner could tell from an impostor.
 */
function addressesOf({ host, hostname, port, tls_spki_sha256: spki }: NodeRecordBody): TicketServer[] {
  if (spki === undefined) return [];
  const names = [...new Set([host, hostname])];
  const urls = names.map((name) => URL.parse(`https://${hostPort(name, port)}`));
  return urls.flatMap((url) => (url === null ? [] : { url: url.origin, spki_sha256: spki }));
}

function requireOpen(ticket: RosterTicket | undefined, id: string): void {
  if (ticket === undefined)
    throw new AtlasError('ticket_missing', `there is no ticket ${JSON.stringify(id)}`, {
      hint: 'see atlas-fleet cluster ticket list',
    });
  if (ticket.state === 'used')
    throw new AtlasError('ticket_used', `the ticket has admitted ${ticket.usedBy?.node_id}`, {
      hint: 'take that server out with atlas-fleet cluster evict, if it is not yours',
    });
  if (ticket.state === 'revoked') throw new AtlasError('ticket_revoked', 'the ticket was revoked before');
}

/** By whom and when, as the chain has it. */
function madeAt({ keeper }: Trust) {
  return new Map(
    keeper.steps.flatMap((step) =>
      step.operations.flatMap((operation) => (operation.op === 'ticket' ? [[operation.id, step]] : [])),
    ),
  );
}

function timeText(unixTime: number): string {
  return new Date(unixTime * 1000).toISOString();
}
