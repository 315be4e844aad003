/**
 * Lets in who proves a ticket (docs/protocol/join.md, "The requests"): one step of the roster uses the ticket up and
 * admits the joiner, and the credentials go back sealed to the key that the step names. Who proves no ticket learns
 * nothing; who proves one that was used by other keys is refused, and an alarm.
 */
import { type Clock, unixSeconds } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Secret } from '../../base/secret.ts';
import type { Finding } from '../../membership/finding.ts';
import { whyNotMember } from '../../membership/newcomer.ts';
import { hasRunOut, type Roster } from '../../membership/roster.ts';
import { canonicalText, type JsonObject } from '../../protocol/canonical-json.ts';
import { sealTo } from '../../protocol/envelope.ts';
import { fingerprintOf, isSealingKey } from '../../protocol/identity-key.ts';
import { isTicketProof, type JoinClaim, verifyClaim } from '../../protocol/join-claim.ts';
import type { Keyring } from '../../protocol/keyring.ts';
import type { Admission, Envelope, Operation, RosterMember, RosterStep } from '../../protocol/roster-step.ts';
import { RateLimit } from '../limits/rate-limit.ts';
import type { RateRule } from '../limits/rate-rule.ts';
import { ANONYMOUS_ACTOR, type Audit } from '../people/audit.ts';
import { admitting } from './admission.ts';
import { JoinNonces } from './join-nonces.ts';
import { joinLater, joinRefused, ticketEnded, ticketUnknown, ticketUsed } from './join-refusals.ts';
import { requireRoster } from './required-roster.ts';
import type { RosterPin } from './roster-rivalry.ts';
import { TicketAlarms } from './ticket-alarms.ts';
import type { Trust } from './trust.ts';

/** Requests that prove one ticket, by the same keys and by all others: each may be an entry of the audit log. Arbitrary. */
export const TICKET_TRIES: RateRule = { burst: 10, perSecond: 1 / 60 };

export interface JoinRequest {
  readonly ticket: string;
  readonly member: RosterMember;
  readonly nonce: string;
  readonly proof: string;
  readonly signature: string;
}

export interface JoinAnswer {
  epoch: number;
  hash: string;
  envelope: Envelope;
}

/** What a joiner must be told that has changed since this server read its configuration, or never stood there. */
export interface JoinTerms {
  readonly clusterId: string;
  readonly clusterSecret: Secret;
  readonly admission: Admission;
  /** The step that admitted it. */
  readonly pin: RosterPin;
}

export interface JoiningParts {
  /** Null without cluster mode, and at security level 1. */
  readonly trust: Trust | null;
  readonly keyring: Keyring | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: Pick<Audit, 'note' | 'perform'>;
  /** The credentials, as the joiner is to have them. */
  readonly joinValues: (terms: JoinTerms) => JsonObject;
  /** Something is told on the health page. */
  readonly onMisuse: () => void;
}

/** What a server needs to admit somebody. */
interface Admitter {
  readonly trust: Trust;
  readonly keyring: Keyring;
}

export class Joining {
  readonly #parts: JoiningParts;
  readonly #nonces: JoinNonces;
  readonly #tries: RateLimit;
  readonly #alarms: TicketAlarms;

  constructor(parts: JoiningParts) {
    this.#parts = parts;
    this.#nonces = new JoinNonces(parts.clock);
    this.#alarms = new TicketAlarms(parts);
    const hint = 'Wait, then try again.';
    this.#tries = new RateLimit({ ...TICKET_TRIES, who: 'One ticket', what: 'requests', hint }, parts.clock);
  }

  challenge(): { nonce: string; expires_at: string } {
    const { nonce, expiresAtMs } = this.#nonces.give();
    return { nonce, expires_at: new Date(expiresAtMs).toISOString() };
  }

