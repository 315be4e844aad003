/** Settings → Audit Log: who did what, the newest first. It is read here and changed nowhere. */
import { Button, Group, NativeSelect, Stack } from '@mantine/core';
import { useState } from 'react';
import type { AuditEntry, AuditKind } from '../api.ts';
import { particulars } from '../audit-words.ts';
import { ErrorBox } from '../parts/error-box.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { TableHead } from '../parts/table-head.tsx';
import { TableRegion } from '../parts/table-region.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { useAuditLog } from '../queries.ts';

const KINDS: Readonly<Record<AuditKind, string>> = {
  login: 'Logins',
  password: 'Passwords',
  user: 'Users',
  setup: 'Setup',
  token: 'API tokens',
  roster: 'Servers of the cluster',
  rotation: 'Cluster secret',
  ticket: 'Join tickets',
  package: 'Packages',
};
const EVERY_KIND = '';

const ACTORS: Readonly<Record<AuditEntry['actor']['kind'], string>> = {
  user: 'User',
  token: 'API token',
  local: 'Command line on the server',
  system: 'The server itself',
  anonymous: 'Not logged in',
};
const OUTCOMES: Readonly<Record<AuditEntry['outcome'], string>> = {
  done: 'Done',
  refused: 'Refused',
  failed: 'Failed',
};

function Who({ entry: { actor, address } }: { readonly entry: AuditEntry }) {
  const kind = ACTORS[actor.kind];
  return (
    <span>
      {actor.name === '' ? kind : <Foreign text={actor.name} />}
      <span className="at-under">
        {actor.name !== '' && kind}
        {address !== null && (
          <>
            {' from '}
            <Foreign text={address} />
          </>
        )}
      </span>
    </span>
  );
}

function What({ entry: { sentence, subject, detail } }: { readonly entry: AuditEntry }) {
  const words = particulars(detail);
  return (
    <span>
      <Foreign text={sentence} />
      {subject !== '' && (
        <>
          {': '}
          <strong>
            <Foreign text={subject} />
          </strong>
        </>
      )}
      {words.length > 0 && (
        <span className="at-under">
          <Foreign text={words.join(' · ')} />
        </span>
      )}
    </span>
  );
}

function AuditTable({ entries }: { readonly entries: readonly AuditEntry[] }) {
  return (
    <TableRegion label="Table of audit entries" stacks>
      <TableHead columns={['When', 'Who', 'What', 'Outcome', 'Server']} />
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.entry_id}>
            <td data-label="When">
              <TimeAgo at={entry.at} />
            </td>
            <td className="at-wide" data-label="Who">
              <Who entry={entry} />
            </td>
            <td className="at-wide" data-label="What">
              <What entry={entry} />
            </td>
            <td data-label="Outcome">{OUTCOMES[entry.outcome]}</td>
            <td data-label="Server">
              <Foreign text={entry.node_id} />
            </td>
          </tr>
        ))}
      </tbody>
    </TableRegion>
  );
}

export function AuditPage() {
  const [kind, setKind] = useState<AuditKind | null>(null);
  const log = useAuditLog(kind);
  const entries = log.data?.pages.flatMap((page) => page.items);
  return (
    <>
      <PageHeading title="Audit Log" />
      <p className="at-lead">
        Who did what, and from where. An act stands here before it is done; when it was then refused or
        failed, a second entry says so. Entries are kept for 400 days or more.
      </p>
      <Stack gap="md">
        <NativeSelect
          label="Show"
          maw={260}
          value={kind ?? EVERY_KIND}
          onChange={({ currentTarget: { value } }) =>
            setKind(value === EVERY_KIND ? null : (value as AuditKind))
          }
          data={[
            { value: EVERY_KIND, label: 'Everything' },
            ...Object.entries(KINDS).map(([value, label]) => ({ value, label })),
          ]}
        />
        {log.error && (
          <ErrorBox
            title="The audit log could not be read"
            error={log.error}
            onRetry={() => void log.refetch()}
          />
        )}
        {entries?.length === 0 && <p className="at-panel">There are no entries of this kind.</p>}
        {entries && entries.length > 0 && <AuditTable entries={entries} />}
        {log.hasNextPage && (
          <Group>
            <Button
              variant="default"
              loading={log.isFetchingNextPage}
              onClick={() => void log.fetchNextPage()}
            >
              Show older
            </Button>
          </Group>
        )}
      </Stack>
    </>
  );
}
