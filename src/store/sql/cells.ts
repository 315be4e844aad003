/**
 * How a text stands in its column: as it is where the engine encrypts the whole file (SQLite), sealed where it
 * encrypts nothing (PostgreSQL, sealed-cells.ts). The stores know only this interface, and have one code path.
 */

export type Cell = string | Uint8Array;

/** Tables with a column that is looked up exactly though it may be sealed. */
export type LookupTable = 'machines' | 'users' | 'tokens' | 'attempts';

export interface Cells {
  /** `row`: what names the row for ever, unique in its table, known before the row is written. */
  row(table: string, row: string): RowCells;
  /** Equal for equal texts, and the same on every server: what an exact search compares. */
  lookup(table: LookupTable, text: string): string;
}

/** The cells of one row. */
export interface RowCells {
  seal(column: string, text: string): Cell;
  /** Throws store_unavailable, naming table and column, for what was not sealed at this place. */
  open(column: string, cell: Cell): string;
}

const plainRow: RowCells = { seal: (_column, text) => text, open: (_column, cell) => `${cell}` };

export const plainCells: Cells = { row: () => plainRow, lookup: (_table, text) => text };
