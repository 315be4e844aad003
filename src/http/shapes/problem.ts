/** An answer that is an error: RFC 9457, with a code for machines and the next step for people. */
import { z } from 'zod';

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  /** The next step, one sentence. */
  hint: z.string().optional(),
  instance: z.string(),
  request_id: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});
