/** Are my Macs all right, and can I believe this page? */
import { TextInput } from '@mantine/core';
import { useSearchParams } from 'wouter';
import type { MachineList } from '../api.ts';
import { type Choice, readChoice, writeChoice } from '../machine-order.ts';
import { AttentionList } from '../parts/attention-list.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { FirstMac } from '../parts/first-mac.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { MachineTable } from '../parts/machine-table.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { StaleNote } from '../parts/stale-note.tsx';
import { StatusTiles } from '../parts/status-tiles.tsx';
import { useMachines } from '../queries.ts';

interface FleetProps {
  readonly list: MachineList;
  readonly readAt: number;
}

function Fleet({ list, readAt }: FleetProps) {
  const [query, setQuery] = useSearchParams();
  const choice = readChoice(query);
  const choose = (next: Choice) => setQuery(writeChoice(next), { replace: true });
  return (
    <>
      <StatusTiles
        list={list}
        chosen={choice.status}
        onChoose={(status) => choose({ ...choice, status, page: 1 })}
      />
      <AttentionList machines={list.items} />
      <section aria-labelledby="machines">
        <div className="at-section-head">
          <h2 id="machines">Machines</h2>
          <TextInput
            type="search"
            size="xs"
            w={260}
            aria-label="Search machines"
            placeholder="Name, serial number, address …"
            leftSection={<Glyph name="search" size={14} />}
            value={choice.search}
            onChange={(event) => choose({ ...choice, search: event.currentTarget.value, page: 1 })}
          />
        </div>
        {list.items.length < list.total && (
          <p className="at-small">
            The first {list.items.length} of {list.total} machines are shown.
          </p>
        )}
        <MachineTable machines={list.items} readAt={readAt} choice={choice} onChoose={choose} />
      </section>
    </>
  );
}

export function DashboardPage() {
  const { data: list, error, dataUpdatedAt, refetch } = useMachines();
  return (
    <>
      <PageHeading title="Dashboard" />
      {!list && error && (
        <ErrorBox title="The machines could not be read" error={error} onRetry={() => void refetch()} />
      )}
      {list && (
        <div className="at-stack" data-stale={Boolean(error)}>
          {error && <StaleNote error={error} readAt={dataUpdatedAt} what="This list" />}
          {list.total === 0 ? <FirstMac /> : <Fleet list={list} readAt={dataUpdatedAt} />}
        </div>
      )}
    </>
  );
}