  /**
   * Rejects with ticket_unknown, and with join_later before the registry was read; for who proves the ticket with
   * ticket_used, ticket_expired, ticket_revoked, join_refused, already_member or join_later too, and as
   * RosterKeeper.propose() and Audit.perform().
   */
  async join(request: JoinRequest, address: string): Promise<JoinAnswer> {
    const admitter = this.#requireProof(request);
    const { ticket: ticketId, member } = request;
    const { trust } = admitter;
    if (!isSealingKey(member.sealing_key))
      throw new AtlasError('bad_request', 'the sealing key is no X25519 key to seal to');
    await trust.sync();
    if (trust.standing !== 'member') throw joinLater('this server is no member of the cluster');
    if (trust.state.lacksSecret !== null) throw joinLater('this server does not have the secret that counts');
    const isAgain = this.#judge(requireRoster(trust), request, address);
    const fingerprint = fingerprintOf(member.identity_key);
    const detail = { node_id: member.node_id, fingerprint, again: isAgain };
    const told = { subject: ticketId, detail, address };
    const act = { actor: ANONYMOUS_ACTOR, action: 'ticket.redeemed', ...told } as const;
    const step = await this.#parts.audit.perform(act, () => this.#admit(admitter, request, address));
    this.#parts.log.info('cluster.ticket.redeemed', `Admitted ${member.node_id} by a ticket`, {
      ticket: ticketId,
      epoch: step.epoch,
      again: isAgain,
    });
    return this.#answer(admitter, member, step);
  }

  /** What was refused lately, for the health page. */
  get findings(): Finding[] {
    return this.#alarms.findings;
  }

  /** The nonce is used up by who proves a ticket, and by nobody else. */
  #requireProof(request: JoinRequest): Admitter {
    const { trust, keyring } = this.#parts;
    if (trust === null || keyring === null) throw ticketUnknown();
    if (!trust.isInformed) throw joinLater('this server has just started');
    if (trust.roster === null) throw ticketUnknown();
    const { member, nonce } = request;
    const claim: JoinClaim = { clusterId: keyring.clusterId, ticketId: request.ticket, member, nonce };
    const ticket = trust.roster.tickets.get(request.ticket);
    // Judged by some key in any case, so that the time tells no stranger whether there is such a ticket.
    const isProved = isTicketProof(ticket?.key ?? member.identity_key, claim, request.proof);
    const isSigned = verifyClaim(claim, request.signature);
    if (ticket === undefined || !isProved || !isSigned || !this.#nonces.isGood(nonce)) throw ticketUnknown();
    this.#nonces.use(nonce);
    this.#tries.take(isOf(ticket.usedBy, member) ? `again ${request.ticket}` : request.ticket);
    return { trust, keyring };
  }

  /** Whether it was admitted before; throws where it is not to be. */
  #judge(roster: Roster, { ticket: ticketId, member }: JoinRequest, address: string): boolean {
    const ticket = roster.tickets.get(ticketId);
    if (ticket === undefined) throw ticketUnknown(); // its step lost a fork
    const asked = { ticketId, address, nodeId: member.node_id };
    // Who was sent away since is another, whatever its keys.
    const isAgain = isOf(ticket.usedBy, member) && isOf(roster.members.get(member.node_id), member);
    if (ticket.state === 'used' && !isAgain) {
      const admitted = ticket.usedBy?.node_id ?? '';
      this.#alarms.misused(asked, admitted);
      throw ticketUsed(admitted);
    }
    if (ticket.state === 'revoked') {
      this.#alarms.refused('ticket_revoked', asked);
      throw ticketEnded('ticket_revoked', 'the ticket was revoked');
    }
    if (hasRunOut(ticket, unixSeconds(this.#parts.clock))) {
      this.#alarms.refused('ticket_expired', asked);
      throw ticketEnded(
        'ticket_expired',
        `the ticket ran out at ${new Date(ticket.expires * 1000).toISOString()}`,
      );
    }
    if (isAgain) return true;
    const obstacle = whyNotMember(roster, member);
    if (obstacle !== null) throw joinRefused(obstacle, member, roster);
    return false;
  }

  async #admit({ trust, keyring }: Admitter, request: JoinRequest, address: string): Promise<RosterStep> {
    const { ticket, member } = request;
    await trust.keeper.propose(async (roster): Promise<Operation[] | null> => {
      if (this.#judge(roster, request, address)) return null;
      const admit = await admitting(member, roster, keyring);
      if (admit === null) throw joinLater('this server does not have the secret that is being rotated in');
      return [{ ...admit, ticket }];
    });
    const isAdmission = (operation: Operation) => operation.op === 'admit' && operation.ticket === ticket;
    const step = trust.keeper.steps.findLast(({ operations }) => operations.some(isAdmission));
    if (step === undefined) throw joinLater('the step that admitted it is in dispute');
    return step;
  }

  async #answer(
    { trust, keyring }: Admitter,
    { node_id: nodeId, sealing_key }: RosterMember,
    { epoch, digest }: RosterStep,
  ): Promise<JoinAnswer> {
    const { clusterId } = keyring;
    const clusterSecret = keyring.secretOf(keyring.signing.keyId);
    if (clusterSecret === undefined) throw new TypeError('a keyring holds what it signs with');
    const { admission } = requireRoster(trust);
    const values = this.#parts.joinValues({ clusterId, clusterSecret, admission, pin: { epoch, digest } });
    const info = { purpose: 'join', clusterId, epoch, nodeId } as const;
    const plaintext = Buffer.from(canonicalText(values), 'utf8');
    return { epoch, hash: digest, envelope: await sealTo(sealing_key, plaintext, info) };
  }
}

/** Under the same name with both of its keys. */
function isOf(known: RosterMember | null | undefined, member: RosterMember): boolean {
  return (
    known != null &&
    known.node_id === member.node_id &&
    known.identity_key === member.identity_key &&
    known.sealing_key === member.sealing_key
  );
}
