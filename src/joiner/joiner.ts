/**
 * From a ticket to credentials, on a machine that has nothing yet (docs/protocol/join.md). Its keys are on its disk
 * before it first asks, so that one that is killed on the way comes back as the same; the servers are asked in turn.
 */
import { hostname } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { AtlasError, systemCode } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { parseCanonical } from '../protocol/canonical-json.ts';
import { openEnvelope } from '../protocol/envelope.ts';
import { publicKeyText } from '../protocol/identity-key.ts';
import { readTicket, type Ticket } from '../protocol/ticket.ts';
import { type Identity, openIdentity, readIdentity, writeIdentity } from '../store/file/identity.ts';
import { askToJoin, type JoinAnswer, type Joiner, JoinRefused } from './join-server.ts';

export type { Ticket };

export interface JoinPlan {
  readonly ticket: Ticket;
  readonly dataDir: string;
  /** Null: the one that its identity has, or one that is made of the machine's name. */
  readonly nodeId: string | null;
  readonly clock: Clock;
  /** Told of what goes on, a sentence a time. */
  readonly say: (sentence: string) => void;
}

export interface Joined {
  readonly nodeId: string;
  /** What the envelope held, not looked at yet. */
  readonly values: unknown;
  /** Steps that the roster must hold: the ticket's, which a person carried, and the answer's, which a server gave. */
  readonly pins: readonly string[];
}

/** Throws ticket_unreadable. */
export function openTicket(text: Secret): Ticket {
  const reading = readTicket(text.revealText().trim());
  if (reading.ok) return reading.ticket;
  throw new AtlasError('ticket_unreadable', `${reading.reason}.`, {
    hint: 'copy the whole line that `cluster ticket create` printed',
  });
}

/**
 * Rejects with ticket_used, ticket_expired, ticket_revoked, join_refused, already_member or ticket_unknown as the servers
 * say, with unreachable, and with identity_invalid.
 */
export async function joinCluster(plan: JoinPlan): Promise<Joined> {
  const { ticket, dataDir, clock, say } = plan;
  const identity = await identityFor(plan);
  const member = {
    node_id: identity.nodeId,
    identity_key: publicKeyText(identity.signingKey),
    sealing_key: publicKeyText(identity.sealingKey),
  };
  const joiner: Joiner = { ticket, signingKey: identity.signingKey, member, clock };
  const faults: string[] = [];
  const refusals: AtlasError[] = [];
  for (const server of ticket.servers) {
    say(`Asking ${server.url} to let ${identity.nodeId} in …`);
    try {
      const answer = await askToJoin(server, joiner);
      const values = await opened(answer, ticket, identity);
      await writeIdentity(dataDir, identity);
      say(`Admitted by step ${answer.epoch} of the roster.`);
      const pins = [ticket, answer].map(({ epoch, hash }) => `${epoch}:${hash}`);
      return { nodeId: identity.nodeId, values, pins: [...new Set(pins)] };
    } catch (error) {
      if (error instanceof JoinRefused && error.verdict === 'final') throw error.reason;
      if (error instanceof JoinRefused) refusals.push(error.reason);
      const why = sentenceOf(error);
      faults.push(`${server.url} (${why})`);
      say(`  ${why}.`);
    }
  }
  // Expired only where all say so who answer: one clock may be fast.
  throw refusals.find(({ code }) => code !== 'ticket_expired') ?? refusals[0] ?? unreachable(faults);
}

/** Keys are made once. Until they are admitted under a name, that is whatever is asked for. */
async function identityFor({ dataDir, nodeId }: JoinPlan): Promise<Identity> {
  const made = await readIdentity(dataDir);
  if (made === undefined) return openIdentity(dataDir, { nodeId, hostname: hostname() });
  return { ...made, nodeId: nodeId ?? made.nodeId };
}

/** What does not open was sealed by somebody else, for somebody else, or for another step. */
async function opened(
  { epoch, envelope }: JoinAnswer,
  ticket: Ticket,
  { nodeId, sealingKey }: Identity,
): Promise<unknown> {
  const info = { purpose: 'join', clusterId: ticket.clusterId, epoch, nodeId } as const;
  const bytes = await openEnvelope(envelope, sealingKey, info);
  const content = bytes && parseCanonical(bytes);
  if (content?.ok) return content.value;
  throw new Error('its envelope does not open with the key of this machine');
}

const REASONS: Readonly<Record<string, string>> = {
  EPIN: 'another machine answers there, or its TLS key is no longer the one in the ticket',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known here',
  ETIMEDOUT: 'it does not answer',
  ABORT_ERR: 'it does not answer',
  ECONNRESET: 'the connection was cut',
};

function sentenceOf(error: unknown): string {
  const code = systemCode(error);
  const known = code === undefined ? undefined : REASONS[code];
  return known ?? (error instanceof Error ? error.message : String(error));
}

function unreachable(faults: readonly string[]): AtlasError {
  return new AtlasError('unreachable', `no server of the ticket lets this one in: ${faults.join('; ')}`, {
    hint: 'see that one of them runs and can be reached from here, then run the same again; the ticket is good until it runs out',
  });
}
