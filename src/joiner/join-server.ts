/**
 * Asks one server of a ticket to let this machine in (docs/protocol/join.md, "The requests"), over TLS that is pinned
 * by that server's key: nothing is sent to anybody else. What comes back is bounded, and believed in nothing but its
 * shape.
 */
import type { KeyObject } from 'node:crypto';
import type { Agent, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { z } from 'zod';
import { PinAgent, parsePin } from '../agent/pin-agent.ts';
import type { Clock } from '../base/clock.ts';
import { AtlasError, type ErrorCode } from '../base/errors.ts';
import { type JoinClaim, proveTicket, signClaim } from '../protocol/join-claim.ts';
import type { RosterMember } from '../protocol/roster-step.ts';
import type { Ticket, TicketServer } from '../protocol/ticket.ts';

/** Milliseconds to connect, and from then on for an answer: a step of the roster is written meanwhile. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;
/** Bytes. Arbitrary: room for the authorities of two backends, sealed and in base64. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024;

const challenge = z.object({ nonce: z.string() });
const answer = z.object({
  epoch: z.number().int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  envelope: z.object({ enc: z.string(), ciphertext: z.string() }),
});
const problem = z.object({ code: z.string(), detail: z.string(), hint: z.string().optional() });

export type JoinAnswer = z.output<typeof answer>;

type Verdict = 'final' | 'own';

/** What another server would say too, as `final`; `own` it may not have heard of the ticket yet, or its clock is fast. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  ticket_used: 'final',
  ticket_expired: 'own',
  ticket_revoked: 'final',
  join_refused: 'final',
  already_member: 'final',
  ticket_unknown: 'own',
} satisfies Partial<Record<ErrorCode, Verdict>>;

/** Its code is one of VERDICTS. */
export class JoinRefused extends Error {
  readonly verdict: Verdict;
  readonly reason: AtlasError;

  constructor(verdict: Verdict, reason: AtlasError) {
    super(reason.message);
    this.verdict = verdict;
    this.reason = reason;
  }
}

export interface Joiner {
  readonly ticket: Ticket;
  /** Of the member's identity key. */
  readonly signingKey: KeyObject;
  readonly member: RosterMember;
  readonly clock: Clock;
}

/** Rejects with JoinRefused, or with whatever else hindered it, which says nothing about the other servers. */
export async function askToJoin(server: TicketServer, joiner: Joiner): Promise<JoinAnswer> {
  const { ticket, signingKey, member, clock } = joiner;
  const pin = parsePin(server.spki_sha256);
  const agent = new PinAgent(pin === undefined ? [] : [pin], CONNECT_MS, clock);
  const url = `${server.url}/api/fleet/cluster/join`;
  try {
    const { nonce } = challenge.parse(await post(`${url}/challenge`, {}, agent));
    const claim: JoinClaim = { clusterId: ticket.clusterId, ticketId: ticket.id, member, nonce };
    const proof = proveTicket(ticket, claim);
    const signature = signClaim(claim, signingKey);
    return answer.parse(await post(url, { ticket: ticket.id, member, nonce, proof, signature }, agent));
  } finally {
    agent.destroy();
  }
}

async function post(url: string, body: object, agent: Agent): Promise<unknown> {
  const text = JSON.stringify(body);
  const { status, content } = await send(url, text, agent);
  if (status === 200) return content;
  const said = problem.safeParse(content).data;
  if (said === undefined) throw new Error(`it answers ${status}`);
  const verdict = Object.hasOwn(VERDICTS, said.code) ? VERDICTS[said.code] : undefined;
  if (verdict === undefined) throw new Error(`it answers ${status}: ${said.detail}`);
  const details = said.hint === undefined ? {} : { hint: said.hint };
  throw new JoinRefused(verdict, new AtlasError(said.code as ErrorCode, said.detail, details));
}

function send(url: string, text: string, agent: Agent): Promise<{ status: number; content: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const signal = AbortSignal.timeout(CONNECT_MS + ANSWER_MS);
    const asking = request(url, { method: 'POST', agent, headers, signal }, (response) => {
      readJson(response).then((content) => resolve({ status: response.statusCode ?? 0, content }), reject);
    });
    asking.on('error', reject);
    asking.end(text);
  });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_MAX_BYTES) throw new Error('its answer is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Error('its answer is no JSON');
  }
}
