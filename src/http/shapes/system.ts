/** Health for load balancers, and what running pages are told. */
import { z } from 'zod';

export const clusterHealth = z.object({
  status: z.enum(['healthy', 'draining', 'unhealthy']),
  node_id: z.string(),
});
export const readiness = z.object({
  status: z.enum(['ready', 'starting', 'draining', 'unhealthy']),
  degraded: z.boolean(),
  reason: z.enum(['database_not_writable', 'evicted']).optional(),
});
/** Server-sent events, named after what changed; data is empty JSON. The page asks again. */
export const EVENT_NAMES = ['machines', 'cluster'] as const;
