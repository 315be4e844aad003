/** Who did what. A gap in its numbers may be an entry that was removed, or a transaction that was undone. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const auditLog: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`
      create table audit_entries (
        entry_no bigint generated always as identity primary key,
        entry_id text collate "C" not null,
        at_ms bigint not null,
        kind text collate "C" not null,
        action text collate "C" not null,
        outcome text collate "C" not null,
        told bytea not null
      )`.execute(db);
    await sql`create index audit_entries_by_kind on audit_entries (kind, entry_no)`.execute(db);
  },
};
