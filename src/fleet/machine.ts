/**
 * A machine as the fleet sees it: its status, and the row a page shows. The status is judged by the age of its
 * last report only, by the clock of the server that took it; what a machine says about its own clock has no
 * say. Names and units are those of the API (src/http/shapes/machines.ts); fields are only added.
 */
import type { MachineInfo } from '../protocol/report.ts';
import type { MachineRow } from '../store/report-store.ts';

export type MachineStatus = 'online' | 'late' | 'offline';

export interface StatusThresholds {
  /** A last report older than this is late. */
  readonly lateAfterMs: number;
  /** A last report older than this is offline. */
  readonly offlineAfterMs: number;
}

/** Reports that may be missing before a machine is late, and before it is offline. Arbitrary. */
const LATE_AFTER_INTERVALS = 3;
const OFFLINE_AFTER_INTERVALS = 6;

/** `intervalSeconds`: between two reports of an agent. No report tells it, so one interval is that of all. */
export function statusThresholds(intervalSeconds: number): StatusThresholds {
  const intervalMs = intervalSeconds * 1000;
  return {
    lateAfterMs: intervalMs * LATE_AFTER_INTERVALS,
    offlineAfterMs: intervalMs * OFFLINE_AFTER_INTERVALS,
  };
}

/** `ageMs` is negative when another server's clock is ahead of ours: the machine reported just now. */
export function machineStatus(ageMs: number, thresholds: StatusThresholds): MachineStatus {
  if (ageMs <= thresholds.lateAfterMs) return 'online';
  return ageMs <= thresholds.offlineAfterMs ? 'late' : 'offline';
}

export interface MachineView {
  readonly machine_id: string;
  readonly hostname: string;
  readonly status: MachineStatus;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly last_seen_age_seconds: number;
  readonly via_node: string;
  readonly sealing: 'shared key';
  readonly info: Omit<MachineInfo, 'disks'>;
  readonly cpu_percent: number;
  readonly memory_percent: number;
  readonly memory_used_bytes: number;
  readonly memory_total_bytes: number;
  readonly disk_percent: number;
  readonly disk_free_bytes: number;
  readonly disk_total_bytes: number;
  readonly load_average: [number, number, number] | null;
  readonly processes: number;
  readonly uptime_seconds: number | null;
  readonly battery: { percent: number; plugged: boolean } | null;
  readonly reports: number;
}

export function describeMachine(row: MachineRow, nowMs: number, thresholds: StatusThresholds): MachineView {
  const { cpu, memory, disk, processes, battery, uptime_seconds } = row.latest;
  const { disks: _, ...info } = row.info;
  const ageMs = nowMs - row.lastSeenMs;
  return {
    machine_id: row.machineId,
    hostname: row.info.hostname,
    status: machineStatus(ageMs, thresholds),
    first_seen: new Date(row.firstSeenMs).toISOString(),
    last_seen: new Date(row.lastSeenMs).toISOString(),
    last_seen_age_seconds: Math.max(0, ageMs / 1000),
    via_node: row.viaNode,
    sealing: 'shared key',
    info,
    cpu_percent: cpu.percent,
    memory_percent: memory.percent,
    memory_used_bytes: memory.used,
    memory_total_bytes: memory.total,
    disk_percent: disk.percent,
    disk_free_bytes: disk.free,
    disk_total_bytes: disk.total,
    load_average: cpu.load_avg ?? null,
    processes: processes.total,
    uptime_seconds: uptime_seconds ?? null,
    battery: battery && { percent: battery.percent, plugged: battery.plugged },
    reports: row.reports,
  };
}
