/** Steps 2 and 3 of the wizard: how far each server is, and what is left to do by hand. */
import { Button, Group, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { span } from '../quantities.ts';
import { useTrustChanged } from '../queries.ts';
import { abandonRotation, type RotationPhase, type RotationView } from '../trust-api.ts';
import { ErrorBox } from './error-box.tsx';
import { Foreign } from './foreign.tsx';
import { useRecentPassword } from './password-again.tsx';
import { Badge } from './state-badge.tsx';

type RotatingNode = RotationView['nodes'][number];

const DONE_WORDS: Record<RotationPhase, string> = {
  prepared: 'Has it',
  active: 'Signs with it',
  abandoned: 'Is back',
};

const HEADINGS: Record<RotationPhase, string> = {
  prepared: 'Step 2 of 3: every server takes the new secret',
  active: 'Step 2 of 3: every server signs with the new secret',
  abandoned: 'Step 2 of 3: every server goes back to the old secret',
};

function NodeProgress({ node, phase }: { readonly node: RotatingNode; readonly phase: RotationPhase }) {
  const { node_id, this_node, accepts, signs, waited_for, heard_seconds_ago: heard } = node;
  const isDone = phase === 'prepared' ? accepts : signs;
  const isAbsent = !isDone && !waited_for;
  return (
    <li>
      {isDone && <Badge word={DONE_WORDS[phase]} shape="disc" tone="good" />}
      {!isDone && waited_for && <Badge word="Waited for" shape="half" tone="warn" />}
      {isAbsent && <Badge word="Absent" shape="ring" tone="idle" />}
      <p>
        <Foreign text={node_id} />
        {this_node && <span className="at-mark">this node</span>}
        {isAbsent && (
          <span className="at-muted">
            {heard === null ? ': not heard yet' : `: not heard for ${span(heard)}`}; it holds nothing up, and
            finds the new secret when it comes back
          </span>
        )}
      </p>
    </li>
  );
}

interface ProgressProps {
  readonly rotation: RotationView;
  readonly phase: RotationPhase;
  readonly onClose: () => void;
}

export function RotationProgress({ rotation, phase, onClose }: ProgressProps) {
  const client = useQueryClient();
  const password = useRecentPassword();
  const abandon = useMutation({
    mutationFn: () => password.perform(abandonRotation),
    onSuccess: (fresh) => client.setQueryData(['cluster', 'rotation'], fresh),
  });
  return (
    <Stack gap="md">
      {abandon.error && <ErrorBox error={abandon.error} />}
      <h3>{HEADINGS[phase]}</h3>
      <p role="status">
        <Foreign text={rotation.sentence} />
      </p>
      <ul className="at-lines at-rotating">
        {rotation.nodes.map((node) => (
          <NodeProgress key={node.node_id} node={node} phase={phase} />
        ))}
      </ul>
      <p className="at-small">
        You may close this: the servers go on by themselves, also if one of them stops.
      </p>
      {phase !== 'abandoned' && password.field}
      <Group justify="flex-end">
        {phase !== 'abandoned' && (
          <Button variant="default" loading={abandon.isPending} onClick={() => abandon.mutate()}>
            Abandon
          </Button>
        )}
        <Button onClick={onClose}>Close</Button>
      </Group>
    </Stack>
  );
}

interface DoneProps {
  readonly rotation: RotationView;
  /** What was seen last. */
  readonly after: RotationPhase | 'compromise';
  readonly onClose: () => void;
}

export function RotationDone({ rotation, after, onClose }: DoneProps) {
  const changed = useTrustChanged();
  useEffect(changed, [changed]);
  const key = <code>{rotation.key_id}</code>;
  return (
    <Stack gap="md">
      <h3>{after === 'abandoned' ? 'Abandoned' : 'Step 3 of 3: done'}</h3>
      <p role="status">
        {after === 'abandoned' ? (
          <>Key {key} signs, as before. The other secret is accepted by nobody.</>
        ) : (
          <>
            Key {key} signs, and the old secret is accepted no more. Each server writes the new one into its
            config.yaml.
          </>
        )}
      </p>
      {after === 'compromise' && (
        <p>
          Still to be done by hand: whoever had the secret may also have the passwords of Redis and PostgreSQL
          and the keys of the agents. Until those passwords are changed he can act through the database, as an
          administrator too.
        </p>
      )}
      {after !== 'abandoned' && (
        <p>Copies of config.yaml made before, also those in packages and backups, hold the old secret.</p>
      )}
      <Group justify="flex-end">
        {after !== 'abandoned' && (
          <Button component="a" href="#leaks" variant="default" onClick={onClose}>
            What to change by hand
          </Button>
        )}
        <Button onClick={onClose} data-autofocus>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
