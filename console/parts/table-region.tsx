/** A table that scrolls on its own on a narrow screen, and can then be reached and scrolled by keyboard. */
import type { ReactNode } from 'react';
import { Glyph } from './glyph.tsx';

interface TableRegionProps {
  readonly label: string;
  /** On a narrow screen its rows become a list; each cell then shows its `data-label` as its name. */
  readonly stacks?: boolean;
  readonly children: ReactNode;
}

export function TableRegion({ label, stacks = false, children }: TableRegionProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className="at-table-region" aria-label={label} tabIndex={0}>
      <table className="at-table" data-stacks={stacks}>
        {children}
      </table>
    </section>
  );
}

interface SortHeaderProps {
  readonly label: string;
  readonly active: boolean;
  readonly descending: boolean;
  readonly numeric?: boolean;
  readonly onSort: () => void;
}

export function SortHeader({ label, active, descending, numeric = false, onSort }: SortHeaderProps) {
  return (
    <th
      scope="col"
      className={numeric ? 'at-number' : ''}
      aria-sort={active ? (descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" className="at-sort" data-active={active} onClick={onSort}>
        {label}
        <Glyph name={active && descending ? 'down' : 'up'} size={12} />
      </button>
    </th>
  );
}
