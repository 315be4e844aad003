/**
 * How a text stands in its column: as it is where the engine encrypts the whole file (SQLite), sealed where it
 * encrypts nothing (PostgreSQL, sealed-cells.ts). The stores know only this interface, and have one code path.
 */
import { hash } from 'node:crypto';

export const DIGEST_BYTES = 16;

export type Cell = string | Uint8Array;

/** Tables with a column that is looked up exactly though it may be sealed. */
export type LookupTable = 'machines' | 'users' | 'tokens' | 'setup_code' | 'attempts';

export interface Cells {
  /** `row`: what names the row for ever, unique in its table, known before the row is written. */
  row(table: string, row: string): RowCells;
  /** Equal for equal texts, and the same on every server: what an exact search compares. */
  lookup(table: LookupTable, text: string): string;
}

/** The cells of one row. */
export interface RowCells {
  seal(column: string, text: string): Cell;
  /** 16 bytes, equal for equal texts at this place and no others: tells a change without opening the cell. */
  digest(column: string, text: string): Uint8Array;
  /** Throws store_unavailable, naming table and column, for what was not sealed at this place. */
  open(column: string, cell: Cell): string;
}

const plainRow: RowCells = {
  seal: (_column, text) => text,
  digest: (_column, text) => hash('sha256', text, 'buffer').subarray(0, DIGEST_BYTES),
  open: (_column, cell) => `${cell}`,
};

export const plainCells: Cells = { row: () => plainRow, lookup: (_table, text) => text };
