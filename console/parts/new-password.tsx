/** A new password, twice, with its rule under the field from the start. The server judges it; this only tells. */
import { PasswordInput } from '@mantine/core';

/** As src/services/people/password.ts has it. */
const RULE = 'At least 12 characters.';

interface NewPasswordProps {
  readonly label: string;
  readonly value: string;
  readonly again: string;
  readonly onChange: (value: string) => void;
  readonly onChangeAgain: (value: string) => void;
}

export const differs = (value: string, again: string): boolean => again !== '' && again !== value;

export function NewPassword({ label, value, again, onChange, onChangeAgain }: NewPasswordProps) {
  return (
    <>
      <PasswordInput
        label={label}
        description={RULE}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        autoComplete="new-password"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        required
      />
      <PasswordInput
        label={`${label} again`}
        autoComplete="new-password"
        value={again}
        onChange={(event) => onChangeAgain(event.currentTarget.value)}
        error={differs(value, again) ? 'The two differ.' : undefined}
        required
      />
    </>
  );
}
