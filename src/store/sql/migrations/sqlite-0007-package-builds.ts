/** Which packages were built. AUTOINCREMENT: a number is never given out again, so that a page never shows one twice. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const packageBuilds: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`
      create table package_builds (
        build_no integer primary key autoincrement,
        build_id text not null unique,
        built_at_ms integer not null,
        kind text not null,
        credentials text not null,
        is_named integer not null,
        told text not null,
        state text,
        file text,
        revoked_at_ms integer
      ) strict`.execute(db);
  },
};
