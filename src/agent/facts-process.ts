/**
 * A program of its own: prints what rarely changes about this machine, as JSON, and ends. The agent runs it once an
 * hour in a clean environment, so that systeminformation, its shells and the schemas weigh nothing in between.
 */
import { execFile } from 'node:child_process';
import { cpus, hostname, machine, totalmem } from 'node:os';
import process from 'node:process';
import si from 'systeminformation';
import { REPORT_DISKS_MAX, REPORT_TEXT_MAX_LENGTH } from '../protocol/limits.ts';
import type { Facts } from './facts.ts';

/** A source that hangs costs its own part and not the others. */
const PART_TIMEOUT_MS = 10_000;

/** UUIDs that makers of boards and virtual machines leave as they are: all digits the same, or this one. */
const NOBODYS_UUID = /^([0-9a-f])\1{7}(-\1{4}){3}-\1{12}$|^03000200-0400-0500-0006-000700080009$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function collectFacts(): Promise<Facts> {
  const [os, system, cpu, disks, name] = await Promise.all([
    part(si.osInfo()),
    part(si.system()),
    part(si.cpu()),
    part(si.fsSize()),
    part(computerName()),
  ]);
  const uuid = system?.uuid ?? '';
  return {
    hardware: system && { uuid: UUID.test(uuid) && !NOBODYS_UUID.test(uuid) ? uuid.toUpperCase() : null },
    info: {
      hostname: clip(hostname()) ?? '',
      os: clip(os?.distro),
      os_version: clip(os?.release),
      architecture: clip(machine()),
      processor: clip([cpu?.manufacturer, cpu?.brand].filter(Boolean).join(' ')),
      model: clip(system?.model),
      cpu_count: cpu?.physicalCores || null,
      cpu_threads: cpus().length || null,
      total_memory: totalmem(),
      computer_name: clip(name),
      serial_number: clip(system?.serial),
      disks: (disks ?? [])
        .filter(({ size, mount }) => size > 0 && !mount.startsWith('/System/Volumes/'))
        .slice(0, REPORT_DISKS_MAX)
        .map(({ fs, mount, type, size }) => ({
          device: clip(fs),
          mount: clip(mount),
          type: clip(type),
          total: size,
        })),
    },
  };
}

function part<T>(source: Promise<T>): Promise<T | null> {
  const late = new Promise<null>((resolve) => setTimeout(resolve, PART_TIMEOUT_MS, null));
  return Promise.race([source.catch(() => null), late]);
}

function computerName(): Promise<string> {
  if (process.platform !== 'darwin') return Promise.reject(new Error('only macOS has one'));
  return new Promise((resolve, reject) => {
    execFile('/usr/sbin/scutil', ['--get', 'ComputerName'], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}

/** Null for what is empty or only says that it is unknown. */
function clip(text: string | undefined | null): string | null {
  const trimmed = (text ?? '').trim();
  return trimmed === '' || trimmed === '-' ? null : trimmed.slice(0, REPORT_TEXT_MAX_LENGTH);
}

process.stdout.write(JSON.stringify(await collectFacts()), () => process.exit(0));
