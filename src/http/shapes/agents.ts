/** What an agent is answered. */
import { z } from 'zod';

export const reportAnswer = z.object({
  status: z.literal('ok'),
  e2ee_verified: z.literal(true),
  /** False when this very report was stored before, or is older than what is kept. */
  stored: z.boolean(),
  node_id: z.string(),
});
