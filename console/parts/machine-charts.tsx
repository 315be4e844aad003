/** The four charts of a Mac over one range of time. Each asks for itself: one that fails leaves the others. */
import type { Machine, SeriesMetric } from '../api.ts';
import { bytesPerSecond, percent } from '../quantities.ts';
import { type ChartRange, useSeries } from '../queries.ts';
import { Chart } from './chart.tsx';
import { ErrorBox } from './error-box.tsx';
import { StaleNote } from './stale-note.tsx';

interface ChartPlan {
  readonly title: string;
  readonly strands: readonly {
    readonly metric: SeriesMetric;
    readonly label: string;
    readonly down?: boolean;
  }[];
  readonly format: (value: number | null) => string;
  /** The top of the y axis; without it the axis follows the data. */
  readonly top?: number;
}

const PLANS: readonly ChartPlan[] = [
  { title: 'CPU', strands: [{ metric: 'cpu_percent', label: 'Used' }], format: percent, top: 100 },
  { title: 'Memory', strands: [{ metric: 'memory_percent', label: 'Used' }], format: percent, top: 100 },
  { title: 'Disk', strands: [{ metric: 'disk_percent', label: 'Used' }], format: percent, top: 100 },
  {
    title: 'Network',
    strands: [
      { metric: 'network_received_bytes_per_second', label: 'Received, up' },
      { metric: 'network_sent_bytes_per_second', label: 'Sent, down', down: true },
    ],
    format: bytesPerSecond,
  },
];

interface MachineChartsProps {
  readonly machine: Machine;
  readonly range: ChartRange;
}

function MachineChart({ plan, machine, range }: MachineChartsProps & { readonly plan: ChartPlan }) {
  const asked = useSeries(
    machine.machine_id,
    plan.strands.map(({ metric }) => metric),
    range,
  );
  const error = asked.find((answer) => answer.error)?.error;
  const known = asked.map(({ data }) => data).filter((data) => data !== undefined);
  const [first] = known;
  if (!first || known.length < plan.strands.length) {
    return (
      <div className="at-panel at-chart-panel" aria-busy={!error}>
        <h3>{plan.title}</h3>
        {error && <ErrorBox error={error} onRetry={() => asked.forEach((answer) => void answer.refetch())} />}
      </div>
    );
  }
  const readAt = Math.min(...asked.map((answer) => answer.dataUpdatedAt));
  return (
    <div className="at-panel at-chart-panel" data-stale={Boolean(error)}>
      {error && <StaleNote error={error} readAt={readAt} what="This chart" />}
      <Chart
        title={plan.title}
        lines={known.map(({ series }, index) => ({
          label: plan.strands[index]?.label ?? series.metric,
          down: plan.strands[index]?.down ?? false,
          points: series.points,
        }))}
        from={first.from}
        to={first.to}
        format={plan.format}
        top={plan.top}
      />
    </div>
  );
}

export function MachineCharts({ machine, range }: MachineChartsProps) {
  return (
    <div className="at-charts">
      {PLANS.map((plan) => (
        <MachineChart key={plan.title} plan={plan} machine={machine} range={range} />
      ))}
    </div>
  );
}
