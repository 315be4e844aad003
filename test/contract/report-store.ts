/** What every report store promises, whatever its engine (src/store/report-store.ts). */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Metrics, Report } from '../../src/protocol/report.ts';
import type { AcceptedReport, ReportStore } from '../../src/store/report-store.ts';

export interface OpenedReportStore {
  readonly store: ReportStore;
  close(): Promise<void>;
}

const NOON = Date.UTC(2026, 10, 21, 12);
const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1_000 };
const GIB = 1024 ** 3;

const METRICS: Metrics = {
  timestamp: NOON / 1000 + 0.25,
  uptime_seconds: 86_400.5,
  cpu: { percent: 12.3, load_avg: [2.31, 1.98, 1.5], count: 12, threads: 12 },
  memory: { total: 24 * GIB, available: 15 * GIB, used: 9 * GIB, percent: 37.5 },
  disk: { total: 994_662_584_320, used: 412_316_860_416, free: 582_345_723_904, percent: 41.5 },
  network: {
    bytes_sent: 5_000_000_001,
    bytes_recv: 41_000_000_002,
    packets_sent: 8_000_003,
    packets_recv: 9,
  },
  processes: { total: 512 },
  battery: { percent: 80.5, plugged: true, time_left: 3_600 },
};

let nonces = 0;

function accepted(changes: Partial<AcceptedReport> = {}, report: Partial<Report> = {}): AcceptedReport {
  nonces += 1;
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(nonces);
  return {
    report: {
      machine_id: 'mac-1',
      machine_info: { hostname: 'desk.office.example' },
      metrics: METRICS,
      ...report,
    },
    nonce,
    claimedAtMs: changes.takenAtMs ?? NOON,
    takenAtMs: NOON,
    receivedAtMs: NOON + 80,
    viaNode: 'server-1',
    ...changes,
  };
}

