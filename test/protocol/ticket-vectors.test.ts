/** The vectors of docs/protocol/join.md. They were made by test/vectors/tickets.py. */
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from '../../src/base/bytes.ts';
import {
  isTicketProof,
  type JoinClaim,
  proveTicket,
  signClaim,
  verifyClaim,
} from '../../src/protocol/join-claim.ts';
import { readTicket, type Ticket, type TicketServer } from '../../src/protocol/ticket.ts';
import { HAS_PYTHON, judgedInPython, vectorsOf } from '../vectors/vectors.ts';
import { privateKeyOf } from './private-keys.ts';

interface Claim {
  cluster: string;
  ticket: string;
  node_id: string;
  identity_key: string;
  sealing_key: string;
  nonce: string;
}

interface Vectors {
  text: string;
  ticket: {
    id: string;
    secret: string;
    cluster: string;
    servers: TicketServer[];
    epoch: number;
    hash: string;
  };
  ticket_key: string;
  joiner: { identity_seed: string };
  claim: Claim;
  proof: string;
  signature: string;
  no_tickets: { title: string; text: string }[];
  claims: {
    title: string;
    claim: Claim;
    proof: string;
    signature: string;
    is_proved: boolean;
    is_signed: boolean;
  }[];
}

const vectors = vectorsOf<Vectors>('tickets');

const claimOf = ({ cluster, ticket, node_id, identity_key, sealing_key, nonce }: Claim): JoinClaim => ({
  clusterId: cluster,
  ticketId: ticket,
  member: { node_id, identity_key, sealing_key },
  nonce,
});

function readIt(): Ticket {
  const reading = readTicket(vectors.text);
  return reading.ok ? reading.ticket : expect.fail(reading.reason);
}

describe('the ticket of the vectors', () => {
  it('is read as the file says', () => {
    const { secret, ...ticket } = readIt();
    const { secret: written, cluster: clusterId, ...rest } = vectors.ticket;
    expect(ticket).toEqual({ ...rest, clusterId });
    expect(encodeBase64(secret.reveal())).toBe(written);
  });

  it('and the claim are proved and signed by us to the same bytes', () => {
    const claim = claimOf(vectors.claim);
    expect(proveTicket(readIt(), claim)).toBe(vectors.proof);
    const joiner = privateKeyOf('ed25519', vectors.joiner.identity_seed);
    expect(signClaim(claim, joiner)).toBe(vectors.signature);
  });
});

it.each(vectors.no_tickets)('no ticket: $title', ({ text }) => {
  expect(readTicket(text)).toMatchObject({ ok: false });
});

it.each(vectors.claims)('a claim, $title', ({ claim, proof, signature, is_proved, is_signed }) => {
  expect(isTicketProof(vectors.ticket_key, claimOf(claim), proof)).toBe(is_proved);
  expect(verifyClaim(claimOf(claim), signature)).toBe(is_signed);
});

it.skipIf(!HAS_PYTHON)('in Python all are judged the same (skipped without python3 and cryptography)', () => {
  expect(judgedInPython('tickets')).toBe('0 judged otherwise\n');
});
