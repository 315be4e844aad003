/**
 * A chart over time on uPlot. A gap stays a gap, and is shaded, since "nothing was reported" is news; what the
 * canvas shows also stands as text: latest, least, greatest and mean of each line.
 */
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { clockTime, dateAndTime } from '../quantities.ts';

export interface ChartLine {
  readonly label: string;
  /** Drawn downwards from zero, so that it cannot hide a line that goes up; its figures stay positive. */
  readonly down?: boolean;
  readonly points: readonly (readonly [number, number | null])[];
}

interface ChartProps {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  readonly from: number;
  readonly to: number;
  readonly format: (value: number | null) => string;
  /** The top of the y axis; without it the axis follows the data. */
  readonly top: number | undefined;
}

const HEIGHT_PX = 168;
const DAY_MS = 86_400_000;
/** Half of the widest label of the time axis, such as "22 Nov": the last stands on the edge. */
const HALF_TIME_LABEL_PX = 20;
/** What stays free above the highest point, and below the lowest. */
const HEADROOM = 1.15;
const COLOURS = ['--at-chart', '--at-chart-second'];
const DASHES: readonly (number[] | undefined)[] = [undefined, [5, 4]];

type Columns = [number[], ...(number | null)[][]];

const signed = (line: ChartLine | undefined, value: number | null) =>
  value !== null && line?.down ? -value : value;

/** One column of times in seconds and one of values per line, over all times that any line has. */
function columns(lines: readonly ChartLine[]): Columns {
  const maps = lines.map((line) => new Map(line.points));
  const times = [...new Set(maps.flatMap((map) => [...map.keys()]))].sort((a, b) => a - b);
  return [
    times.map((time) => time / 1000),
    ...maps.map((map, index) =>
      times.map((time): number | null => signed(lines[index], map.get(time) ?? null)),
    ),
  ];
}

interface Summary {
  readonly label: string;
  readonly latest: number | null;
  readonly least: number | null;
  readonly greatest: number | null;
  readonly mean: number | null;
}

function summarise({ label, points }: ChartLine): Summary {
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  if (values.length === 0) return { label, latest: null, least: null, greatest: null, mean: null };
  return {
    label,
    latest: values.at(-1) ?? null,
    least: Math.min(...values),
    greatest: Math.max(...values),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  };
}

function inWords(title: string, summaries: readonly Summary[], format: ChartProps['format']): string {
  const parts = summaries.map(({ label, latest, least, greatest, mean }) =>
    latest === null
      ? `${label}: no reports in this time`
      : `${label}: latest ${format(latest)}, least ${format(least)}, greatest ${format(greatest)}, mean ${format(mean)}`,
  );
  return `${title}. ${parts.join('. ')}.`;
}

/** Values between two gaps have no line to stand on, and are drawn as points. */
function lonely(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const found: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  }
  return found;
}

function shadeGaps(plot: uPlot, colour: string): void {
  const [times, first, ...others] = plot.data;
  if (!times || !first) return;
  const bucket = (times[1] ?? 0) - (times[0] ?? 0);
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour;
  for (let i = 0; i < times.length; i += 1) {
    if ([first, ...others].some((values) => values[i] != null)) continue;
    const start = i;
    while (i + 1 < times.length && [first, ...others].every((values) => values[i + 1] == null)) i += 1;
    // The bucket that has only begun is not a gap yet.
    if (start === times.length - 1) break;
    const left = plot.valToPos(
      Math.max(plot.scales.x?.min ?? 0, (times[start] ?? 0) - bucket / 2),
      'x',
      true,
    );
    const right = plot.valToPos((times[i] ?? 0) + bucket / 2, 'x', true);
    const clipped = Math.min(right, bbox.left + bbox.width);
    ctx.fillRect(left, bbox.top, Math.max(0, clipped - left), bbox.height);
  }
  ctx.restore();
}

const tickClock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const tickDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

interface Hovered {
  readonly at: number;
  readonly values: readonly (number | null)[];
}