export function reportStoreContract(open: () => Promise<OpenedReportStore>): void {
  let opened: OpenedReportStore;
  let store: ReportStore;
  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.close());

  describe('append', () => {
    it('stores a report and gives its figures back with their units untouched', async () => {
      expect(await store.append(accepted())).toBe('stored');
      expect(await store.samples('mac-1', ALL)).toEqual([
        {
          takenAtMs: NOON,
          uptimeSeconds: 86_400.5,
          cpuPercent: 12.3,
          load1: 2.31,
          load5: 1.98,
          load15: 1.5,
          memoryTotal: 24 * GIB,
          memoryAvailable: 15 * GIB,
          memoryUsed: 9 * GIB,
          memoryPercent: 37.5,
          diskTotal: 994_662_584_320,
          diskUsed: 412_316_860_416,
          diskFree: 582_345_723_904,
          diskPercent: 41.5,
          networkBytesSent: 5_000_000_001,
          networkBytesReceived: 41_000_000_002,
          networkPacketsSent: 8_000_003,
          networkPacketsReceived: 9,
          processes: 512,
          batteryPercent: 80.5,
          batteryPlugged: true,
          batteryTimeLeft: 3_600,
        },
      ]);
    });

    it('keeps what is missing as null and never as zero', async () => {
      const { uptime_seconds: _, ...rest } = METRICS;
      await store.append(accepted({}, { metrics: { ...rest, cpu: { percent: 0 }, battery: null } }));
      const [sample] = await store.samples('mac-1', ALL);
      expect(sample).toMatchObject({ uptimeSeconds: null, load1: null, load5: null, load15: null });
      expect(sample).toMatchObject({ batteryPercent: null, batteryPlugged: null, batteryTimeLeft: null });
      expect(sample?.cpuPercent).toBe(0);
    });

    it('knows a sealing again and changes nothing', async () => {
      const report = accepted();
      await store.append(report);
      const before = await store.machine('mac-1');
      const again = { ...report, receivedAtMs: NOON + 9_000, viaNode: 'server-2' };
      expect(await store.append(again)).toBe('known');
      expect(await store.machine('mac-1')).toEqual(before);
      expect(await store.samples('mac-1', ALL)).toHaveLength(1);
    });

    it('stores one of many reports with one sealing that come at the same moment', async () => {
      const report = accepted();
      const results = await Promise.all(Array.from({ length: 10 }, () => store.append(report)));
      expect(results.toSorted()).toEqual([...Array(9).fill('known'), 'stored']);
      expect(await store.samples('mac-1', ALL)).toHaveLength(1);
      expect((await store.machine('mac-1'))?.reports).toBe(1);
    });

    it('keeps both of two reports that a machine took in the same millisecond', async () => {
      await Promise.all([store.append(accepted()), store.append(accepted())]);
      await store.append(accepted());
      expect(await store.samples('mac-1', ALL)).toHaveLength(3);
      expect((await store.machine('mac-1'))?.reports).toBe(3);
    });

    it('gives back every report that the protocol lets through, as it was', async () => {
      await fc.assert(
        fc.asyncProperty(anyReport, async (report) => {
          expect(await store.append(accepted({}, report))).toBe('stored');
          const machine = await store.machine(report.machine_id);
          expect(machine?.info).toEqual(report.machine_info);
          expect(machine?.latest).toEqual(report.metrics);
          const sample = (await store.samples(report.machine_id, ALL)).at(-1);
          expect(sample?.networkBytesSent).toBe(report.metrics.network.bytes_sent);
          expect(sample?.cpuPercent).toBe(report.metrics.cpu.percent);
          expect(sample?.batteryPlugged).toBe(report.metrics.battery?.plugged ?? null);
        }),
        { numRuns: 50 },
      );
    });
  });

  describe('samples', () => {
    const taken = async (range: { fromMs: number; toMs: number; limit: number }) =>
      (await store.samples('mac-1', range)).map((sample) => sample.takenAtMs - NOON);

    it('are in the order of time, whatever the order in which they came', async () => {
      for (const offset of [30, 10, 20]) await store.append(accepted({ takenAtMs: NOON + offset }));
      expect(await taken(ALL)).toEqual([10, 20, 30]);
    });

    it('include the start of the range and not its end', async () => {
      for (const offset of [0, 10, 20, 30]) await store.append(accepted({ takenAtMs: NOON + offset }));
      expect(await taken({ fromMs: NOON + 10, toMs: NOON + 30, limit: 10 })).toEqual([10, 20]);
    });

    it('are the newest when there are more than the limit', async () => {
      for (const offset of [0, 10, 20, 30]) await store.append(accepted({ takenAtMs: NOON + offset }));
      expect(await taken({ ...ALL, limit: 2 })).toEqual([20, 30]);
    });

    it('are those of the one machine', async () => {
      await store.append(accepted());
      await store.append(accepted({}, { machine_id: 'mac-2' }));
      expect(await taken(ALL)).toEqual([0]);
      expect(await store.samples('mac-3', ALL)).toEqual([]);
    });
  });

  describe('a machine', () => {
    it('is shown as it last reported', async () => {
      await store.append(accepted());
      await store.append(
        accepted(
          { takenAtMs: NOON + 60_000, receivedAtMs: NOON + 60_090, viaNode: 'server-2' },
          { machine_info: { hostname: 'renamed' }, metrics: { ...METRICS, processes: { total: 9 } } },
        ),
      );
      expect(await store.machine('mac-1')).toEqual({
        machineId: 'mac-1',
        info: { hostname: 'renamed' },
        latest: { ...METRICS, processes: { total: 9 } },
        firstSeenMs: NOON + 80,
        lastSeenMs: NOON + 60_090,
        viaNode: 'server-2',
        reports: 2,
      });
    });

    it('is seen when an older report comes late, but its facts are not set back', async () => {
      await store.append(accepted({ takenAtMs: NOON + 60_000, receivedAtMs: NOON + 60_090 }));
      await store.append(
        accepted({ receivedAtMs: NOON + 90_000, viaNode: 'server-2' }, { machine_info: { hostname: 'old' } }),
      );
      expect(await store.machine('mac-1')).toMatchObject({
        info: { hostname: 'desk.office.example' },
        lastSeenMs: NOON + 90_000,
        viaNode: 'server-2',
        reports: 2,
      });
    });

    it('shows what it says anew, and then says as before', async () => {
      const names = ['desk', 'renamed', 'renamed', 'desk'];
      for (const [turn, hostname] of names.entries()) {
        const boot_time = 1_000 + turn;
        await store.append(accepted({ takenAtMs: NOON + turn }, { machine_info: { hostname, boot_time } }));
        expect((await store.machine('mac-1'))?.info).toEqual({ hostname, boot_time });
      }
    });

    it('shows the newest of several reports that came at once', async () => {
      const offsets = [20_000, 40_000, 0];
      const reports = offsets.map((offset) =>
        accepted({ takenAtMs: NOON + offset }, { machine_info: { hostname: `at-${offset}` } }),
      );
      await Promise.all(reports.map((report) => store.append(report)));
      expect((await store.machine('mac-1'))?.info.hostname).toBe('at-40000');
      expect((await store.machine('mac-1'))?.reports).toBe(3);
    });

    it('is not found by an id that nobody could have, however much it resembles one', async () => {
      await store.append(accepted({}, { machine_id: 'mac-\ufffd' }));
      for (const id of ['mac-\0', '\0', 'mac-\ud800', 'mac-\udc00']) {
        expect(await store.machine(id)).toBeUndefined();
        expect(await store.samples(id, ALL)).toEqual([]);
        expect(await store.machines({ after: id, limit: 9 })).toMatchObject({ total: 1 });
      }
    });

    it('is undefined when it never reported', async () => {
      expect(await store.machine('mac-1')).toBeUndefined();
    });
  });

  describe('machines', () => {
    it('come page by page in the order of the bytes of their ids, each once', async () => {
      const ids = ['a', 'B', 'a-1', '0', 'b'];
      await Promise.all(ids.map((machine_id) => store.append(accepted({}, { machine_id }))));
      const first = await store.machines({ limit: 2 });
      expect(first.machines.map((machine) => machine.machineId)).toEqual(['0', 'B']);
      expect(first).toMatchObject({ nextAfter: 'B', total: 5 });
      const second = await store.machines({ after: 'B', limit: 3 });
      expect(second.machines.map((machine) => machine.machineId)).toEqual(['a', 'a-1', 'b']);
      expect(second).toMatchObject({ nextAfter: null, total: 5 });
      expect(await store.countMachines()).toBe(5);
    });

    it('are counted by when each was last seen', async () => {
      await store.append(accepted({ receivedAtMs: NOON + 10 }));
      await store.append(accepted({ receivedAtMs: NOON + 30 }, { machine_id: 'mac-2' }));
      await store.append(accepted({ receivedAtMs: NOON + 20 }));
      expect([...(await store.lastSeen())].sort()).toEqual([NOON + 20, NOON + 30]);
    });

    it('are none at first', async () => {
      expect(await store.machines({ limit: 10 })).toEqual({ machines: [], nextAfter: null, total: 0 });
      expect(await store.countMachines()).toBe(0);
    });
  });

  it('forgets the nonces of reports that claim an earlier time, whenever they came, and no other', async () => {
    const old = accepted({ claimedAtMs: NOON - 1, receivedAtMs: NOON + 5 });
    const young = accepted({ claimedAtMs: NOON, receivedAtMs: NOON - 5 });
    await store.append(old);
    await store.append(young);
    expect(await store.forgetNonces(NOON)).toBe(1);
    expect(await store.forgetNonces(NOON)).toBe(0);
    expect(await store.append(young)).toBe('known');
    expect(await store.append(old)).toBe('stored');
  });

  it('can be probed again and again', async () => {
    await expect(store.probe()).resolves.toBeUndefined();
    await expect(store.probe()).resolves.toBeUndefined();
  });
}

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('\ud800 \0 \' " -- 🖥'));
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const percent = fc.double({ min: 0, max: 100, noNaN: true }).map((value) => value + 0);
const load = fc.double({ min: 0, max: 1_000_000, noNaN: true }).map((value) => value + 0);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });

const anyReport: fc.Arbitrary<Report> = fc.record({
  machine_id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/),
  machine_info: fc.record({
    hostname: text,
    os: optional(text),
    serial_number: optional(text),
    boot_time: fc.option(optional(load), { nil: undefined }),
    disks: optional(fc.array(fc.record({ device: text, total: optional(count) }), { maxLength: 5 })),
  }),
  metrics: fc.record({
    timestamp: load,
    uptime_seconds: optional(load),
    cpu: fc.record({
      percent,
      load_avg: optional(fc.tuple(load, load, load)),
      count: fc.option(optional(count), { nil: undefined }),
    }),
    memory: fc.record({ total: count, available: count, used: count, percent }),
    disk: fc.record({ total: count, used: count, free: count, percent }),
    network: fc.record({ bytes_sent: count, bytes_recv: count, packets_sent: count, packets_recv: count }),
    processes: fc.record({ total: count }),
    battery: optional(fc.record({ percent, plugged: fc.boolean(), time_left: optional(load) })),
  }),
});
