/** A report as columns and back. Missing is NULL; the units are those of protocol/report.ts. */
import type { Insertable, Selectable } from 'kysely';
import type { AcceptedReport, MachineRow, Sample } from '../report-store.ts';
import type { Cells, RowCells } from './cells.ts';
import { packLatest, unpackLatest } from './latest-cell.ts';
import type { InventoryTable, MachineTable, ReportTable } from './schema.ts';

/** The report alone tells these; machine_no and number are known when it is stored. */
type Figures = Omit<ReportTable, 'machine_no' | 'number'>;

/** A machine's row, were the report its only one, as yet unsealed. */
export interface MachineFacts {
  readonly machineId: string;
  readonly info: string;
  readonly latest: string;
  readonly latestTakenAtMs: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly viaNode: string;
  readonly reports: number;
}

/** A report made ready to be written. */
export interface ReadyReport {
  readonly nonce: Uint8Array;
  readonly claimedAtMs: number;
  readonly figures: Figures;
  readonly machine: MachineFacts;
}

export function readyReport(accepted: AcceptedReport): ReadyReport {
  const { boot_time: _, ...lasting } = accepted.report.machine_info;
  return {
    nonce: accepted.nonce,
    claimedAtMs: accepted.claimedAtMs,
    figures: figuresOf(accepted),
    machine: {
      machineId: accepted.report.machine_id,
      info: JSON.stringify(lasting),
      latest: packLatest(accepted.report),
      latestTakenAtMs: accepted.takenAtMs,
      firstSeenMs: accepted.receivedAtMs,
      lastSeenMs: accepted.receivedAtMs,
      viaNode: accepted.viaNode,
      reports: 1,
    },
  };
}

/** `lookup`: of the machine's id, which names the row before its number is known. */
export function machineRow(facts: MachineFacts, lookup: string, cells: Cells): Insertable<MachineTable> {
  const row = cells.row('machines', lookup);
  return {
    machine_id: row.seal('machine_id', facts.machineId),
    machine_lookup: lookup,
    info_digest: inventoryCells(lookup, cells).digest('info', facts.info),
    latest: row.seal('latest', facts.latest),
    latest_taken_at_ms: facts.latestTakenAtMs,
    first_seen_ms: facts.firstSeenMs,
    last_seen_ms: facts.lastSeenMs,
    via_node: row.seal('via_node', facts.viaNode),
    reports: facts.reports,
  };
}

export function inventoryCells(lookup: string, cells: Cells): RowCells {
  return cells.row('inventories', lookup);
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

export function machineOf(stored: Selectable<MachineTable & InventoryTable>, cells: Cells): MachineRow {
  const row = cells.row('machines', stored.machine_lookup);
  const { metrics, bootTime } = unpackLatest(row.open('latest', stored.latest));
  const lasting = JSON.parse(inventoryCells(stored.machine_lookup, cells).open('info', stored.info));
  return {
    machineId: row.open('machine_id', stored.machine_id),
    info: bootTime === undefined ? lasting : { ...lasting, boot_time: bootTime },
    latest: metrics,
    firstSeenMs: stored.first_seen_ms,
    lastSeenMs: stored.last_seen_ms,
    viaNode: row.open('via_node', stored.via_node),
    reports: stored.reports,
  };
}
