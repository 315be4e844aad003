/**
 * One act of trust before it is done: what will happen, in plain sentences, then the button. What cannot be undone also
 * asks for the name of what it is done to, typed, and for one's own password.
 */
import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTrustChanged } from '../queries.ts';
import type { Act } from '../trust-acts.ts';
import { Dialog } from './dialog.tsx';
import { ErrorBox } from './error-box.tsx';
import { useRecentPassword } from './password-again.tsx';
import { Sentences } from './sentences.tsx';

function ActForm({ act, onClose }: { readonly act: Act; readonly onClose: () => void }) {
  const { sentences, button, leadsToLeaks, typed, asksPassword, run } = act;
  const changed = useTrustChanged();
  const [name, setName] = useState('');
  const [isWrongName, setWrongName] = useState(false);
  const password = useRecentPassword(asksPassword);
  const perform = useMutation({
    mutationFn: () => password.perform(run),
    onSuccess: () => {
      changed();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const isWrong = typed !== undefined && name !== typed;
    setWrongName(isWrong);
    if (!isWrong) perform.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {perform.error && <ErrorBox error={perform.error} />}
        <Sentences sentences={sentences} />
        {leadsToLeaks && (
          <Group>
            <Button component="a" href="#leaks" variant="default" size="xs" onClick={onClose}>
              What to change by hand
            </Button>
          </Group>
        )}
        {typed !== undefined && (
          <TextInput
            label={`Type ${typed} to confirm`}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={isWrongName && `This is not ${typed}. Nothing was done.`}
            data-autofocus
            required
          />
        )}
        {password.field}
        <Group justify="flex-end">
          <Button
            variant="default"
            onClick={onClose}
            {...(typed === undefined && { 'data-autofocus': true })}
          >
            Cancel
          </Button>
          <Button type="submit" className="at-danger" loading={perform.isPending}>
            {button}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function ActDialog({ act, onClose }: { readonly act: Act | null; readonly onClose: () => void }) {
  return (
    <Dialog opened={act !== null} onClose={onClose} title={act?.title ?? ''}>
      {act && <ActForm key={act.title} act={act} onClose={onClose} />}
    </Dialog>
  );
}
