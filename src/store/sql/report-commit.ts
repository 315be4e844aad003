/**
 * One batch of reports in one transaction, four statements whatever its size. The nonces come first and decide:
 * a report whose nonce is known leaves no trace, and its nonce, row and count are stored together or not at all.
 * Rows that several servers may write at once are written in the order of their names: two that hold each other
 * up in two orders would be a deadlock.
 */
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { encodeHex } from '../../base/bytes.ts';
import type { AppendResult } from '../report-store.ts';
import type { Cell, Cells } from './cells.ts';
import { type MachineFacts, machineRow, type ReadyReport } from './report-row.ts';
import type { MachineTable, Schema } from './schema.ts';
import { transact } from './transaction.ts';

export function commitReports(
  db: Kysely<Schema>,
  cells: Cells,
  batch: readonly ReadyReport[],
): Promise<readonly AppendResult[]> {
  return transact(db, async (transaction) => {
    const fresh = await claimNonces(transaction, batch);
    if (fresh.size > 0) await insertReports(transaction, cells, [...fresh]);
    return batch.map((report) => (fresh.has(report) ? 'stored' : 'known'));
  });
}

/** The reports whose nonce nobody has stored before, each nonce once. */
async function claimNonces(
  db: Transaction<Schema>,
  batch: readonly ReadyReport[],
): Promise<ReadonlySet<ReadyReport>> {
  const firsts = new Map<string, ReadyReport>();
  for (const report of batch) {
    const name = encodeHex(report.nonce);
    if (!firsts.has(name)) firsts.set(name, report);
  }
  const claimed = await db
    .insertInto('nonces')
    .values(byName(firsts).map(([, { nonce, figures }]) => ({ nonce, received_ms: figures.received_ms })))
    .onConflict((conflict) => conflict.column('nonce').doNothing())
    .returning('nonce')
    .execute();
  const names = new Set(claimed.map(({ nonce }) => encodeHex(nonce)));
  return new Set([...firsts].filter(([name]) => names.has(name)).map(([, report]) => report));
}

async function insertReports(
  db: Transaction<Schema>,
  cells: Cells,
  reports: readonly ReadyReport[],
): Promise<void> {
  const ofMachine = Map.groupBy(reports, ({ machine }) => cells.lookup('machines', machine.machineId));
  const machines = await db
    .insertInto('machines')
    .values(byName(ofMachine).map(([lookup, own]) => machineRow(summary(own), lookup, cells)))
    .onConflict((conflict) => conflict.column('machine_lookup').doUpdateSet(newerFacts))
    .returning(['machine_no', 'machine_lookup', 'reports'])
    .execute();
  const rows = machines.flatMap((machine) => {
    const own = ofMachine.get(machine.machine_lookup) ?? [];
    return own.map(({ figures }, index) => ({
      machine_no: machine.machine_no,
      number: machine.reports - own.length + index + 1,
      ...figures,
    }));
  });
  await db.insertInto('reports').values(rows).execute();
}

function byName<Value>(named: ReadonlyMap<string, Value>): [string, Value][] {
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A machine's row, were these its only reports: facts of the one taken last, seen with the one received last. */
function summary(reports: readonly ReadyReport[]): MachineFacts {
  const all = reports.map((report) => report.machine);
  const newest = all.reduce((a, b) => (b.latestTakenAtMs >= a.latestTakenAtMs ? b : a));
  const lastIn = all.reduce((a, b) => (b.lastSeenMs >= a.lastSeenMs ? b : a));
  return {
    ...newest,
    firstSeenMs: Math.min(...all.map((facts) => facts.firstSeenMs)),
    lastSeenMs: lastIn.lastSeenMs,
    viaNode: lastIn.viaNode,
    reports: all.length,
  };
}

/** A report that waited in an agent's spool is contact with the machine, but does not set its facts back. */
const newerFacts = {
  info: laterOf<Cell>('latest_taken_at_ms', 'info'),
  latest: laterOf<Cell>('latest_taken_at_ms', 'latest'),
  latest_taken_at_ms: laterOf<number>('latest_taken_at_ms', 'latest_taken_at_ms'),
  last_seen_ms: laterOf<number>('last_seen_ms', 'last_seen_ms'),
  via_node: laterOf<Cell>('last_seen_ms', 'via_node'),
  reports: sql<number>`machines.reports + excluded.reports`,
};

/** The column of whichever is later, the row that is stored or the one that comes (`excluded`). */
function laterOf<Value>(time: keyof MachineTable, column: keyof MachineTable): RawBuilder<Value> {
  const stored = (name: string) => sql.ref(`machines.${name}`);
  const coming = (name: string) => sql.ref(`excluded.${name}`);
  return sql`case when ${coming(time)} >= ${stored(time)} then ${coming(column)} else ${stored(column)} end`;
}
