/** Step 1 of the wizard: routine, or after a compromise and then who stays; and one's own password. */
import { Button, Checkbox, Group, Radio, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useRoster, useTrustChanged } from '../queries.ts';
import { beginRotation, type RosterMember, type RotationRequest } from '../trust-api.ts';
import { ErrorBox } from './error-box.tsx';
import { useRecentPassword } from './password-again.tsx';

type Mode = RotationRequest['mode'];

const MODES: readonly { readonly mode: Mode; readonly label: string; readonly meaning: string }[] = [
  {
    mode: 'routine',
    label: 'Routine',
    meaning:
      'Nobody has the secret who should not. Every member gets a new one, sealed to its key; when all that live sign with it, the old one ends. No server stops, nobody is sent away, and until then you can abandon it.',
  },
  {
    mode: 'compromise',
    label: 'After a compromise',
    meaning:
      'Somebody may have the secret, or a server. Only the servers that you keep get the new one, at once; all others are evicted for ever, open join tickets are revoked, and from now on a new server needs a ticket. It cannot be undone.',
  },
];

interface KeepListProps {
  readonly members: readonly RosterMember[];
  readonly kept: readonly string[];
  readonly onChange: (kept: string[]) => void;
}

/** The server that is asked always stays: it hands out the new secret. */
function KeepList({ members, kept, onChange }: KeepListProps) {
  return (
    <Checkbox.Group
      label="Who stays"
      description="Compare each fingerprint with what that server itself says: atlas-fleet cluster roster."
      value={[...kept]}
      onChange={onChange}
    >
      <Stack gap="xs" mt="xs">
        {members.map(({ node_id, fingerprint, state, admitted_by, this_node }) => (
          <Checkbox
            key={node_id}
            value={node_id}
            label={this_node ? `${node_id} (this node)` : node_id}
            description={`${fingerprint}, ${state}, ${admitted_by === null ? 'founder' : `admitted by ${admitted_by}`}`}
            disabled={this_node}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

interface RotationStartProps {
  readonly onBegun: (mode: Mode) => void;
  readonly onClose: () => void;
}

export function RotationStart({ onBegun, onClose }: RotationStartProps) {
  const client = useQueryClient();
  const changed = useTrustChanged();
  const { data: roster } = useRoster();
  const [mode, setMode] = useState<Mode>('routine');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const password = useRecentPassword(true);
  const members = roster?.members ?? [];
  const keep = members.filter(({ node_id, this_node }) => this_node || chosen.includes(node_id));
  const leaving = members.length - keep.length;
  const begin = useMutation({
    mutationFn: () =>
      password.perform(() =>
        beginRotation(
          mode === 'routine'
            ? { mode }
            : { mode, keep: keep.map(({ node_id, fingerprint }) => ({ node_id, fingerprint })) },
        ),
      ),
    onSuccess: (rotation) => {
      onBegun(mode);
      client.setQueryData(['cluster', 'rotation'], rotation);
      changed();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <h3>Step 1 of 3: why</h3>
        {begin.error && <ErrorBox error={begin.error} />}
        <Radio.Group aria-label="Why" value={mode} onChange={(value) => setMode(value as Mode)}>
          <Stack gap="sm">
            {MODES.map(({ mode: value, label, meaning }) => (
              <Radio key={value} value={value} label={label} description={meaning} />
            ))}
          </Stack>
        </Radio.Group>
        {mode === 'compromise' && (
          <KeepList members={members} kept={keep.map(({ node_id }) => node_id)} onChange={setChosen} />
        )}
        {password.field}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          {mode === 'routine' ? (
            <Button type="submit" loading={begin.isPending}>
              Rotate the secret
            </Button>
          ) : (
            <Button type="submit" className="at-danger" loading={begin.isPending} disabled={!roster}>
              {leaving === 0 ? 'Change the secret at once' : `Evict ${leaving} and change the secret`}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
