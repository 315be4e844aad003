/** The field for one's own password before an act that cannot be undone. The server checks it, not this page. */
import { PasswordInput } from '@mantine/core';

interface PasswordAgainProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function PasswordAgain({ value, onChange }: PasswordAgainProps) {
  return (
    <PasswordInput
      label="Your password"
      description="Asked again, so that an open browser is not enough."
      autoComplete="current-password"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      required
    />
  );
}
