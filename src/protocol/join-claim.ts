/**
 * What a joiner says of itself (docs/protocol/join.md): these keys, under this name, for this ticket, asked at this
 * moment. Signed twice over the same bytes: by the ticket's key, which proves the invitation, and by the joiner's own
 * identity key, which proves that it holds what it names.
 */
import type { KeyObject } from 'node:crypto';
import { canonicalText } from './canonical-json.ts';
import { signAsNode, verifyAsNode } from './identity-key.ts';
import type { RosterMember } from './roster-step.ts';
import { signingPrefix } from './security-version.ts';
import { signWithTicket, type Ticket } from './ticket.ts';

const PREFIX = signingPrefix('join');

export interface JoinClaim {
  readonly clusterId: string;
  readonly ticketId: string;
  readonly member: RosterMember;
  /** The server's, base64: what was overheard once says nothing later. */
  readonly nonce: string;
}

export function proveTicket(ticket: Ticket, claim: JoinClaim): string {
  return signWithTicket(claimBytes(claim), ticket);
}

/** `key`: the one that the roster holds for the ticket. */
export function isTicketProof(key: string, claim: JoinClaim, proof: string): boolean {
  return verifyAsNode(claimBytes(claim), proof, key);
}

export function signClaim(claim: JoinClaim, identityKey: KeyObject): string {
  return signAsNode(claimBytes(claim), identityKey);
}

/** Whether the holder of the identity key that the claim names signed it. */
export function verifyClaim(claim: JoinClaim, signature: string): boolean {
  return verifyAsNode(claimBytes(claim), signature, claim.member.identity_key);
}

function claimBytes({ clusterId, ticketId, member, nonce }: JoinClaim): Uint8Array {
  const { node_id, identity_key, sealing_key } = member;
  const fields = { cluster: clusterId, ticket: ticketId, node_id, identity_key, sealing_key, nonce };
  return Buffer.from(PREFIX + canonicalText(fields), 'utf8');
}
