/** Settings → API Tokens: keys for scripts. A token is shown once; afterwards only its name and use are known. */
import { Button, Group, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { revokeToken, type TokenInfo } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { RowAct } from '../parts/row-act.tsx';
import { TableHead } from '../parts/table-head.tsx';
import { TableRegion } from '../parts/table-region.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { TokenDialog } from '../parts/token-dialog.tsx';
import { date } from '../quantities.ts';
import { useTokens } from '../queries.ts';

interface RevokeDialogProps {
  readonly token: TokenInfo | null;
  readonly onClose: () => void;
}

function RevokeDialog({ token, onClose }: RevokeDialogProps) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: revokeToken,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['tokens'] });
      onClose();
    },
  });
  return (
    <Dialog opened={token !== null} onClose={onClose} title="Revoke this token?">
      <Stack gap="md">
        {revoke.error && <ErrorBox error={revoke.error} />}
        <p>
          <strong>
            <Foreign text={token?.name ?? ''} />
          </strong>{' '}
          stops working at once, for every script that uses it. This cannot be undone.
        </p>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button
            className="at-danger"
            loading={revoke.isPending}
            onClick={() => token && revoke.mutate(token.token_id)}
          >
            Revoke
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

interface TokenTableProps {
  readonly tokens: readonly TokenInfo[];
  readonly onRevoke: (token: TokenInfo) => void;
}

function TokenTable({ tokens, onRevoke }: TokenTableProps) {
  return (
    <TableRegion label="Table of API tokens">
      <TableHead columns={['Name', 'May', 'Created', 'Ends', 'Last used']} hasActs />
      <tbody>
        {tokens.map((token) => (
          <tr key={token.token_id}>
            <th scope="row">
              <Foreign text={token.name} />
            </th>
            <td>{token.scopes.join(', ')}</td>
            <td>{date(token.created_at)}</td>
            <td>{token.expires_at === null ? 'never' : date(token.expires_at)}</td>
            <td>
              {token.last_used_at === null ? 'never' : <TimeAgo at={token.last_used_at} />}
              {token.last_used_from && (
                <span className="at-under">
                  from <Foreign text={token.last_used_from} />
                </span>
              )}
            </td>
            <td className="at-row-acts">
              <RowAct label="Revoke" name={token.name} onAct={() => onRevoke(token)} />
            </td>
          </tr>
        ))}
      </tbody>
    </TableRegion>
  );
}

export function TokensPage() {
  const { data: tokens, error, refetch } = useTokens();
  const [creating, dialog] = useDisclosure(false);
  const [revoking, setRevoking] = useState<TokenInfo | null>(null);
  return (
    <>
      <PageHeading
        title="API Tokens"
        actions={
          <Button size="xs" onClick={dialog.open}>
            Create token
          </Button>
        }
      />
      <p className="at-lead">
        A script sends its token as <code>Authorization: Bearer atl_…</code> and may do what the token’s
        scopes allow.
      </p>
      {error && (
        <ErrorBox title="The tokens could not be read" error={error} onRetry={() => void refetch()} />
      )}
      {tokens?.length === 0 && <p className="at-panel">There are no tokens yet.</p>}
      {tokens && tokens.length > 0 && <TokenTable tokens={tokens} onRevoke={setRevoking} />}
      <TokenDialog opened={creating} onClose={dialog.close} />
      <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />
    </>
  );
}
