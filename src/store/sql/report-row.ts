/** A report as columns and back. Missing is NULL; the units are those of protocol/report.ts. */
import type { Insertable, Selectable } from 'kysely';
import type { AcceptedReport, MachineRow, Sample } from '../report-store.ts';
import type { MachineTable, ReportTable } from './schema.ts';

/** The report alone tells these; machine_no and number are known when it is stored. */
type Figures = Omit<ReportTable, 'machine_no' | 'number'>;

/** A report made ready to be written. */
export interface ReadyReport {
  readonly nonce: Uint8Array;
  readonly figures: Figures;
  /** The machine's row, were this its only report. */
  readonly machine: Insertable<MachineTable>;
}

export function readyReport(accepted: AcceptedReport): ReadyReport {
  return {
    nonce: accepted.nonce,
    figures: figuresOf(accepted),
    machine: {
      machine_id: accepted.report.machine_id,
      info: JSON.stringify(accepted.report.machine_info),
      latest: JSON.stringify(accepted.report.metrics),
      latest_taken_at_ms: accepted.takenAtMs,
      first_seen_ms: accepted.receivedAtMs,
      last_seen_ms: accepted.receivedAtMs,
      via_node: accepted.viaNode,
      reports: 1,
    },
  };
}

function figuresOf({ report, takenAtMs, receivedAtMs }: AcceptedReport): Figures {
  const { uptime_seconds, cpu, memory, disk, network, processes, battery } = report.metrics;
  const [load1, load5, load15] = cpu.load_avg ?? [null, null, null];
  return {
    taken_at_ms: takenAtMs,
    received_ms: receivedAtMs,
    uptime_seconds: uptime_seconds ?? null,
    cpu_percent: cpu.percent,
    load_1: load1,
    load_5: load5,
    load_15: load15,
    memory_total: memory.total,
    memory_available: memory.available,
    memory_used: memory.used,
    memory_percent: memory.percent,
    disk_total: disk.total,
    disk_used: disk.used,
    disk_free: disk.free,
    disk_percent: disk.percent,
    network_bytes_sent: network.bytes_sent,
    network_bytes_received: network.bytes_recv,
    network_packets_sent: network.packets_sent,
    network_packets_received: network.packets_recv,
    processes: processes.total,
    battery_percent: battery?.percent ?? null,
    battery_plugged: battery === null ? null : Number(battery.plugged),
    battery_time_left: battery?.time_left ?? null,
  };
}

export function sampleOf(row: Selectable<ReportTable>): Sample {
  return {
    takenAtMs: row.taken_at_ms,
    uptimeSeconds: row.uptime_seconds,
    cpuPercent: row.cpu_percent,
    load1: row.load_1,
    load5: row.load_5,
    load15: row.load_15,
    memoryTotal: row.memory_total,
    memoryAvailable: row.memory_available,
    memoryUsed: row.memory_used,
    memoryPercent: row.memory_percent,
    diskTotal: row.disk_total,
    diskUsed: row.disk_used,
    diskFree: row.disk_free,
    diskPercent: row.disk_percent,
    networkBytesSent: row.network_bytes_sent,
    networkBytesReceived: row.network_bytes_received,
    networkPacketsSent: row.network_packets_sent,
    networkPacketsReceived: row.network_packets_received,
    processes: row.processes,
    batteryPercent: row.battery_percent,
    batteryPlugged: row.battery_plugged === null ? null : row.battery_plugged === 1,
    batteryTimeLeft: row.battery_time_left,
  };
}

export function machineOf(row: Selectable<MachineTable>): MachineRow {
  return {
    machineId: row.machine_id,
    info: JSON.parse(row.info),
    latest: JSON.parse(row.latest),
    firstSeenMs: row.first_seen_ms,
    lastSeenMs: row.last_seen_ms,
    viaNode: row.via_node,
    reports: row.reports,
  };
}
