/** Change of one's own password. The server ends every other session of this user. */
import { Button, Group, PasswordInput, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { changePassword } from '../api.ts';
import { Dialog } from './dialog.tsx';
import { ErrorBox } from './error-box.tsx';
import { differs, NewPassword } from './new-password.tsx';

interface PasswordDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

function PasswordForm({ onClose }: { readonly onClose: () => void }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const change = useMutation({ mutationFn: changePassword });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (next === again) change.mutate({ current_password: current, new_password: next });
  };
  if (change.isSuccess) {
    return (
      <Stack gap="md">
        <p role="status">Your password is changed, and your other sessions are ended.</p>
        <Group justify="flex-end">
          <Button onClick={onClose} data-autofocus>
            Done
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {change.error && <ErrorBox error={change.error} />}
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          data-autofocus
          required
        />
        <NewPassword
          label="New password"
          value={next}
          again={again}
          onChange={setNext}
          onChangeAgain={setAgain}
        />
        <p className="at-small">Your sessions in other browsers end with the change.</p>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={change.isPending} disabled={differs(next, again)}>
            Change password
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function PasswordDialog({ opened, onClose }: PasswordDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Change password">
      <PasswordForm onClose={onClose} />
    </Dialog>
  );
}
