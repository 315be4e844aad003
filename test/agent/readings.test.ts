import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linuxReadings, parseNetDev } from '../../src/agent/readings.ts';
import { parseNetstat, parsePmset, parseVmStat } from '../../src/agent/readings-macos.ts';
import { makeFolder } from '../fakes/folder.ts';

async function makeRoot(files: Record<string, string>): Promise<string> {
  const root = await makeFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  999999     999    0    0    0     0          0         0   999999     999    0    0    0     0       0          0
  eth0: 1000000    1000    1    2    0     0          0         3  2000000    2000    0    0    0     0       0          0
 wlan0:    500       5    0    0    0     0          0         0      700       7    0    0    0     0       0          0
`;

describe('on Linux', () => {
  it('reads memory in bytes', async () => {
    const root = await makeRoot({
      'proc/meminfo': 'MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\n',
    });
    expect(await linuxReadings(root).memory()).toEqual({ total: 1_024_000, available: 256_000 });
  });

  it('makes nothing up when a source does not say what it should', async () => {
    const root = await makeRoot({
      'proc/meminfo': 'MemTotal: 1000 kB\n',
      'proc/net/dev': 'a\nb\neth0: 1 2 3\n',
    });
    await expect(linuxReadings(root).memory()).rejects.toThrow('a figure of the system could not be read');
    await expect(linuxReadings(root).network()).rejects.toThrow('a figure of the system could not be read');
  });

  it('adds up the counters of all interfaces but loopback', () => {
    expect(parseNetDev(NET_DEV)).toEqual({
      bytes_sent: 2_000_700,
      bytes_recv: 1_000_500,
      packets_sent: 2007,
      packets_recv: 1005,
    });
  });

  it('counts processes', async () => {
    const root = await makeRoot({
      'proc/1/stat': '',
      'proc/42/stat': '',
      'proc/meminfo': '',
      'proc/7x/stat': '',
    });
    expect(await linuxReadings(root).processes()).toBe(2);
  });

  it('finds the battery of the machine, not that of its mouse', async () => {
    const power = 'sys/class/power_supply';
    const root = await makeRoot({
      [`${power}/AC/type`]: 'Mains\n',
      [`${power}/mouse/type`]: 'Battery\n',
      [`${power}/mouse/scope`]: 'Device\n',
      [`${power}/mouse/capacity`]: '10\n',
      [`${power}/BAT0/type`]: 'Battery\n',
      [`${power}/BAT0/capacity`]: '81\n',
      [`${power}/BAT0/status`]: 'Discharging\n',
    });
    expect(await linuxReadings(root).battery()).toEqual({ percent: 81, plugged: false, time_left: null });
    expect(await linuxReadings(await makeRoot({})).battery()).toBeNull();
  });
});

const VM_STAT = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               12345.
Pages active:                            500000.
Pages inactive:                          480000.
Pages speculative:                         1000.
Pages throttled:                              0.
Pages wired down:                        150000.
Pages purgeable:                          10000.
"Translation faults":                1234567890.
Pages copy-on-write:                   12345678.
File-backed pages:                       300000.
Anonymous pages:                         600000.
Pages stored in compressor:              400000.
Pages occupied by compressor:            100000.
`;

const NETSTAT = `Name       Mtu   Network       Address            Ipkts Ierrs     Ibytes    Opkts Oerrs     Obytes  Coll
lo0        16384 <Link#1>                        500000     0  999999999   500000     0  999999999     0
lo0        16384 127           127.0.0.1         500000     -  999999999   500000     -  999999999     -
gif0*      1280  <Link#2>                             0     0          0        0     0          0     0
en0        1500  <Link#6>    a4:83:e7:00:11:22     1000     0    2000000     3000     0    4000000     0
en0        1500  fe80::1c1f: fe80:6::1c1f:aaaa     1000     -    2000000     3000     -    4000000     -
en0        1500  192.0.2       192.0.2.17          1000     -    2000000     3000     -    4000000     -
utun3      1380  <Link#15>                           10     0       1000       20     0       2000     0
`;

describe('on macOS', () => {
  it('counts memory as Activity Monitor does', () => {
    const total = 32 * 1024 ** 3;
    const used = (590_000 + 150_000 + 100_000) * 16_384;
    expect(parseVmStat(VM_STAT, total)).toEqual({ total, available: total - used });
  });

  it('counts each interface once, and loopback not at all', () => {
    expect(parseNetstat(NETSTAT)).toEqual({
      bytes_recv: 2_001_000,
      bytes_sent: 4_002_000,
      packets_recv: 1010,
      packets_sent: 3020,
    });
  });

  const batt = (line: string) =>
    `Now drawing from 'Battery Power'\n -InternalBattery-0 (id=22806627)\t${line} present: true\n`;

  it.each([
    ['on battery', '85%; discharging; 4:32 remaining', { percent: 85, plugged: false, time_left: 16_320 }],
    [
      'before it can tell',
      '85%; discharging; (no estimate)',
      { percent: 85, plugged: false, time_left: null },
    ],
    ['while charging', '41%; charging; 1:05 remaining', { percent: 41, plugged: true, time_left: null }],
    ['when full', '100%; charged; 0:00 remaining', { percent: 100, plugged: true, time_left: null }],
    ['held below full', '80%; AC attached; not charging', { percent: 80, plugged: true, time_left: null }],
  ])('reads the battery %s', (_, line, battery) => {
    expect(parsePmset(batt(line))).toEqual(battery);
  });

  it('finds no battery in a desktop', () => {
    expect(parsePmset("Now drawing from 'AC Power'\n")).toBeNull();
  });

  it('makes nothing up when a tool prints something else', () => {
    expect(() => parseVmStat('', 1)).toThrow('a figure of macOS could not be read');
    expect(() => parseNetstat('netstat: illegal option')).toThrow('netstat names no interface');
  });
});
