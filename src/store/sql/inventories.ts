/**
 * What rarely changes of a machine, written only when it does: its row has the digest of what is stored, and gives it
 * back when a batch is added to it. The row is locked by then, so no other server writes the same inventory.
 */
import type { Transaction } from 'kysely';
import { equalBytes } from '../../base/bytes.ts';
import type { Cells } from './cells.ts';
import { inventoryCells, type MachineFacts } from './report-row.ts';
import type { MachineTable, Schema } from './schema.ts';

/** A machine's part of a batch beside its row, as the row is now. */
export interface WrittenMachine {
  readonly facts: MachineFacts;
  /** Of facts.info. */
  readonly digest: Uint8Array;
  readonly row: Pick<MachineTable, 'machine_lookup' | 'reports' | 'latest_taken_at_ms' | 'info_digest'> & {
    readonly machine_no: number;
  };
}

export async function writeInventories(
  db: Transaction<Schema>,
  cells: Cells,
  machines: readonly WrittenMachine[],
): Promise<void> {
  const changed = machines.filter(hasOtherInventory);
  for (const { row, digest } of changed)
    await db
      .updateTable('machines')
      .set({ info_digest: digest })
      .where('machine_no', '=', row.machine_no)
      .execute();
  const rows = [...machines.filter(isNew), ...changed].map(({ row, facts }) => ({
    machine_no: row.machine_no,
    info: inventoryCells(row.machine_lookup, cells).seal('info', facts.info),
  }));
  if (rows.length === 0) return;
  await db
    .insertInto('inventories')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('machine_no').doUpdateSet(({ ref }) => ({ info: ref('excluded.info') })),
    )
    .execute();
}

/** Its row counts the reports of this batch and no others; and its digest came with it. */
function isNew({ row, facts }: WrittenMachine): boolean {
  return row.reports === facts.reports;
}

/** Only the report that was taken last may say so: its time is then the row's. */
function hasOtherInventory(machine: WrittenMachine): boolean {
  const { row, facts, digest } = machine;
  if (isNew(machine) || row.latest_taken_at_ms !== facts.latestTakenAtMs) return false;
  return !equalBytes(row.info_digest, digest);
}
