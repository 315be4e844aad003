/**
 * The first tables. Texts are compared by their bytes (COLLATE "C"), whatever the language of the database. In
 * `reports` the wide columns come first, which saves the gaps between them; its key begins so that it can be cut
 * into partitions by taken_at_ms, and no foreign key ties it to one table. `machines` leaves room on its pages:
 * every report writes there, and a new version on the same page needs no new entry in an index. What never changes of
 * a machine comes first there: what two versions begin with alike is written to the log once.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const firstTables: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of [MACHINES, INVENTORIES, REPORTS, NONCES, USERS, SESSIONS, TOKENS, ...SMALL])
      await statement.execute(db);
  },
};

const MACHINES: RawBuilder<unknown> = sql`
  create table machines (
    machine_no bigint generated always as identity primary key,
    first_seen_ms bigint not null,
    machine_lookup text collate "C" not null unique,
    machine_id bytea not null,
    info_digest bytea not null,
    latest_taken_at_ms bigint not null,
    last_seen_ms bigint not null,
    reports integer not null,
    via_node bytea not null,
    latest bytea not null
  ) with (fillfactor = 50)`;

const INVENTORIES: RawBuilder<unknown> = sql`
  create table inventories (machine_no bigint primary key, info bytea not null)`;

const REPORTS: RawBuilder<unknown> = sql`
  create table reports (
    machine_no bigint not null,
    taken_at_ms bigint not null,
    received_ms bigint not null,
    uptime_seconds double precision,
    cpu_percent double precision not null,
    load_1 double precision,
    load_5 double precision,
    load_15 double precision,
    memory_total bigint not null,
    memory_available bigint not null,
    memory_used bigint not null,
    memory_percent double precision not null,
    disk_total bigint not null,
    disk_used bigint not null,
    disk_free bigint not null,
    disk_percent double precision not null,
    network_bytes_sent bigint not null,
    network_bytes_received bigint not null,
    network_packets_sent bigint not null,
    network_packets_received bigint not null,
    processes bigint not null,
    battery_percent double precision,
    battery_time_left double precision,
    number integer not null,
    battery_plugged smallint,
    primary key (machine_no, taken_at_ms, number)
  )`;

const NONCES: RawBuilder<unknown> = sql`
  create table nonces (
    claimed_at_ms bigint not null,
    nonce bytea not null,
    primary key (claimed_at_ms, nonce)
  )`;

const USERS: RawBuilder<unknown> = sql`
  create table users (
    user_id integer generated always as identity primary key,
    username bytea not null,
    username_lookup text collate "C" not null unique,
    password_hash bytea not null,
    created_at_ms bigint not null
  )`;

const SESSIONS: RawBuilder<unknown> = sql`
  create table sessions (
    session_hash text collate "C" primary key,
    user_id integer not null references users,
    csrf_token bytea not null,
    created_at_ms bigint not null,
    last_used_at_ms bigint not null,
    expires_at_ms bigint not null
  )`;

const TOKENS: RawBuilder<unknown> = sql`
  create table tokens (
    token_id text collate "C" primary key,
    name bytea not null,
    name_lookup text collate "C" not null unique,
    token_hash text collate "C" not null unique,
    scopes text not null,
    created_at_ms bigint not null,
    expires_at_ms bigint,
    last_used_at_ms bigint,
    last_used_from bytea
  )`;

const SMALL: RawBuilder<unknown>[] = [
  sql`create table setup_code (slot integer primary key, code_hash text not null, expires_at_ms bigint not null)`,
  sql`create table probe (slot integer primary key, written_at_ms bigint not null)`,
  sql`create table attempts (
    subject text collate "C" primary key,
    count integer not null,
    last_ms bigint not null,
    blocked_until_ms bigint not null
  )`,
  sql`create table database_identity (slot integer primary key, id text not null)`,
  sql`create table key_check (slot integer primary key, cell bytea not null)`,
];
