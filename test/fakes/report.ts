/** A report as an agent would make it, with figures that are easy to recognise. */
import type { Report } from '../../src/protocol/report.ts';
import { START_MS } from './clock.ts';

export function makeReport(changes: { machineId?: string; atMs?: number; metrics?: object } = {}): Report {
  return {
    machine_id: changes.machineId ?? '4C4C4544-0043-4A10-8056-B4C04F4D3232',
    machine_info: {
      hostname: 'studio-3.local',
      os: 'macOS',
      os_version: '26.1',
      architecture: 'arm64',
      processor: 'Apple M4',
      model: 'Mac16,9',
      cpu_count: 10,
      cpu_threads: 10,
      total_memory: 34_359_738_368,
      boot_time: 1_795_000_000,
      local_ip: '192.0.2.17',
      computer_name: 'Studio 3',
      serial_number: 'H2X9QF7Y1K',
      agent_version: '0.1.0',
      disks: [{ device: '/dev/disk3s1s1', mount: '/', type: 'apfs', total: 994_662_584_320 }],
    },
    metrics: {
      timestamp: (changes.atMs ?? START_MS) / 1000,
      uptime_seconds: 86_400,
      cpu: { percent: 12.5, load_avg: [1.5, 1.25, 1], count: 10, threads: 10 },
      memory: { total: 34_359_738_368, available: 17_179_869_184, used: 17_179_869_184, percent: 50 },
      disk: { total: 994_662_584_320, used: 248_665_646_080, free: 745_996_938_240, percent: 25 },
      network: { bytes_sent: 1_000_000, bytes_recv: 2_000_000, packets_sent: 1000, packets_recv: 2000 },
      processes: { total: 512 },
      battery: null,
      ...changes.metrics,
    },
  };
}
