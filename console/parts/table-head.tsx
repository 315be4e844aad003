/** The head of a table that is not sorted: its columns, and above the acts on each row one that only readers hear. */
interface TableHeadProps {
  readonly columns: readonly string[];
  /** Those of the columns that hold figures. */
  readonly numeric?: readonly string[];
  readonly hasActs?: boolean;
}

export function TableHead({ columns, numeric = [], hasActs = false }: TableHeadProps) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column} scope="col" className={numeric.includes(column) ? 'at-number' : ''}>
            {column}
          </th>
        ))}
        {hasActs && (
          <th scope="col">
            <span className="at-hidden">Actions</span>
          </th>
        )}
      </tr>
    </thead>
  );
}
