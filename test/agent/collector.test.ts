import { readFile, stat, writeFile } from 'node:fs/promises';
import { cpus, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemCollector } from '../../src/agent/collector.ts';
import { type Facts, settleMachineId } from '../../src/agent/facts.ts';
import type { Readings } from '../../src/agent/readings.ts';
import { systemClock } from '../../src/base/clock.ts';
import { parseReport } from '../../src/protocol/report.ts';
import { ManualClock } from '../fakes/clock.ts';
import { makeFolder } from '../fakes/folder.ts';

const UUID = '4C4C4544-0043-4A10-8056-B4C04F4D3232';

describe('this very machine', () => {
  it('makes a report that a server accepts, with sane figures', async () => {
    const folder = await makeFolder();
    const collector = new SystemCollector({ clock: systemClock, folder, agentVersion: '1.2.3' });
    const report = await collector.collect();
    expect(parseReport(report)).toEqual(report);
    const { machine_info, metrics } = report;
    expect(machine_info).toMatchObject({
      hostname: hostname(),
      cpu_threads: cpus().length,
      total_memory: totalmem(),
      agent_version: '1.2.3',
    });
    expect(machine_info.os).toBeTruthy();
    expect(machine_info.disks?.length).toBeGreaterThan(0);
    expect(Math.abs(metrics.timestamp - Date.now() / 1000)).toBeLessThan(60);
    expect(metrics.memory.used + metrics.memory.available).toBe(metrics.memory.total);
    expect(metrics.memory.used).toBeGreaterThan(10_000_000);
    expect(metrics.disk.used + metrics.disk.free).toBeLessThanOrEqual(metrics.disk.total);
    expect(metrics.disk.free).toBeGreaterThan(0);
    expect(metrics.processes.total).toBeGreaterThan(1);
    expect(metrics.uptime_seconds).toBeGreaterThan(0);
    expect((machine_info.boot_time ?? 0) + (metrics.uptime_seconds ?? 0)).toBeCloseTo(metrics.timestamp, -1);
  });

  it('measures the processors between two reports: busy when they are, and not before', async () => {
    const collector = await makeCollector(new ManualClock());
    await collector.collect();
    const until = performance.now() + 300;
    while (performance.now() < until) cpus();
    const { metrics } = await collector.collect();
    expect(metrics.cpu.percent).toBeGreaterThan(100 / cpus().length / 3);
    expect(metrics.cpu.percent).toBeLessThanOrEqual(100);
  });
});

const FACTS: Facts = { hardware: { uuid: UUID }, info: { hostname: 'studio-3' } };

function countingReadings() {
  const asked = { memory: 0, network: 0, processes: 0, battery: 0 };
  const readings: Readings = {
    async memory() {
      asked.memory += 1;
      return { total: 100, available: 25 };
    },
    async network() {
      asked.network += 1;
      return { bytes_sent: 1, bytes_recv: 2, packets_sent: 3, packets_recv: 4 };
    },
    async processes() {
      asked.processes += 1;
      return 512;
    },
    async battery() {
      asked.battery += 1;
      return null;
    },
  };
  return { asked, readings };
}

async function makeCollector(
  clock: ManualClock,
  changes: Partial<ConstructorParameters<typeof SystemCollector>[0]> = {},
) {
  const { readings } = countingReadings();
  const folder = await makeFolder();
  return new SystemCollector({
    clock,
    folder,
    agentVersion: null,
    readings,
    facts: async () => FACTS,
    ...changes,
  });
}

describe('collect', () => {
  it('reports under the hardware UUID, with null for what it could not learn', async () => {
    const report = await (await makeCollector(new ManualClock())).collect();
    expect(report).toMatchObject({
      machine_id: UUID,
      machine_info: { hostname: 'studio-3', agent_version: null },
      metrics: {
        memory: { total: 100, available: 25, used: 75, percent: 75 },
        battery: null,
        processes: { total: 512 },
      },
    });
    expect(parseReport(report)).toBeDefined();
  });

  it('asks facts once an hour, and keeps the old ones when they cannot be had', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const facts = async () => {
      asked += 1;
      if (asked === 2) throw new Error('system_profiler hangs');
      return FACTS;
    };
    const collector = await makeCollector(clock, { facts });
    for (let minute = 0; minute <= 80; minute += 20) {
      await collector.collect();
      await clock.advance(20 * 60_000);
    }
    expect(asked).toBe(3);
  });

  it('makes no report at all while nothing is known of the machine', async () => {
    const facts = () => Promise.reject(new Error('system_profiler hangs'));
    await expect((await makeCollector(new ManualClock(), { facts })).collect()).rejects.toThrow(
      'system_profiler hangs',
    );
  });

  it('makes no report with a figure missing', async () => {
    const { readings } = countingReadings();
    const broken = { ...readings, network: () => Promise.reject(new Error('netstat is gone')) };
    await expect((await makeCollector(new ManualClock(), { readings: broken })).collect()).rejects.toThrow(
      'netstat is gone',
    );
  });
});

describe('settleMachineId', () => {
  const kept = async (folder: string) => (await readFile(join(folder, 'machine-id'), 'utf8')).trim();

  it('takes the hardware UUID, also over the id that came with a cloned disk', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'machine-id'), 'THE-ID-OF-THE-ORIGINAL');
    expect(await settleMachineId({ uuid: UUID }, folder)).toBe(UUID);
    expect(await kept(folder)).toBe(UUID);
    expect((await stat(join(folder, 'machine-id'))).mode & 0o777).toBe(0o600);
  });

  it('makes a random id for hardware without one, and keeps it', async () => {
    const folder = await makeFolder();
    const id = await settleMachineId({ uuid: null }, folder);
    expect(id).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    expect(await settleMachineId({ uuid: null }, folder)).toBe(id);
    expect(await settleMachineId({ uuid: null }, await makeFolder())).not.toBe(id);
  });

  it('keeps the last id while the hardware does not answer, and invents none', async () => {
    const folder = await makeFolder();
    await expect(settleMachineId(null, folder)).rejects.toThrow('the hardware did not say its UUID');
    await settleMachineId({ uuid: UUID }, folder);
    expect(await settleMachineId(null, folder)).toBe(UUID);
  });
});
