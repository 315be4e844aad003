/** When the holder of a session last gave the password. Zero: so long ago that he is asked again. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const recentPassword: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`alter table sessions add column password_at_ms integer not null default 0`.execute(db);
  },
};
