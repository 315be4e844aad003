/** The claim of a joiner: signed by the ticket and by the joiner, and good for nothing else. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import {
  isTicketProof,
  type JoinClaim,
  proveTicket,
  signClaim,
  verifyClaim,
} from '../../src/protocol/join-claim.ts';
import type { RosterMember } from '../../src/protocol/roster-step.ts';
import { makeTicket, readTicket, type Ticket } from '../../src/protocol/ticket.ts';

const CLUSTER = '00112233445566778899aabbccddeeff';
const identity = generateKeyPairSync('ed25519').privateKey;
const sealingKey = () => publicKeyText(generateKeyPairSync('x25519').privateKey);
const MEMBER: RosterMember = {
  node_id: 'server-02',
  identity_key: publicKeyText(identity),
  sealing_key: sealingKey(),
};

function invite(clusterId = CLUSTER): { ticket: Ticket; key: string } {
  const servers = [{ url: 'https://a.example', spki_sha256: Buffer.alloc(32, 3).toString('base64') }];
  const made = makeTicket({ clusterId, servers, epoch: 0, hash: 'ab'.repeat(32) });
  const reading = readTicket(made.text);
  return { ticket: reading.ok ? reading.ticket : expect.fail(reading.reason), key: made.key };
}

const { ticket, key } = invite();
const CLAIM: JoinClaim = {
  clusterId: CLUSTER,
  ticketId: ticket.id,
  member: MEMBER,
  nonce: Buffer.alloc(32, 8).toString('base64'),
};

describe('a claim', () => {
  it('is proved by the ticket, and signed by the joiner', () => {
    expect(isTicketProof(key, CLAIM, proveTicket(ticket, CLAIM))).toBe(true);
    expect(verifyClaim(CLAIM, signClaim(CLAIM, identity))).toBe(true);
  });

  it.each<[string, Partial<JoinClaim>]>([
    ['cluster', { clusterId: 'ff'.repeat(16) }],
    ['ticket', { ticketId: '0123456789abcdef' }],
    ['name', { member: { ...MEMBER, node_id: 'server-03' } }],
    ['sealing key', { member: { ...MEMBER, sealing_key: sealingKey() } }],
    ['nonce', { nonce: Buffer.alloc(32, 9).toString('base64') }],
  ])('is neither with another %s', (_, change) => {
    const other = { ...CLAIM, ...change };
    expect(isTicketProof(key, other, proveTicket(ticket, CLAIM))).toBe(false);
    expect(verifyClaim(other, signClaim(CLAIM, identity))).toBe(false);
  });

  it('with the key of another node is not signed, and not proved by what was said about the first', () => {
    const stranger = publicKeyText(generateKeyPairSync('ed25519').privateKey);
    const other = { ...CLAIM, member: { ...MEMBER, identity_key: stranger } };
    expect(verifyClaim(other, signClaim(other, identity))).toBe(false);
    expect(isTicketProof(key, other, proveTicket(ticket, CLAIM))).toBe(false);
  });

  it('is not proved by another ticket, by the same secret in another cluster, or by the joiner alone', () => {
    expect(isTicketProof(key, CLAIM, proveTicket(invite().ticket, CLAIM))).toBe(false);
    expect(isTicketProof(key, CLAIM, proveTicket({ ...ticket, clusterId: 'ff'.repeat(16) }, CLAIM))).toBe(
      false,
    );
    expect(isTicketProof(key, CLAIM, signClaim(CLAIM, identity))).toBe(false);
    expect(verifyClaim(CLAIM, proveTicket(ticket, CLAIM))).toBe(false);
  });

  it.each(['', 'AAAA', Buffer.alloc(64).toString('base64')])('is not proved by "%s"', (proof) => {
    expect(isTicketProof(key, CLAIM, proof)).toBe(false);
    expect(isTicketProof(proof, CLAIM, proveTicket(ticket, CLAIM))).toBe(false);
    expect(verifyClaim(CLAIM, proof)).toBe(false);
  });
});
