/**
 * One batch of reports in one transaction: three statements whatever its size, and a few more when machines are new
 * or changed what rarely changes. The nonces come first and decide: a report whose sealing is known leaves no trace,
 * and its nonce, row and count are stored together or not at all.
 * Rows that several servers may write at once are written in the order of their names: two that hold each other
 * up in two orders would be a deadlock.
 */
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { encodeHex } from '../../base/bytes.ts';
import type { AppendResult } from '../report-store.ts';
import type { Cell, Cells } from './cells.ts';
import { type WrittenMachine, writeInventories } from './inventories.ts';
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

/**
 * The reports whose sealing nobody has stored before, each once. A sealing is named by its nonce and the time that it
 * claims: to come again under another time, the same bytes would have to open to another text, which AES-GCM rules out.
 */
async function claimNonces(
  db: Transaction<Schema>,
  batch: readonly ReadyReport[],
): Promise<ReadonlySet<ReadyReport>> {
  const firsts = new Map<string, ReadyReport>();
  for (const report of batch) {
    const name = sealingName(report.claimedAtMs, report.nonce);
    if (!firsts.has(name)) firsts.set(name, report);
  }
  const claimed = await db
    .insertInto('nonces')
    .values(byName(firsts).map(([, { claimedAtMs, nonce }]) => ({ claimed_at_ms: claimedAtMs, nonce })))
    .onConflict((conflict) => conflict.columns(['claimed_at_ms', 'nonce']).doNothing())
    .returning(['claimed_at_ms', 'nonce'])
    .execute();
  const names = new Set(claimed.map((row) => sealingName(row.claimed_at_ms, row.nonce)));
  return new Set([...firsts].filter(([name]) => names.has(name)).map(([, report]) => report));
}

function sealingName(claimedAtMs: number, nonce: Uint8Array): string {
  return `${claimedAtMs} ${encodeHex(nonce)}`;
}

async function insertReports(
  db: Transaction<Schema>,
  cells: Cells,
  reports: readonly ReadyReport[],
): Promise<void> {
  const ofMachine = Map.groupBy(reports, ({ machine }) => cells.lookup('machines', machine.machineId));
  const machines = await writeMachines(db, cells, byName(ofMachine));
  await writeInventories(db, cells, machines);
  const rows = machines.flatMap(({ row }) => {
    const own = ofMachine.get(row.machine_lookup) ?? [];
    return own.map(({ figures }, index) => ({
      machine_no: row.machine_no,
      number: row.reports - own.length + index + 1,
      ...figures,
    }));
  });
  await db.insertInto('reports').values(rows).execute();
}

async function writeMachines(
  db: Transaction<Schema>,
  cells: Cells,
  ofMachine: readonly [lookup: string, own: readonly ReadyReport[]][],
): Promise<WrittenMachine[]> {
  const coming = ofMachine.map(([lookup, own]) => {
    const facts = summary(own);
    return { facts, row: machineRow(facts, lookup, cells) };
  });
  const stored = await db
    .insertInto('machines')
    .values(coming.map(({ row }) => row))
    .onConflict((conflict) => conflict.column('machine_lookup').doUpdateSet(newerFacts))
    .returning(['machine_no', 'machine_lookup', 'reports', 'latest_taken_at_ms', 'info_digest'])
    .execute();
  const rows = new Map(stored.map((row) => [row.machine_lookup, row]));
  return coming.flatMap(({ facts, row: { machine_lookup, info_digest } }) => {
    const row = rows.get(machine_lookup);
    return row === undefined ? [] : [{ facts, digest: info_digest, row }];
  });
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
