/** One Mac: how it is, what it is, and its course over time. */
import { SegmentedControl } from '@mantine/core';
import { Link, useSearchParams } from 'wouter';
import { ApiError, type Machine } from '../api.ts';
import { ErrorBox } from '../parts/error-box.tsx';
import { Foreign } from '../parts/foreign.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { MachineCharts } from '../parts/machine-charts.tsx';
import { MachineFacts } from '../parts/machine-facts.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { StaleNote } from '../parts/stale-note.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Age } from '../parts/time-ago.tsx';
import { fullTime } from '../quantities.ts';
import { CHART_RANGES, useMachine } from '../queries.ts';

const STATUS_SENTENCES: Record<Machine['status'], string> = {
  online: 'It reports as it should.',
  late: 'A report is overdue.',
  offline: 'It has stopped reporting. What stands below is its last word.',
};

function BackLink() {
  return (
    <Link href="/" className="at-back">
      <Glyph name="back" size={14} />
      All machines
    </Link>
  );
}

function RangeSwitch({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (name: string) => void;
}) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Time shown in the charts"
      value={value}
      onChange={onChange}
      data={CHART_RANGES.map(({ name, label }) => ({ value: name, label }))}
    />
  );
}

export function MachinePage({ machineId }: { readonly machineId: string }) {
  const { data: machine, error, dataUpdatedAt, isPlaceholderData, refetch } = useMachine(machineId);
  const [query, setQuery] = useSearchParams();
  const range = CHART_RANGES.find(({ name }) => name === query.get('range')) ?? CHART_RANGES[0];
  if (!machine) {
    if (!error) return <PageHeading title="Machine" />;
    const missing = error instanceof ApiError && error.status === 404;
    return (
      <>
        <BackLink />
        <PageHeading title={missing ? 'No such machine' : 'Machine'} />
        <ErrorBox error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  const readAt = isPlaceholderData ? Date.now() : dataUpdatedAt;
  return (
    <>
      <BackLink />
      <PageHeading title={machine.hostname}>
        <Foreign text={machine.hostname} />
      </PageHeading>
      <p className="at-status-line">
        <StateBadge state={machine.status} />
        {machine.info.serial_number && (
          <span>
            Serial <Foreign text={machine.info.serial_number} />
          </span>
        )}
        <span>
          Last report <Age seconds={machine.last_seen_age_seconds} readAt={readAt} at={machine.last_seen} /> (
          {fullTime(machine.last_seen)}) through <Foreign text={machine.via_node} />.
        </span>
        <span>{STATUS_SENTENCES[machine.status]}</span>
      </p>
      {error && <StaleNote error={error} readAt={dataUpdatedAt} what="This page" />}
      <MachineFacts machine={machine} />
      <div className="at-section-head">
        <h2>History</h2>
        <RangeSwitch value={range.name} onChange={(name) => setQuery({ range: name }, { replace: true })} />
      </div>
      <MachineCharts key={range.name} machine={machine} range={range} />
    </>
  );
}
