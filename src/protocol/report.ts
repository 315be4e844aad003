/**
 * What an agent says about its Mac (docs/protocol/reports.md), parsed once and strictly: unknown in, a typed
 * value or undefined out. Fields that we do not know are dropped, so that a newer agent can still report.
 *
 * Rules for successors: a field is only ever added, and optional; its unit stands in its name or here.
 * Bytes are bytes, percentages are 0 to 100, times are Unix seconds.
 */
import { z } from 'zod';
import { DISK_TEXT_MAX_LENGTH, REPORT_DISKS_MAX, REPORT_TEXT_MAX_LENGTH } from './limits.ts';

/** A machine's id: what it calls itself (a hardware UUID, as a rule). Printable ASCII, safe in a path segment. */
export const MACHINE_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

const text = z.string().max(REPORT_TEXT_MAX_LENGTH);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const percent = z.number().min(0).max(100);
const seconds = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const load = z.number().min(0).max(1_000_000);

/** Clipped and not refused: the mounts of a busy machine have long names that nobody chose. */
const diskText = z.string().transform((name) => name.slice(0, DISK_TEXT_MAX_LENGTH));
const diskInfo = z.object({
  device: diskText.nullish(),
  mount: diskText.nullish(),
  type: diskText.nullish(),
  total: count.nullish(),
});

const machineInfo = z.object({
  hostname: text,
  os: text.nullish(),
  os_version: text.nullish(),
  architecture: text.nullish(),
  processor: text.nullish(),
  model: text.nullish(),
  cpu_count: count.nullish(),
  cpu_threads: count.nullish(),
  total_memory: count.nullish(),
  boot_time: seconds.nullish(),
  local_ip: text.nullish(),
  computer_name: text.nullish(),
  serial_number: text.nullish(),
  agent_version: text.nullish(),
  disks: z
    .array(z.unknown())
    .transform((disks) => disks.slice(0, REPORT_DISKS_MAX))
    .pipe(z.array(diskInfo))
    .nullish(),
});

const metrics = z.object({
  /** Unix seconds, with a fraction: when the figures were taken. */
  timestamp: z.number().min(0).max(1e11),
  uptime_seconds: seconds.nullish(),
  cpu: z.object({
    percent,
    /** Of the last 1, 5 and 15 minutes. */
    load_avg: z.tuple([load, load, load]).nullish(),
    count: count.nullish(),
    threads: count.nullish(),
  }),
  memory: z.object({ total: count, available: count, used: count, percent }),
  disk: z.object({ total: count, used: count, free: count, percent }),
  /** Counters since boot, over all interfaces but loopback. */
  network: z.object({ bytes_sent: count, bytes_recv: count, packets_sent: count, packets_recv: count }),
  processes: z.object({ total: count }),
  battery: z
    .object({ percent, plugged: z.boolean(), time_left: seconds.nullish() })
    .nullish()
    .transform((battery) => battery ?? null),
});

const report = z.object({ machine_id: z.string().regex(MACHINE_ID), machine_info: machineInfo, metrics });

export type MachineInfo = z.output<typeof machineInfo>;
export type Metrics = z.output<typeof metrics>;
export type Report = z.output<typeof report>;

/** Undefined when this is not a report. Which field was wrong is not said: the sender may be guessing. */
export function parseReport(value: unknown): Report | undefined {
  const parsed = report.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
