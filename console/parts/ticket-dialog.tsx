/** Makes a join ticket and shows it, this once. Leaving the dialog forgets it. */
import { Button, Group, NativeSelect, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { dateAndTime } from '../quantities.ts';
import { useTrustChanged } from '../queries.ts';
import { createTicket, type NewTicket } from '../trust-api.ts';
import { Copyable } from './copyable.tsx';
import { Dialog } from './dialog.tsx';
import { DialogForm } from './dialog-form.tsx';
import { Foreign } from './foreign.tsx';
import { useRecentPassword } from './password-again.tsx';

const HOUR_SECONDS = 3_600;
const LIVES = [
  { label: '1 hour', value: String(HOUR_SECONDS) },
  { label: '24 hours', value: String(24 * HOUR_SECONDS) },
  { label: '7 days', value: String(7 * 24 * HOUR_SECONDS) },
];
/** It asks for the ticket, which then stands in no shell history and no list of processes. */
const JOIN_COMMAND = 'atlas-fleet server --join -';

function Made({ made, onClose }: { readonly made: NewTicket; readonly onClose: () => void }) {
  return (
    <Stack gap="md">
      <p role="status">
        <strong>Copy the ticket now.</strong> It is not shown again. Whoever has it can bring one server in,
        until {dateAndTime(made.expires_at)}.
      </p>
      <Copyable text={made.ticket} label="The new ticket" />
      <p>On the new machine, in an empty folder; it asks for the ticket:</p>
      <Copyable text={JOIN_COMMAND} label="The command to join" />
      <p className="at-small">
        The new machine must reach one of <Foreign text={made.servers.join(', ')} />.
      </p>
      <Group justify="flex-end">
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  );
}

function TicketForm({ onClose }: { readonly onClose: () => void }) {
  const changed = useTrustChanged();
  const [life, setLife] = useState(String(24 * HOUR_SECONDS));
  const password = useRecentPassword(true);
  const create = useMutation({
    mutationFn: () => password.perform(() => createTicket(Number(life))),
    onSuccess: changed,
  });
  if (create.data) return <Made made={create.data} onClose={onClose} />;
  return (
    <DialogForm asking={create} action="Create ticket" onClose={onClose}>
      <p>
        With a ticket one new server joins, once: it gets all that a server of this cluster needs, sealed to
        its own key.
      </p>
      <NativeSelect
        label="Good for"
        data={LIVES}
        value={life}
        onChange={(event) => setLife(event.currentTarget.value)}
        data-autofocus
      />
      {password.field}
    </DialogForm>
  );
}

export function TicketDialog({
  opened,
  onClose,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Create a join ticket">
      <TicketForm onClose={onClose} />
    </Dialog>
  );
}
