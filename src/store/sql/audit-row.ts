/**
 * Entries of the audit log as columns and back. What names a person, a server or an address is one cell; the plain
 * columns are part of the row's name, so that the cell of an entry in which one of them was changed does not open.
 */
import type { Insertable, Selectable } from 'kysely';
import { auditKind } from '../audit-action.ts';
import type { AuditEntry, AuditOutcome, NewAuditEntry } from '../audit-log.ts';
import type { Cells, RowCells } from './cells.ts';
import type { AuditTable } from './schema.ts';

type Plain = Pick<AuditTable, 'entry_id' | 'at_ms' | 'action' | 'outcome'>;
type Told = Pick<AuditEntry, 'actor' | 'subject' | 'detail' | 'nodeId' | 'address'>;

export function auditRow(entry: NewAuditEntry, cells: Cells): Insertable<AuditTable> {
  const { actor, subject, detail, nodeId, address } = entry;
  const told: Told = { actor, subject, detail, nodeId, address };
  const plain = {
    entry_id: entry.entryId,
    at_ms: entry.atMs,
    action: entry.action,
    outcome: entry.outcome,
  };
  return {
    ...plain,
    kind: auditKind(entry.action),
    told: cellsOf(plain, cells).seal('told', JSON.stringify(told)),
  };
}

export function auditEntryOf(row: Selectable<AuditTable>, cells: Cells): AuditEntry {
  const told = JSON.parse(cellsOf(row, cells).open('told', row.told)) as Told;
  return {
    entryId: row.entry_id,
    atMs: row.at_ms,
    action: row.action,
    outcome: row.outcome as AuditOutcome,
    ...told,
  };
}

function cellsOf({ entry_id, at_ms, action, outcome }: Plain, cells: Cells): RowCells {
  return cells.row('audit_entries', JSON.stringify([entry_id, at_ms, action, outcome]));
}
