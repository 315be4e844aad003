/** Join tickets, for who administers. */
import { z } from 'zod';
import {
  TICKET_LIFE_MAX_SECONDS,
  TICKET_LIFE_MIN_SECONDS,
  TICKET_LIFE_SECONDS,
} from '../../protocol/limits.ts';
import { time } from './values.ts';

export const ticketId = z.string().regex(/^[0-9a-f]{16}$/);
export const ticketCreate = z.strictObject({
  /** 24 hours unless said otherwise. */
  life_seconds: z
    .number()
    .int()
    .min(TICKET_LIFE_MIN_SECONDS)
    .max(TICKET_LIFE_MAX_SECONDS)
    .default(TICKET_LIFE_SECONDS),
});
/** `ticket` is shown this once: whoever holds it may join. */
export const ticketCreated = z.object({
  id: ticketId,
  ticket: z.string(),
  expires_at: time,
  /** Whom a joiner asks, in this order. */
  servers: z.array(z.string()),
});
export const ticketInfo = z.object({
  id: ticketId,
  state: z.enum(['open', 'used', 'expired', 'revoked']),
  /** The server that it was made on. */
  created_by: z.string(),
  created_at: time,
  expires_at: time,
  /** The node that it admitted. */
  used_by: z.string().nullable(),
});
export const ticketList = z.object({
  items: z.array(ticketInfo),
  next_cursor: z.null(),
  /** Why the server that answers can make none; null where it can. */
  obstacle: z.object({ sentence: z.string(), mend: z.string() }).nullable(),
});
