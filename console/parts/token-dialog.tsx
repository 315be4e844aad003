/** Makes an API token and shows it, this once. Leaving the dialog forgets it. */
import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { createToken, type TokenCreate, type TokenScope } from '../api.ts';
import { Copyable } from './copyable.tsx';
import { Dialog } from './dialog.tsx';
import { ErrorBox } from './error-box.tsx';
import { useRecentPassword } from './password-again.tsx';

/** What this version can do with a token; the other scopes belong to features that are not here yet. */
const SCOPES: readonly { scope: TokenScope; meaning: string }[] = [
  { scope: 'read', meaning: 'see machines, series and the cluster' },
  {
    scope: 'packages:build',
    meaning:
      'build packages, which hold secrets of this fleet, without a password; see and revoke those built',
  },
  { scope: 'admin', meaning: 'everything, also this page' },
];

const DAY_SECONDS = 86_400;
const LIVES = [
  { label: '30 days', value: String(30 * DAY_SECONDS) },
  { label: '90 days', value: String(90 * DAY_SECONDS) },
  { label: '1 year', value: String(365 * DAY_SECONDS) },
  { label: 'No end', value: '' },
];

function TokenForm({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly TokenScope[]>(['read']);
  const [life, setLife] = useState(String(90 * DAY_SECONDS));
  const password = useRecentPassword();
  const create = useMutation({
    mutationFn: (wanted: TokenCreate) => password.perform(() => createToken(wanted)),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      name: name.trim(),
      scopes: [...scopes],
      ...(life === '' ? {} : { expires_in_seconds: Number(life) }),
    });
  };
  if (create.data) {
    return (
      <Stack gap="md">
        <p role="status">
          <strong>Copy the token now.</strong> The server keeps only a hash of it and cannot show it again.
        </p>
        <Copyable text={create.data.token} label="The new token" />
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {create.error && <ErrorBox error={create.error} />}
        <TextInput
          label="Name"
          description="What uses it, so that you know later what stops when you revoke it."
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={128}
          required
          data-autofocus
        />
        <Checkbox.Group
          label="It may"
          value={[...scopes]}
          onChange={(chosen) =>
            setScopes(SCOPES.map(({ scope }) => scope).filter((scope) => chosen.includes(scope)))
          }
        >
          <Stack gap="xs" mt="xs">
            {SCOPES.map(({ scope, meaning }) => (
              <Checkbox key={scope} value={scope} label={`${scope}: ${meaning}`} />
            ))}
          </Stack>
        </Checkbox.Group>
        <NativeSelect
          label="Ends after"
          data={LIVES}
          value={life}
          onChange={(event) => setLife(event.currentTarget.value)}
        />
        {password.field}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending} disabled={scopes.length === 0}>
            Create token
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function TokenDialog({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Create an API token">
      <TokenForm onClose={onClose} />
    </Dialog>
  );
}
