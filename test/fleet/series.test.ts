import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildSeries,
  pointsThatFit,
  rateMaxGapMs,
  SERIES_METRICS,
  type SeriesMetric,
  type SeriesRange,
} from '../../src/fleet/series.ts';
import { series as seriesShape } from '../../src/http/shapes/machines.ts';
import type { Sample } from '../../src/store/report-store.ts';

const MAX_GAP_MS = rateMaxGapMs(10);

function makeSample(takenAtMs: number, changes: Partial<Sample> = {}): Sample {
  return {
    takenAtMs,
    uptimeSeconds: takenAtMs / 1000,
    cpuPercent: 10,
    load1: 1,
    load5: 1,
    load15: 1,
    memoryTotal: 100,
    memoryAvailable: 50,
    memoryUsed: 50,
    memoryPercent: 50,
    diskTotal: 100,
    diskUsed: 25,
    diskFree: 75,
    diskPercent: 25,
    networkBytesSent: 0,
    networkBytesReceived: 0,
    networkPacketsSent: 0,
    networkPacketsReceived: 0,
    processes: 100,
    batteryPercent: null,
    batteryPlugged: null,
    batteryTimeLeft: null,
    ...changes,
  };
}

const sent = (takenAtMs: number, networkBytesSent: number, uptimeSeconds?: number | null) =>
  makeSample(takenAtMs, { networkBytesSent, ...(uptimeSeconds === undefined ? {} : { uptimeSeconds }) });
const build = (metric: SeriesMetric, samples: Sample[], range: SeriesRange) =>
  buildSeries(metric, samples, range, MAX_GAP_MS);
const rates = (samples: Sample[], toMs: number, points: number) =>
  build('network_sent_bytes_per_second', samples, { fromMs: 0, toMs, points }).points.map(
    ([, value]) => value,
  );

describe('buildSeries', () => {
  it('makes the shape of the API, of every metric', () => {
    for (const metric of SERIES_METRICS) {
      const series = build(metric, [makeSample(5)], { fromMs: 0, toMs: 10, points: 2 });
      expect(seriesShape.strict().parse(series)).toEqual(series);
    }
  });

  it('takes the mean of a bucket and leaves an empty bucket null', () => {
    const samples = [10, 20, 90].map((percent, at) => makeSample(at * 10, { cpuPercent: percent }));
    const { points, unit } = build('cpu_percent', samples, { fromMs: 0, toMs: 80, points: 4 });
    expect(points).toEqual([
      [0, 15],
      [20, 90],
      [40, null],
      [60, null],
    ]);
    expect(unit).toBe('percent');
  });

  it('leaves out what was not measured instead of counting it as zero', () => {
    const samples = [makeSample(0, { batteryPercent: null }), makeSample(1, { batteryPercent: 80 })];
    expect(build('battery_percent', samples, { fromMs: 0, toMs: 10, points: 1 }).points).toEqual([[0, 80]]);
  });

  it('ignores samples at and after the end of the range', () => {
    const { points } = build('processes', [makeSample(10)], { fromMs: 0, toMs: 10, points: 1 });
    expect(points).toEqual([[0, null]]);
  });

  it('makes bytes per second of two successive counters, the first from before the range', () => {
    expect(rates([sent(-10_000, 0), sent(0, 5_000), sent(10_000, 25_000)], 20_000, 2)).toEqual([500, 2000]);
    expect(rates([sent(0, 5_000), sent(10_000, 25_000)], 20_000, 2)).toEqual([null, 2000]);
  });

  it('shows no rate when the counter went back', () => {
    expect(rates([sent(0, 5_000), sent(10_000, 100), sent(20_000, 1_100)], 30_000, 3)).toEqual([
      null,
      null,
      100,
    ]);
  });

  it('shows no rate across a reboot, even when the counter is higher than before', () => {
    expect(rates([sent(0, 100, 5_000), sent(10_000, 900, 3)], 20_000, 2)).toEqual([null, null]);
  });

  it('does not take an unknown uptime for a reboot', () => {
    expect(rates([sent(0, 100, 5_000), sent(10_000, 1_100, null)], 20_000, 2)).toEqual([null, 100]);
  });

  it('shows no rate across a gap that is too long, nor between samples of one instant', () => {
    expect(rates([sent(0, 0), sent(MAX_GAP_MS, 300)], MAX_GAP_MS + 1, 1)).toEqual([1]);
    expect(rates([sent(0, 0), sent(MAX_GAP_MS + 1, 300)], MAX_GAP_MS + 2, 1)).toEqual([null]);
    expect(rates([sent(0, 0), sent(0, 300)], 1, 1)).toEqual([null]);
  });

  const times = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 60 });
  const range = fc
    .record({
      fromMs: fc.integer({ min: 0, max: 50_000 }),
      width: fc.integer({ min: 1, max: 60_000 }),
      points: fc.integer({ min: 1, max: 200 }),
    })
    .map(({ fromMs, width, points }) => ({ fromMs, toMs: fromMs + width, points }));

  it('puts every sample of the range into the one bucket that its time belongs to, for any samples', () => {
    fc.assert(
      fc.property(times, range, (takenAt, wanted) => {
        const samples = takenAt.sort((a, b) => a - b).map((at) => makeSample(at, { processes: at }));
        const { points } = build('processes', samples, wanted);
        expect(points).toHaveLength(Math.min(wanted.points, wanted.toMs - wanted.fromMs));
        for (const [index, [start, value]] of points.entries()) {
          const end = points[index + 1]?.[0] ?? wanted.toMs;
          expect(end).toBeGreaterThan(start);
          const inside = takenAt.filter((at) => at >= start && at < end);
          const mean = inside.reduce((sum, at) => sum + at, 0) / inside.length;
          if (inside.length === 0) expect(value).toBeNull();
          else expect(value).toBeCloseTo(mean, 6);
        }
      }),
    );
  });

  it('never shows a negative or an endless rate, for any counters', () => {
    const counters = fc.array(fc.tuple(fc.nat(100_000), fc.nat(), fc.nat(1000)), { maxLength: 40 });
    fc.assert(
      fc.property(counters, range, (rows, wanted) => {
        const samples = rows
          .sort((a, b) => a[0] - b[0])
          .map(([at, bytes, uptime]) => sent(at, bytes, uptime));
        for (const [, value] of build('network_sent_bytes_per_second', samples, wanted).points) {
          if (value === null) continue;
          expect(Number.isFinite(value)).toBe(true);
          expect(value).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('rateMaxGapMs', () => {
  it.each([
    [1, 300],
    [10, 300],
    [100, 300],
    [3600, 10_800],
  ])('with a report each %i s is %i s', (intervalSeconds, seconds) => {
    expect(rateMaxGapMs(intervalSeconds)).toBe(seconds * 1000);
  });
});

describe('pointsThatFit', () => {
  const every = (seconds: number, count: number) =>
    Array.from({ length: count }, (_, at) => makeSample(at * seconds * 1000));

  it.each([
    ['keeps the wanted number when reports are dense enough', every(10, 360), 3_600_000, 100, 100],
    ['makes buckets of two reports when they are not', every(10, 90), 900_000, 300, 45],
    ['is not moved by one long gap', [...every(10, 60), makeSample(890_000)], 900_000, 300, 45],
    ['keeps the wanted number when there is nothing to judge by', every(10, 1), 900_000, 300, 300],
    ['gives at least one bucket', every(600, 3), 900_000, 300, 1],
  ])('%s', (_, samples, toMs, points, fitting) => {
    expect(pointsThatFit(samples, { fromMs: 0, toMs, points })).toBe(fitting);
  });
});
