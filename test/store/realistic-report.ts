/** Reports as Macs send them: the same number makes the same report, and the figures move as a Mac's do. */
import { createHash } from 'node:crypto';
import type { Metrics, Report } from '../../src/protocol/report.ts';
import type { AcceptedReport } from '../../src/store/report-store.ts';

const START_MS = Date.UTC(2026, 10, 21, 8);
const INTERVAL_MS = 60_000;
const GIB = 1024 ** 3;

/** Machine `machine`'s report number `turn`. */
export function realisticReport(machine: number, turn: number): AcceptedReport {
  const takenAtMs = START_MS + turn * INTERVAL_MS + ((machine * 7_919) % INTERVAL_MS);
  return {
    report: {
      machine_id: machineId(machine),
      machine_info: machineInfo(machine),
      metrics: metrics(machine, turn, takenAtMs),
    },
    nonce: digest(`nonce ${machine} ${turn}`).subarray(0, 12),
    claimedAtMs: takenAtMs,
    takenAtMs,
    receivedAtMs: takenAtMs + 40 + (digest(`delay ${machine} ${turn}`)[0] ?? 0),
    viaNode: `server-${machine % 3}`,
  };
}

export function machineId(machine: number): string {
  const hex = digest(`machine ${machine}`).toString('hex').toUpperCase();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

export function machineInfo(machine: number): Report['machine_info'] {
  return {
    hostname: `mac-${machine}.office.example`,
    os: 'Darwin',
    os_version: '26.1',
    architecture: 'arm64',
    processor: 'Apple M4 Pro',
    model: 'Mac16,8',
    cpu_count: 12,
    cpu_threads: 12,
    total_memory: 24 * GIB,
    boot_time: START_MS / 1000 - 86_400 - machine,
    local_ip: `10.20.${machine >> 8}.${machine & 255}`,
    computer_name: `Desk ${machine}`,
    serial_number: `SN${digest(`serial ${machine}`).toString('hex').slice(0, 10).toUpperCase()}`,
    disks: [{ device: '/dev/disk3s1s1', mount: '/', type: 'apfs', total: 994_662_584_320 }],
  };
}

function metrics(machine: number, turn: number, takenAtMs: number): Metrics {
  const noise = digest(`metrics ${machine} ${turn}`);
  const share = (index: number) => noise.readUInt16BE(index * 2) / 65_535;
  const tenths = (value: number) => Math.round(value * 10) / 10;
  const load = (index: number) => Math.round(share(index) * 8 * 2048) / 2048;
  const used = Math.round((8 + 8 * share(0)) * GIB);
  const diskTotal = 994_662_584_320;
  const diskUsed = 412_316_860_416 + turn * 65_536 + machine * 4_096;
  return {
    timestamp: takenAtMs / 1000,
    uptime_seconds: 86_400 + machine + turn * 60,
    cpu: { percent: tenths(share(1) * 100), load_avg: [load(2), load(3), load(4)], count: 12, threads: 12 },
    memory: { total: 24 * GIB, available: 24 * GIB - used, used, percent: tenths((used / (24 * GIB)) * 100) },
    disk: {
      total: diskTotal,
      used: diskUsed,
      free: diskTotal - diskUsed,
      percent: tenths((diskUsed / diskTotal) * 100),
    },
    network: {
      bytes_sent: 5_000_000_000 + turn * 1_200_000 + (noise[20] ?? 0),
      bytes_recv: 41_000_000_000 + turn * 9_700_000 + (noise[21] ?? 0),
      packets_sent: 8_000_000 + turn * 4_000,
      packets_recv: 33_000_000 + turn * 9_000,
    },
    processes: { total: 480 + ((noise[22] ?? 0) % 90) },
    battery: { percent: 20 + ((machine + turn) % 80), plugged: turn % 3 === 0, time_left: 3_600 + turn },
  };
}

function digest(name: string): Buffer {
  return createHash('sha256').update(name).digest();
}
