/** Which database it is stands in it. */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const databaseIdentity: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`create table database_identity (slot integer primary key, id text not null) strict`.execute(db);
  },
};
