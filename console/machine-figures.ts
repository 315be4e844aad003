/**
 * The figures of a machine that it may not have: null, so that pages show a dash. A total of zero means that nothing
 * was measured; what is derived from it is then no figure either, and never a zero.
 */
import type { Machine } from './api.ts';

const measured = (total: number | null | undefined): number | null => total || null;

const ofTotal = (total: number | null | undefined, figure: number): number | null =>
  measured(total) === null ? null : figure;

export const memoryPercent = (machine: Machine) =>
  ofTotal(machine.memory_total_bytes, machine.memory_percent);
export const memoryTotal = (machine: Machine) =>
  measured(machine.memory_total_bytes) ?? measured(machine.info.total_memory);
export const diskPercent = (machine: Machine) => ofTotal(machine.disk_total_bytes, machine.disk_percent);
export const diskFree = (machine: Machine) => ofTotal(machine.disk_total_bytes, machine.disk_free_bytes);
export const diskTotal = (machine: Machine) => measured(machine.disk_total_bytes);
export const processes = (machine: Machine) => measured(machine.processes);
export const cores = (machine: Machine) => measured(machine.info.cpu_count);
