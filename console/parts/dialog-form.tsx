/** The form in a dialog: what went wrong, what is asked, and the way out or on. */
import { Button, Group, Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { ErrorBox } from './error-box.tsx';

interface DialogFormProps {
  /** What is asked of the server, and how that stands. */
  readonly asking: {
    readonly error: Error | null;
    readonly isPending: boolean;
    readonly mutate: () => void;
  };
  /** On the button that goes on. */
  readonly action: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function DialogForm({ asking, action, onClose, children }: DialogFormProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    asking.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {asking.error && <ErrorBox error={asking.error} />}
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={asking.isPending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
