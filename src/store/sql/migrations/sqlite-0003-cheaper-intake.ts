/**
 * What each report writes becomes small and lies together: nonces in the order of the time that their reports claim,
 * what rarely changes of a machine in a table of its own, its latest figures without their names.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const cheaperIntake: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of [...NONCES, ...MACHINES]) await statement.execute(db);
  },
};

/**
 * The time that a nonce's report claimed stands with its figures, which came at the same millisecond; where several
 * did, the nonce is entered with each of their times, and all but one are never asked for. The exception: a clock more
 * than five minutes ahead. What its machine claimed was not kept, and its reports of the week before can be replayed.
 */
const NONCES: readonly RawBuilder<unknown>[] = [
  sql`create table nonces_by_claim (
    claimed_at_ms integer not null,
    nonce blob not null,
    primary key (claimed_at_ms, nonce)
  ) strict, without rowid`,
  sql`insert into nonces_by_claim
    select distinct reports.taken_at_ms, nonces.nonce
    from reports join nonces on nonces.received_ms = reports.received_ms
    order by 1, 2`,
  sql`drop table nonces`,
  sql`alter table nonces_by_claim rename to nonces`,
];

/** In the order of latest-cell.ts. */
const LATEST = [
  ...['$.timestamp', '$.uptime_seconds'],
  ...['$.cpu.percent', '$.cpu.load_avg', '$.cpu.count', '$.cpu.threads'],
  ...['$.memory.total', '$.memory.available', '$.memory.used', '$.memory.percent'],
  ...['$.disk.total', '$.disk.used', '$.disk.free', '$.disk.percent'],
  ...['$.network.bytes_sent', '$.network.bytes_recv', '$.network.packets_sent', '$.network.packets_recv'],
  '$.processes.total',
  ...['$.battery.percent', '$.battery.plugged', '$.battery.time_left'],
];

/** The value as it is spelt in that JSON; the empty text when there is none. */
function valueAt(column: string, path: string): RawBuilder<unknown> {
  return sql`coalesce(${sql.ref(column)} -> ${sql.lit(path)}, '""')`;
}

const values = sql.join(
  [...LATEST.map((path) => valueAt('latest', path)), valueAt('info', '$.boot_time')],
  sql` || ',' || `,
);

/** An empty digest is no inventory's: the next report of each machine writes its own. */
const MACHINES: readonly RawBuilder<unknown>[] = [
  sql`create table inventories (machine_no integer primary key, info text not null) strict`,
  sql`insert into inventories select machine_no, json_remove(info, '$.boot_time') from machines`,
  sql`update machines set latest = '[' || ${values} || ']'`,
  sql`alter table machines drop column info`,
  sql`alter table machines add column info_digest blob not null default x''`,
];
