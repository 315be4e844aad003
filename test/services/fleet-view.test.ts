import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  machineList,
  machine as machineShape,
  series as seriesShape,
} from '../../src/http/shapes/machines.ts';
import { FleetView, SERIES_MAX_SAMPLES } from '../../src/services/fleet/fleet-view.ts';
import { ManualClock, START_MS } from '../fakes/clock.ts';
import { makeReport } from '../fakes/report.ts';
import { FakeReportStore } from '../fakes/report-store.ts';

let clock: ManualClock;
let reports: FakeReportStore;
let view: FleetView;

async function addReport(
  machineId: string,
  changes: { atMs?: number; metrics?: object } = {},
): Promise<void> {
  const atMs = changes.atMs ?? clock.wallMs();
  await reports.append({
    report: makeReport({ machineId, atMs, ...changes }),
    nonce: randomBytes(12),
    claimedAtMs: atMs,
    takenAtMs: atMs,
    receivedAtMs: atMs,
    viaNode: 'server-01',
  });
}

beforeEach(() => {
  clock = new ManualClock();
  reports = new FakeReportStore();
  view = new FleetView({ reports, clock, agentIntervalSeconds: 10 });
});

describe('machines', () => {
  it('answers an empty fleet in the shape of the API', async () => {
    const list = await view.machines();
    expect(machineList.strict().parse(list)).toEqual(list);
    expect(list).toEqual({
      items: [],
      next_cursor: null,
      total: 0,
      counts: { online: 0, late: 0, offline: 0 },
      thresholds: { late_after_seconds: 30, offline_after_seconds: 60 },
      checked_at: '2026-11-21T12:00:00.000Z',
    });
  });

  it('leads through all machines page by page, each one once, with the counts over all of them', async () => {
    for (let at = 0; at < 7; at += 1) await addReport(`mac-${at}`, { atMs: START_MS - at * 10_000 });
    const seen: string[] = [];
    let cursor: string | null | undefined;
    for (let page = 0; cursor !== null; page += 1) {
      expect(page).toBeLessThan(4);
      const list = await view.machines({ limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      expect(machineList.strict().parse(list)).toEqual(list);
      expect(list.total).toBe(7);
      expect(list.counts).toEqual({ online: 4, late: 3, offline: 0 });
      seen.push(...list.items.map(({ machine_id }) => machine_id));
      cursor = list.next_cursor;
    }
    expect(seen).toEqual(['mac-0', 'mac-1', 'mac-2', 'mac-3', 'mac-4', 'mac-5', 'mac-6']);
  });

  it('judges status by its own clock at the time of asking', async () => {
    await addReport('mac-1');
    await clock.advance(30_001);
    expect((await view.machines()).counts).toEqual({ online: 0, late: 1, offline: 0 });
    await clock.advance(30_000);
    expect((await view.machines()).items[0]?.status).toBe('offline');
  });

  it('judges status by the interval of the agents, and says by which rule', async () => {
    const slow = new FleetView({ reports, clock, agentIntervalSeconds: 3600 });
    await addReport('mac-1');
    await clock.advance(3 * 3_600_000);
    const list = await slow.machines();
    expect(list.items[0]?.status).toBe('online');
    expect((await slow.machine('mac-1')).status).toBe('online');
    expect(list.counts).toEqual({ online: 1, late: 0, offline: 0 });
    expect(list.thresholds).toEqual({ late_after_seconds: 10_800, offline_after_seconds: 21_600 });
  });

  it('counts over many pages from a reading of at most two seconds ago', async () => {
    for (const id of ['a', 'b', 'c']) await addReport(id);
    let readings = 0;
    const lastSeen = reports.lastSeen.bind(reports);
    reports.lastSeen = () => {
      readings += 1;
      return lastSeen();
    };
    await Promise.all([view.machines({ limit: 1 }), view.machines({ limit: 1 })]);
    await view.machines({ limit: 2 });
    expect(readings).toBe(1);
    await clock.advance(2_001);
    await view.machines({ limit: 1 });
    expect(readings).toBe(2);
  });

  it('asks again after a reading that failed', async () => {
    for (const id of ['a', 'b']) await addReport(id);
    const lastSeen = reports.lastSeen.bind(reports);
    reports.lastSeen = () => Promise.reject(new Error('away'));
    await expect(view.machines({ limit: 1 })).rejects.toThrow('away');
    reports.lastSeen = lastSeen;
    expect((await view.machines({ limit: 1 })).counts.online).toBe(2);
  });

  it.each([
    ['is not base64url', '%%%'],
    ['is empty', ''],
    ['has a second spelling', `${Buffer.from('mac-1').toString('base64url')}=`],
    ['holds no machine id', Buffer.from('../../etc').toString('base64url')],
  ])('refuses a cursor that %s', async (_, cursor) => {
    await expect(view.machines({ cursor })).rejects.toMatchObject({
      code: 'bad_cursor',
      message: 'This cursor is not one that a list returned.',
    });
  });

  it.each([0, 501, 1.5, Number.NaN])('refuses a limit of %d', async (limit) => {
    await expect(view.machines({ limit })).rejects.toMatchObject({
      code: 'bad_request',
      message: 'limit is a whole number from 1 to 500.',
    });
  });
});

describe('machine', () => {
  it('shows one machine in the shape of the API', async () => {
    await addReport('mac-1');
    const machine = await view.machine('mac-1');
    expect(machineShape.strict().parse(machine)).toEqual(machine);
  });

  it('does not know a machine that never reported', async () => {
    await expect(view.machine('mac-1')).rejects.toMatchObject({
      code: 'machine_unknown',
      message: 'No machine with this id has reported.',
    });
  });
});

describe('series', () => {
  const range = { fromMs: START_MS, toMs: START_MS + 60_000, points: 3 };

  it('draws a metric in the shape of the API', async () => {
    for (let at = 0; at < 4; at += 1) await addReport('mac-1', { atMs: START_MS + at * 10_000 });
    const series = await view.series('mac-1', 'cpu_percent', range);
    expect(seriesShape.strict().parse(series)).toEqual(series);
    expect(series.points).toEqual([
      [START_MS, 12.5],
      [START_MS + 20_000, 12.5],
      [START_MS + 40_000, null],
    ]);
  });

  it('draws a rate from the start of the range, by the report before it', async () => {
    const network = (bytes_sent: number) => ({
      metrics: { network: { bytes_sent, bytes_recv: 0, packets_sent: 0, packets_recv: 0 } },
    });
    await addReport('mac-1', { atMs: START_MS - 10_000, ...network(0) });
    await addReport('mac-1', { atMs: START_MS, ...network(5_000) });
    const { points, unit } = await view.series('mac-1', 'network_sent_bytes_per_second', range);
    expect(points[0]).toEqual([START_MS, 500]);
    expect(unit).toBe('bytes_per_second');
  });

  it('draws a rate of agents that report once an hour', async () => {
    const slow = new FleetView({ reports, clock, agentIntervalSeconds: 3600 });
    const network = (bytes_sent: number) => ({
      metrics: { network: { bytes_sent, bytes_recv: 0, packets_sent: 0, packets_recv: 0 } },
    });
    await addReport('mac-1', { atMs: START_MS - 3_600_000, ...network(0) });
    await addReport('mac-1', { atMs: START_MS, ...network(3_600_000) });
    const { points } = await slow.series('mac-1', 'network_sent_bytes_per_second', range);
    expect(points[0]).toEqual([START_MS, 1000]);
  });

  it('starts where the samples start when a range holds more than are read', async () => {
    await addReport('mac-1');
    reports.samples = async (_, { limit }) => {
      const [sample] = await new FakeSamples().samples();
      if (sample === undefined) throw new Error('no sample');
      return Array.from({ length: limit }, (__, at) => ({ ...sample, takenAtMs: START_MS + 40_000 + at }));
    };
    const { points } = await view.series('mac-1', 'cpu_percent', range);
    expect(SERIES_MAX_SAMPLES).toBe(20_000);
    expect(points[0]).toEqual([START_MS + 40_000, 12.5]);
    expect(points.every(([, value]) => value !== null)).toBe(true);
  });

  it.each([
    [
      'an empty range',
      { ...range, toMs: START_MS },
      'bad_request',
      'from is before to, both in whole milliseconds.',
    ],
    ['no points', { ...range, points: 0 }, 'bad_request', 'points is a whole number from 1 to 2000.'],
    [
      'too many points',
      { ...range, points: 2001 },
      'bad_request',
      'points is a whole number from 1 to 2000.',
    ],
  ])('refuses %s', async (_, wanted, code, message) => {
    await addReport('mac-1');
    await expect(view.series('mac-1', 'cpu_percent', wanted)).rejects.toMatchObject({ code, message });
  });

  it('does not know a machine that never reported', async () => {
    await expect(view.series('mac-1', 'cpu_percent', range)).rejects.toMatchObject({
      code: 'machine_unknown',
      message: 'No machine with this id has reported.',
    });
  });
});

/** One sample as the store makes them. */
class FakeSamples extends FakeReportStore {
  override async samples() {
    const report = makeReport();
    const times = { claimedAtMs: 0, takenAtMs: 0, receivedAtMs: 0 };
    await this.append({ report, nonce: randomBytes(12), ...times, viaNode: 'n' });
    return super.samples(report.machine_id, { fromMs: 0, toMs: 1, limit: 1 });
  }
}
