/** Who did what. AUTOINCREMENT: a number is never given out again, so that a gap is a gap. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const auditLog: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`
      create table audit_entries (
        entry_no integer primary key autoincrement,
        entry_id text not null,
        at_ms integer not null,
        kind text not null,
        action text not null,
        outcome text not null,
        told text not null
      ) strict`.execute(db);
    await sql`create index audit_entries_by_kind on audit_entries (kind, entry_no)`.execute(db);
  },
};
