/**
 * Samples of one machine as a line on a chart: a mean for each bucket of time, and null where nothing was
 * reported. Nothing is interpolated and a gap stays a gap, so that a chart never shows what nobody measured.
 */
import type { Sample } from '../store/report-store.ts';

export const SERIES_METRICS = [
  'cpu_percent',
  'load_1',
  'memory_percent',
  'disk_percent',
  'network_sent_bytes_per_second',
  'network_received_bytes_per_second',
  'processes',
  'battery_percent',
] as const;
export type SeriesMetric = (typeof SERIES_METRICS)[number];
export type SeriesUnit = 'percent' | 'load' | 'bytes_per_second' | 'count';

export interface SeriesRange {
  /** Unix ms, whole. */
  readonly fromMs: number;
  /** Unix ms, whole; the first one that is outside. */
  readonly toMs: number;
  /** Buckets wanted; there are never more than milliseconds. */
  readonly points: number;
}

export interface Series {
  metric: SeriesMetric;
  unit: SeriesUnit;
  /** [Unix ms at which the bucket starts, mean or null]. */
  points: [number, number | null][];
}

/** Milliseconds between two samples that are not too long for a rate, however often agents report. Arbitrary. */
const RATE_GAP_MS = 300_000;
/** The same in intervals of an agent, for those that report seldom. Arbitrary. */
const RATE_GAP_INTERVALS = 3;
/** Reports that a bucket should hold at least, so that the jitter of an agent does not look like gaps. */
const REPORTS_PER_BUCKET = 2;

type Reading = (sample: Sample, before: Sample | undefined, maxGapMs: number) => number | null;

const METRICS: Record<SeriesMetric, { readonly unit: SeriesUnit; readonly read: Reading }> = {
  cpu_percent: { unit: 'percent', read: (sample) => sample.cpuPercent },
  load_1: { unit: 'load', read: (sample) => sample.load1 },
  memory_percent: { unit: 'percent', read: (sample) => sample.memoryPercent },
  disk_percent: { unit: 'percent', read: (sample) => sample.diskPercent },
  network_sent_bytes_per_second: {
    unit: 'bytes_per_second',
    read: (...given) => rate(...given, (each) => each.networkBytesSent),
  },
  network_received_bytes_per_second: {
    unit: 'bytes_per_second',
    read: (...given) => rate(...given, (each) => each.networkBytesReceived),
  },
  processes: { unit: 'count', read: (sample) => sample.processes },
  battery_percent: { unit: 'percent', read: (sample) => sample.batteryPercent },
};

/**
 * Milliseconds between two samples beyond which no rate is computed from their counters: a mean over a long silence
 * says nothing about any minute of it. `intervalSeconds`: between two reports of an agent.
 */
export function rateMaxGapMs(intervalSeconds: number): number {
  return Math.max(RATE_GAP_MS, intervalSeconds * 1000 * RATE_GAP_INTERVALS);
}

/** True for a metric whose first value in a range needs the sample before the range. */
export function isRate(metric: SeriesMetric): boolean {
  return METRICS[metric].unit === 'bytes_per_second';
}

/** `samples` in the order of time; those outside the range only serve as the start of a rate. */
export function buildSeries(
  metric: SeriesMetric,
  samples: readonly Sample[],
  range: SeriesRange,
  maxGapMs: number,
): Series {
  const { unit, read } = METRICS[metric];
  const { fromMs } = range;
  const width = range.toMs - fromMs;
  const count = Math.max(0, Math.min(Math.floor(range.points), width));
  const sums = new Float64Array(count);
  const counts = new Uint32Array(count);
  for (const [at, sample] of samples.entries()) {
    if (sample.takenAtMs < fromMs || sample.takenAtMs >= range.toMs) continue;
    const value = read(sample, samples[at - 1], maxGapMs);
    if (value === null) continue;
    const bucket = Math.min(count - 1, Math.floor(((sample.takenAtMs - fromMs) * count) / width));
    sums[bucket] = (sums[bucket] ?? 0) + value;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const points = Array.from(counts, (inBucket, bucket): [number, number | null] => [
    fromMs + Math.ceil((bucket * width) / count),
    inBucket === 0 ? null : (sums[bucket] ?? 0) / inBucket,
  ]);
  return { metric, unit, points };
}

/**
 * How many of the wanted buckets such samples can fill: buckets narrower than the reports come would show gaps
 * where nothing is missing. Judged by the median distance, which single gaps do not move.
 */
export function pointsThatFit(samples: readonly Sample[], range: SeriesRange): number {
  const distances = samples
    .slice(1)
    .map((sample, at) => sample.takenAtMs - (samples[at]?.takenAtMs ?? sample.takenAtMs))
    .sort((a, b) => a - b);
  const median = distances[Math.floor(distances.length / 2)];
  if (median === undefined || median <= 0) return range.points;
  const fitting = Math.floor((range.toMs - range.fromMs) / (median * REPORTS_PER_BUCKET));
  return Math.max(1, Math.min(range.points, fitting));
}

/** Null where two counters do not belong together: a reboot, a counter that started again, a gap too long. */
function rate(
  now: Sample,
  before: Sample | undefined,
  maxGapMs: number,
  counter: (sample: Sample) => number,
): number | null {
  if (before === undefined) return null;
  const gapMs = now.takenAtMs - before.takenAtMs;
  if (gapMs <= 0 || gapMs > maxGapMs) return null;
  const rebooted = (now.uptimeSeconds ?? 0) < (before.uptimeSeconds ?? 0) && now.uptimeSeconds !== null;
  const difference = counter(now) - counter(before);
  return rebooted || difference < 0 ? null : (difference / gapMs) * 1000;
}
