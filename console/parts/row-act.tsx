/** A small button that does something with one row; who cannot see the row hears its name. */
import { Button } from '@mantine/core';

interface RowActProps {
  readonly label: string;
  readonly name: string;
  readonly onAct: () => void;
}

export function RowAct({ label, name, onAct }: RowActProps) {
  return (
    <Button variant="default" size="compact-xs" onClick={onAct}>
      {label}
      <span className="at-hidden"> {name}</span>
    </Button>
  );
}
