/**
 * The audit log in SQL, for any engine that kysely speaks to (the contract: store/audit-log.ts). Entries are ordered by
 * the number that the database gives them, not by the clocks of the servers.
 */
import type { AuditKind } from '../audit-action.ts';
import {
  AUDIT_KEPT_DAYS,
  AUDIT_KEPT_ENTRIES,
  type AuditLog,
  type AuditPage,
  type NewAuditEntry,
} from '../audit-log.ts';
import { auditEntryOf, auditRow } from './audit-row.ts';
import { forgetInPortions } from './forget.ts';
import type { SqlConnections } from './report-store.ts';
import { transact } from './transaction.ts';

const DAY_MS = 86_400_000;

export class SqlAuditLog implements AuditLog {
  readonly #db: SqlConnections;

  constructor(db: SqlConnections) {
    this.#db = db;
  }

  async append(entry: NewAuditEntry): Promise<void> {
    const row = auditRow(entry, this.#db.cells);
    await transact(this.#db.writer, (db) => db.insertInto('audit_entries').values(row).execute());
  }

  async list(page: { limit: number; before?: number; kind?: AuditKind }): Promise<AuditPage> {
    const { limit, before, kind } = page;
    let query = this.#db.reader.selectFrom('audit_entries').selectAll();
    if (before !== undefined) query = query.where('entry_no', '<', before);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    const found = await query
      .orderBy('entry_no', 'desc')
      .limit(limit + 1)
      .execute();
    const rows = found.slice(0, limit);
    return {
      entries: rows.map((row) => auditEntryOf(row, this.#db.cells)),
      nextBefore: found.length > limit ? (rows.at(-1)?.entry_no ?? null) : null,
    };
  }

  /** Each portion looks at the oldest entries alone: those that are kept are not read for it. */
  async forgetOld(nowMs: number): Promise<number> {
    const newest = await this.#db.reader
      .selectFrom('audit_entries')
      .select(({ fn }) => fn.max('entry_no').as('entry_no'))
      .executeTakeFirst();
    const highest = (newest?.entry_no ?? 0) - AUDIT_KEPT_ENTRIES;
    return forgetInPortions(this.#db.writer, (db, limit) => {
      const oldest = db
        .selectFrom('audit_entries')
        .select(['entry_no', 'at_ms'])
        .where('entry_no', '<=', highest)
        .orderBy('entry_no')
        .limit(limit);
      const old = db
        .selectFrom(oldest.as('oldest'))
        .select('entry_no')
        .where('at_ms', '<', nowMs - AUDIT_KEPT_DAYS * DAY_MS);
      return db.deleteFrom('audit_entries').where('entry_no', 'in', old).executeTakeFirst();
    });
  }
}
