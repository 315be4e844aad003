/** Which packages were built. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const packageBuilds: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`
      create table package_builds (
        build_no bigint generated always as identity primary key,
        build_id text collate "C" not null unique,
        built_at_ms bigint not null,
        kind text collate "C" not null,
        credentials text collate "C" not null,
        is_named smallint not null,
        told bytea not null,
        state text collate "C",
        file bytea,
        revoked_at_ms bigint
      )`.execute(db);
  },
};
