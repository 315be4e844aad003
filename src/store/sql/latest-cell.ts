/**
 * What changes with each report of a machine, as a short text: the values of its metrics in a fixed order, without
 * their names. With them goes boot_time, which agents reckon anew each time, so that it wobbles by a second; without
 * it, machine_info stays as it was for weeks.
 *
 * Rules for successors: a value keeps its place, and a new one follows the last. What the report does not have is
 * the empty text, which is no value of any of them; null stays null.
 */
import type { MachineInfo, Metrics, Report } from '../../protocol/report.ts';

export interface LatestCell {
  readonly metrics: Metrics;
  readonly bootTime: MachineInfo['boot_time'];
}

const ABSENT = '';

export function packLatest({ machine_info, metrics }: Report): string {
  const { timestamp, uptime_seconds, cpu, memory, disk, network, processes, battery } = metrics;
  const values = [
    ...[timestamp, uptime_seconds],
    ...[cpu.percent, cpu.load_avg, cpu.count, cpu.threads],
    ...[memory.total, memory.available, memory.used, memory.percent],
    ...[disk.total, disk.used, disk.free, disk.percent],
    ...[network.bytes_sent, network.bytes_recv, network.packets_sent, network.packets_recv],
    processes.total,
    ...(battery === null ? [ABSENT, ABSENT, ABSENT] : [battery.percent, battery.plugged, battery.time_left]),
    machine_info.boot_time,
  ];
  return JSON.stringify(values.map((value) => (value === undefined ? ABSENT : value)));
}

export function unpackLatest(text: string): LatestCell {
  // biome-ignore lint/suspicious/noExplicitAny: packLatest wrote it, of values that the protocol had checked
  const values = (JSON.parse(text) as any[]).map((value) => (value === ABSENT ? undefined : value));
  const [timestamp, uptime_seconds, percent, load_avg, count, threads, ...rest] = values;
  const [memoryTotal, available, memoryUsed, memoryPercent, diskTotal, diskUsed, free, diskPercent] = rest;
  const [bytes_sent, bytes_recv, packets_sent, packets_recv, processes, ...last] = rest.slice(8);
  const [batteryPercent, plugged, time_left, bootTime] = last;
  const metrics: Metrics = {
    timestamp,
    ...present({ uptime_seconds }),
    cpu: { percent, ...present({ load_avg, count, threads }) },
    memory: { total: memoryTotal, available, used: memoryUsed, percent: memoryPercent },
    disk: { total: diskTotal, used: diskUsed, free, percent: diskPercent },
    network: { bytes_sent, bytes_recv, packets_sent, packets_recv },
    processes: { total: processes },
    battery:
      batteryPercent === undefined ? null : { percent: batteryPercent, plugged, ...present({ time_left }) },
  };
  return { metrics, bootTime };
}

function present<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<Fields>;
}
