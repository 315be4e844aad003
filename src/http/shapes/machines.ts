/** The machines of the fleet, and their figures over time. */
import { z } from 'zod';
import { SERIES_METRICS } from '../../fleet/series.ts';
import { named, time } from './values.ts';

export const machineId = named(128);
export const machineStatus = z.enum(['online', 'late', 'offline']);
export const machineInfo = z.object({
  hostname: z.string(),
  os: z.string().nullish(),
  os_version: z.string().nullish(),
  architecture: z.string().nullish(),
  processor: z.string().nullish(),
  model: z.string().nullish(),
  cpu_count: z.number().nullish(),
  cpu_threads: z.number().nullish(),
  total_memory: z.number().nullish(),
  boot_time: z.number().nullish(),
  local_ip: z.string().nullish(),
  computer_name: z.string().nullish(),
  serial_number: z.string().nullish(),
  agent_version: z.string().nullish(),
});
export const machine = z.object({
  machine_id: z.string(),
  hostname: z.string(),
  status: machineStatus,
  first_seen: time,
  last_seen: time,
  last_seen_age_seconds: z.number(),
  /** The server that took the last report. */
  via_node: z.string(),
  /** How its reports are sealed: v1 is one key shared by all agents. */
  sealing: z.literal('shared key'),
  info: machineInfo,
  cpu_percent: z.number(),
  memory_percent: z.number(),
  memory_used_bytes: z.number(),
  memory_total_bytes: z.number(),
  disk_percent: z.number(),
  disk_free_bytes: z.number(),
  disk_total_bytes: z.number(),
  load_average: z.tuple([z.number(), z.number(), z.number()]).nullable(),
  processes: z.number(),
  uptime_seconds: z.number().nullable(),
  battery: z.object({ percent: z.number(), plugged: z.boolean() }).nullable(),
  reports: z.number().int(),
});
export const machineList = z.object({
  items: z.array(machine),
  next_cursor: z.string().nullable(),
  total: z.number().int(),
  /** Over all machines, not only this page. */
  counts: z.object({ online: z.number().int(), late: z.number().int(), offline: z.number().int() }),
  /** The rule behind the status, so that a page can say it in words. */
  thresholds: z.object({ late_after_seconds: z.number(), offline_after_seconds: z.number() }),
  checked_at: time,
});
/** A point in time, in a query: Unix milliseconds, or RFC 3339 with its offset. */
export const moment = z.union([
  z.stringFormat('unix-ms', /^[0-9]{1,15}$/).transform(Number),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);
export const seriesMetric = z.enum(SERIES_METRICS);
export const series = z.object({
  metric: seriesMetric,
  unit: z.string(),
  /** [Unix ms, mean of the bucket or null where nothing was reported]. */
  points: z.array(z.tuple([z.number(), z.number().nullable()])),
});