function options(
  { lines, top, format }: Pick<ChartProps, 'lines' | 'top' | 'format'>,
  frame: { width: number; window: () => [number, number]; onHover: (hovered: Hovered | null) => void },
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--at-muted'),
    font: '11px -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
    grid: { stroke: colour('--at-line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: frame.width,
    height: HEIGHT_PX,
    padding: [8, HALF_TIME_LABEL_PX, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'machine' } },
    scales: {
      x: { time: true, range: () => frame.window() },
      y: {
        range: (_plot, min, max) => [
          Math.min(0, (min ?? 0) * HEADROOM),
          top ?? Math.max(1, (max ?? 0) * HEADROOM),
        ],
      },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 70,
        values: (_plot, splits, _axis, _space, increment) =>
          splits.map((at) => (increment >= DAY_MS / 1000 ? tickDay : tickClock).format(at * 1000)),
      },
      {
        ...axis,
        size: 58,
        space: 30,
        values: (_plot, splits) => splits.map((value) => format(Math.abs(value))),
      },
    ],
    series: [
      {},
      ...lines.map((line, index) => ({
        label: line.label,
        stroke: colour(COLOURS[index] ?? '--at-chart'),
        width: 1.5,
        ...(DASHES[index] ? { dash: DASHES[index] } : {}),
        fill: `${colour(COLOURS[index] ?? '--at-chart')}1f`,
        fillTo: 0,
        points: { show: true, size: 4, filter: lonely },
      })),
    ],
    hooks: {
      drawClear: [(plot) => shadeGaps(plot, colour('--at-sunken'))],
      setCursor: [
        (plot) => {
          const index = plot.cursor.idx;
          const at = index == null ? undefined : plot.data[0][index];
          if (index == null || at === undefined) return frame.onHover(null);
          const values = plot.data.slice(1).map((column, line) => signed(lines[line], column[index] ?? null));
          frame.onHover({ at: at * 1000, values });
        },
      ],
    },
  };
}

function Plot({
  lines,
  from,
  to,
  top,
  format,
  onHover,
}: Omit<ChartProps, 'title'> & {
  readonly onHover: (hovered: Hovered | null) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const scheme = useComputedColorScheme('light');
  const latest = useRef({ lines, window: [from / 1000, to / 1000] as [number, number] });
  latest.current = { lines, window: [from / 1000, to / 1000] };

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read anew when the scheme changes; data follows below
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const frame = { width: element.clientWidth, window: () => latest.current.window, onHover };
    const drawn = new uPlot(options({ lines, format, top }, frame), columns(latest.current.lines), element);
    plot.current = drawn;
    const watch = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      drawn.destroy();
    };
  }, [scheme]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the window is read through the scale's range
  useEffect(() => plot.current?.setData(columns(lines)), [lines, from, to]);
  return <div ref={box} className="at-plot" aria-hidden="true" />;
}

export function Chart(props: ChartProps) {
  const { title, lines, from, to, format } = props;
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const summaries = lines.map(summarise);
  const known = summaries.some((summary) => summary.latest !== null);
  const moment = hovered && (to - from > DAY_MS ? dateAndTime(hovered.at) : clockTime(hovered.at));
  return (
    <figure className="at-chart" aria-label={inWords(title, summaries, format)}>
      <div className="at-chart-head">
        <h3>{title}</h3>
        <p aria-hidden="true">
          {hovered && `${moment} · ${hovered.values.map((value) => format(value)).join(' · ')}`}
        </p>
      </div>
      <div className="at-plot-frame">
        <Plot {...props} onHover={setHovered} />
        {!known && <p className="at-plot-empty">No reports in this time</p>}
      </div>
      <figcaption>
        <table className="at-summary">
          <thead>
            <tr>
              <th scope="col">
                <span className="at-hidden">Line</span>
              </th>
              <th scope="col">Latest</th>
              <th scope="col">Min</th>
              <th scope="col">Mean</th>
              <th scope="col">Max</th>
            </tr>
          </thead>
          <tbody>
            {summaries.map(({ label, latest, least, mean, greatest }, index) => (
              <tr key={label}>
                <th scope="row">
                  <svg width="18" height="8" aria-hidden="true" data-line={index}>
                    <path
                      d="M0 4h18"
                      fill="none"
                      strokeWidth="2"
                      strokeDasharray={DASHES[index]?.join(' ')}
                    />
                  </svg>
                  {label}
                </th>
                <td>{format(latest)}</td>
                <td>{format(least)}</td>
                <td>{format(mean)}</td>
                <td>{format(greatest)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </figcaption>
    </figure>
  );
}
