/** What a server that is to be says to a member, and what it is answered (docs/protocol/join.md). */
import { z } from 'zod';
import { NODE_ID } from '../../protocol/limits.ts';
import { ticketId } from './tickets.ts';
import { sha256, time } from './values.ts';

/** 32 bytes in base64, a key or a nonce, and the 64 of a signature. */
const bytes32 = z.string().length(44);
const bytes64 = z.string().length(88);
export const joinChallenge = z.object({ nonce: z.string(), expires_at: time });
export const joinRequest = z.strictObject({
  ticket: ticketId,
  member: z.strictObject({
    node_id: z.string().regex(NODE_ID),
    identity_key: bytes32,
    sealing_key: bytes32,
  }),
  nonce: bytes32,
  /** Of the ticket's key, and of the joiner's identity key, over the same bytes. */
  proof: bytes64,
  signature: bytes64,
});
export const joinAnswer = z.object({
  /** The step that admitted the joiner. */
  epoch: z.number().int(),
  hash: sha256,
  /** Sealed to the joiner's sealing key. */
  envelope: z.object({ enc: z.string(), ciphertext: z.string() }),
});
