/** The audit log: read, and by no route written or changed. */
import { z } from 'zod';
import type { Audit } from '../../services/people/audit.ts';
import { AUDIT_ENTRIES_PER_PAGE, AUDIT_ENTRIES_PER_PAGE_MAX } from '../../services/people/audit-view.ts';
import type { App } from '../app.ts';
import { READING_COST } from '../caller-rates.ts';
import { person } from '../guard.ts';
import { auditKind, auditList } from '../shapes/audit.ts';

export function auditRoutes(app: App, { audit }: { audit: Audit }): void {
  app.get('/api/fleet/audit', {
    config: { guard: person('admin'), cost: READING_COST },
    schema: {
      summary: 'Who did what, the newest first, page by page',
      querystring: z.strictObject({
        limit: z.coerce.number().int().min(1).max(AUDIT_ENTRIES_PER_PAGE_MAX).default(AUDIT_ENTRIES_PER_PAGE),
        cursor: z.string().max(64).optional(),
        kind: auditKind.optional(),
      }),
      response: { 200: auditList },
    },
    handler: async ({ query }) => audit.page(query),
  });
}
