/** One's own password before a package is built. */
import { Button, Group, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Dialog } from './dialog.tsx';
import { ErrorBox } from './error-box.tsx';
import { useRecentPassword } from './password-again.tsx';

interface PackagePasswordProps {
  /** Of the button that led here. */
  readonly title: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onConfirmed: () => void;
}

function PasswordForm({ onClose, onConfirmed }: PackagePasswordProps) {
  const password = useRecentPassword(true, true);
  const confirm = useMutation({
    mutationFn: () => password.perform(() => Promise.resolve()),
    onSuccess: onConfirmed,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {confirm.error && <ErrorBox error={confirm.error} />}
        <p>
          It goes into the audit log under your name. The file comes to this browser; the server keeps no
          copy.
        </p>
        {password.field}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={confirm.isPending}>
            Build it
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function PackagePassword(props: PackagePasswordProps) {
  return (
    <Dialog opened={props.opened} onClose={props.onClose} title={props.title}>
      <PasswordForm {...props} />
    </Dialog>
  );
}
