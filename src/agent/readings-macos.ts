/** What the tools of macOS print, as figures (vm_stat(1), netstat(1), pmset(1)). A text that does not fit is an error. */
import type { Battery, MemoryReading, NetworkCounters } from './readings.ts';

/**
 * As Activity Monitor counts: used is what programs hold (anonymous and not purgeable), what the system holds
 * (wired) and what is compressed; the rest would be given back at once.
 */
export function parseVmStat(text: string, total: number): MemoryReading {
  const pageBytes = number(/page size of (\d+) bytes/.exec(text)?.[1]);
  const pages = (name: string) => number(new RegExp(`^${name}:\\s+(\\d+)\\.`, 'm').exec(text)?.[1]);
  const programs = Math.max(0, pages('Anonymous pages') - pages('Pages purgeable'));
  const used = (programs + pages('Pages wired down') + pages('Pages occupied by compressor')) * pageBytes;
  return { total, available: Math.max(0, total - used) };
}

/**
 * `Name Mtu Network [Address] Ipkts Ierrs Ibytes Opkts Oerrs Obytes Coll`: one line an interface and one for each
 * of its addresses; only the first, of the network `<Link#n>`, counts. Read from the right, for a loopback or a
 * tunnel has no address.
 */
export function parseNetstat(text: string): NetworkCounters {
  const sum = { bytes_sent: 0, bytes_recv: 0, packets_sent: 0, packets_recv: 0 };
  let interfaces = 0;
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (!columns[2]?.startsWith('<Link#')) continue;
    interfaces += 1;
    if (/^lo\d/.test(columns[0] ?? '')) continue;
    const [packetsIn, , bytesIn, packetsOut, , bytesOut] = columns.slice(-7);
    sum.packets_recv += number(packetsIn);
    sum.bytes_recv += number(bytesIn);
    sum.packets_sent += number(packetsOut);
    sum.bytes_sent += number(bytesOut);
  }
  if (interfaces === 0) throw new Error('netstat names no interface');
  return sum;
}

/** `-InternalBattery-0 (id=…)	85%; discharging; 4:32 remaining present: true`; a desktop has no such line. */
export function parsePmset(text: string): Battery {
  const battery = /InternalBattery.*?\t(\d{1,3})%;\s*([^;]+);\s*(?:(\d+):(\d\d) remaining)?/.exec(text);
  if (battery === null) return null;
  const [, percent, state, hours, minutes] = battery;
  const plugged = !/^discharging/.test(state ?? '');
  const left = hours === undefined ? null : (number(hours) * 60 + number(minutes)) * 60;
  return { percent: Math.min(100, number(percent)), plugged, time_left: plugged ? null : left };
}

function number(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw new Error('a figure of macOS could not be read');
  return Number(text);
}
