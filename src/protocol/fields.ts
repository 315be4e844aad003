/** The shapes of the fields that records, steps of the roster and tickets have in common (docs/protocol). */
import { z } from 'zod';
import { decodeBase64 } from '../base/bytes.ts';
import { isSealingKey } from './identity-key.ts';
import { NODE_ID, TIME_MAX_SECONDS } from './limits.ts';

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

/** Base64 of 32 bytes in its one spelling: a key, a MAC, or a SHA-256. */
export const bytes32 = z.string().refine((text) => decodeBase64(text)?.byteLength === 32);
/** X25519, base64. With one to whom nothing can be sealed, no rotation would ever be whole. */
export const sealingKey = z.string().refine(isSealingKey);
/** Hex, as all of these. */
export const sha256 = hex(64);
/** Of a cluster, and of a database: 16 bytes. */
export const id128 = hex(32);
/** Of a cluster secret, 8 bytes (keyring.ts). */
export const keyId = hex(16);
export const ticketId = hex(16);

export const nodeId = z.string().regex(NODE_ID);
export const count = z.number().int().min(0);
/** Unix seconds. */
export const time = count.max(TIME_MAX_SECONDS);
