/** The audit log as pages and scripts ask for it, page by page. Shapes are those of src/http/shapes/audit.ts. */
import { AUDIT_ACTIONS, type AuditKind } from '../../store/audit-action.ts';
import type { AuditActor, AuditDetail, AuditEntry, AuditLog, AuditOutcome } from '../../store/audit-log.ts';
import { readNumberCursor, writeCursor } from '../page-cursor.ts';

export const AUDIT_ENTRIES_PER_PAGE = 100;
export const AUDIT_ENTRIES_PER_PAGE_MAX = 500;

export interface AuditEntryView {
  entry_id: string;
  at: string;
  actor: AuditActor;
  action: string;
  /** The action in words; its code again where a newer version wrote it. */
  sentence: string;
  subject: string;
  detail: AuditDetail;
  outcome: AuditOutcome;
  node_id: string;
  address: string | null;
}

export interface AuditQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly kind?: AuditKind | undefined;
}

/** Newest first. Rejects with bad_cursor, and as the log does. */
export async function auditPage(
  log: AuditLog,
  { limit, cursor, kind }: AuditQuery,
): Promise<{ items: AuditEntryView[]; next_cursor: string | null }> {
  const { entries, nextBefore } = await log.list({
    limit,
    ...(cursor !== undefined && { before: readNumberCursor(cursor) }),
    ...(kind !== undefined && { kind }),
  });
  return { items: entries.map(describe), next_cursor: nextBefore === null ? null : writeCursor(nextBefore) };
}

function describe({ entryId, atMs, action, nodeId, ...same }: AuditEntry): AuditEntryView {
  const sentence = Object.hasOwn(AUDIT_ACTIONS, action)
    ? AUDIT_ACTIONS[action as keyof typeof AUDIT_ACTIONS]
    : action;
  return {
    entry_id: entryId,
    at: new Date(atMs).toISOString(),
    action,
    sentence,
    node_id: nodeId,
    ...same,
  };
}
