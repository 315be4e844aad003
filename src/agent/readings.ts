/**
 * Figures that only the operating system's own sources give, and where they come from on each system: files
 * under /proc and /sys on Linux, a child process each on macOS, started without a shell and without our
 * environment (it may hold secrets). A figure that cannot be read is an error, never a guess.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { Metrics } from '../protocol/report.ts';
import { parseNetstat, parsePmset, parseVmStat } from './readings-macos.ts';

export type NetworkCounters = Metrics['network'];
export type Battery = Metrics['battery'];

/** Bytes. Available is what the system would give to programs at once. */
export interface MemoryReading {
  readonly total: number;
  readonly available: number;
}

export interface Readings {
  memory(): Promise<MemoryReading>;
  /** Since boot, over all interfaces but loopback. */
  network(): Promise<NetworkCounters>;
  processes(): Promise<number>;
  /** Null where there is none. */
  battery(): Promise<Battery>;
}

const CHILD_TIMEOUT_MS = 5_000;
const CHILD_MAX_BYTES = 4 * 1024 * 1024;
export const CHILD_ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };

export function openReadings(platform: NodeJS.Platform): Readings {
  return platform === 'darwin' ? macosReadings : linuxReadings('/');
}

const macosReadings: Readings = {
  memory: async () => parseVmStat(await run('/usr/bin/vm_stat', []), totalmem()),
  network: async () => parseNetstat(await run('/usr/sbin/netstat', ['-ibn'])),
  processes: async () => (await run('/bin/ps', ['-A', '-o', 'pid='])).trim().split('\n').length,
  battery: async () => parsePmset(await run('/usr/bin/pmset', ['-g', 'batt'])),
};

/** `root`: where proc and sys are. */
export function linuxReadings(root: string): Readings {
  const read = (path: string) => readFile(join(root, path), 'utf8');
  return {
    async memory() {
      const text = await read('proc/meminfo');
      const bytes = (name: string) =>
        number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
      return { total: bytes('MemTotal'), available: bytes('MemAvailable') };
    },
    network: async () => parseNetDev(await read('proc/net/dev')),
    processes: async () => (await readdir(join(root, 'proc'))).filter((name) => /^\d+$/.test(name)).length,
    async battery() {
      const supplies = await readdir(join(root, 'sys/class/power_supply')).catch(() => []);
      for (const supply of supplies.sort()) {
        const part = async (name: string) =>
          (await read(`sys/class/power_supply/${supply}/${name}`).catch(() => '')).trim();
        if ((await part('type')) !== 'Battery' || (await part('scope')) === 'Device') continue;
        const [capacity, status] = [await part('capacity'), await part('status')];
        if (!/^\d{1,3}$/.test(capacity)) continue;
        return {
          percent: Math.min(100, Number(capacity)),
          plugged: status !== 'Discharging',
          time_left: null,
        };
      }
      return null;
    },
  };
}

/** `name: bytes packets errs drop fifo frame compressed multicast  bytes packets …`, two lines of heading. */
export function parseNetDev(text: string): NetworkCounters {
  const sum = { bytes_sent: 0, bytes_recv: 0, packets_sent: 0, packets_recv: 0 };
  for (const line of text.split('\n').slice(2)) {
    const [name, counters] = line.split(':');
    if (counters === undefined || name?.trim() === 'lo') continue;
    const values = counters.trim().split(/\s+/);
    sum.bytes_recv += number(values[0]);
    sum.packets_recv += number(values[1]);
    sum.bytes_sent += number(values[8]);
    sum.packets_sent += number(values[9]);
  }
  return sum;
}

function number(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw new Error('a figure of the system could not be read');
  return Number(text);
}

function run(file: string, args: readonly string[]): Promise<string> {
  const options = { timeout: CHILD_TIMEOUT_MS, maxBuffer: CHILD_MAX_BYTES, env: CHILD_ENVIRONMENT };
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}
