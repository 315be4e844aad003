/**
 * Makes a report of this machine. What rarely changes is asked once an hour, what costs a child process on macOS
 * and moves slowly once a minute, the rest each time. A part that cannot be had is null; where the report needs
 * it, there is no report. Nothing is invented.
 */
import { statfs } from 'node:fs/promises';
import { cpus, loadavg, networkInterfaces, uptime } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import type { Metrics, Report } from '../protocol/report.ts';
import { type Facts, readFacts, settleMachineId } from './facts.ts';
import { type Battery, openReadings, type Readings } from './readings.ts';

const FACTS_MAX_AGE_MS = 3_600_000;
/** After facts that could not be read, while older ones are there or not. */
const FACTS_RETRY_MS = 60_000;
const SLOW_MAX_AGE_MS = 60_000;
/** CPU time is counted in ticks of 10 ms; a shorter stretch says nothing. */
const CPU_MIN_STRETCH_MS = 250;

export interface Collector {
  collect(): Promise<Report>;
}

export interface CollectorOptions {
  readonly clock: Clock;
  /** Folder in which an id is kept. */
  readonly folder: string;
  readonly agentVersion: string | null;
  readonly platform?: NodeJS.Platform;
  readonly facts?: () => Promise<Facts>;
  readonly readings?: Readings;
}

interface Known {
  readonly machineId: string;
  readonly info: Facts['info'];
}

export class SystemCollector implements Collector {
  readonly #options: CollectorOptions;
  readonly #readings: Readings;
  readonly #platform: NodeJS.Platform;
  #cpu = cpuTimes();
  #known: Known | undefined;
  #askFactsAtMs = Number.NEGATIVE_INFINITY;
  #slow: { readonly atMs: number; readonly processes: number; readonly battery: Battery } | undefined;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#platform = options.platform ?? process.platform;
    this.#readings = options.readings ?? openReadings(this.#platform);
  }

  /** Rejects when a figure that a report needs cannot be read. Not to be called again before it has resolved. */
  async collect(): Promise<Report> {
    const { machineId, info } = await this.#facts();
    const [memory, network, slow, disk] = await Promise.all([
      this.#readings.memory(),
      this.#readings.network(),
      this.#slowly(),
      diskOf(this.#platform === 'darwin' ? '/System/Volumes/Data' : '/'),
    ]);
    const percent = await this.#cpuPercent();
    const nowMs = this.#options.clock.wallMs();
    const uptimeSeconds = Math.floor(uptime());
    const used = memory.total - memory.available;
    return {
      machine_id: machineId,
      machine_info: {
        ...info,
        boot_time: Math.max(0, Math.round(nowMs / 1000) - uptimeSeconds),
        local_ip: localAddress(),
        agent_version: this.#options.agentVersion,
      },
      metrics: {
        timestamp: nowMs / 1000,
        uptime_seconds: uptimeSeconds,
        cpu: { percent, load_avg: loads(), count: info.cpu_count, threads: info.cpu_threads },
        memory: { ...memory, used, percent: percentOf(used, memory.total) },
        disk,
        network,
        processes: { total: slow.processes },
        battery: slow.battery,
      },
    };
  }

  async #facts(): Promise<Known> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#known !== undefined && nowMs < this.#askFactsAtMs) return this.#known;
    this.#askFactsAtMs = nowMs + FACTS_RETRY_MS;
    const { facts = readFacts, folder } = this.#options;
    try {
      const { hardware, info } = await facts();
      this.#known = { machineId: await settleMachineId(hardware, folder), info };
      this.#askFactsAtMs = nowMs + FACTS_MAX_AGE_MS;
      return this.#known;
    } catch (error) {
      if (this.#known === undefined) throw error;
      return this.#known; // an hour old, and still true of this machine
    }
  }

  async #slowly() {
    const atMs = this.#options.clock.monotonicMs();
    if (
      this.#slow === undefined ||
      atMs - this.#slow.atMs >= SLOW_MAX_AGE_MS ||
      this.#platform !== 'darwin'
    ) {
      const [processes, battery] = await Promise.all([this.#readings.processes(), this.#readings.battery()]);
      this.#slow = { atMs, processes, battery };
    }
    return this.#slow;
  }

  /** Of all processors since the call before; real time, because the ticks are. */
  async #cpuPercent(): Promise<number> {
    const stretch = performance.now() - this.#cpu.atMs;
    if (stretch < CPU_MIN_STRETCH_MS) await wait(CPU_MIN_STRETCH_MS - stretch);
    const before = this.#cpu;
    this.#cpu = cpuTimes();
    return percentOf(this.#cpu.busy - before.busy, this.#cpu.all - before.all);
  }
}

function cpuTimes(): { atMs: number; busy: number; all: number } {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const working = times.user + times.nice + times.sys + times.irq;
    busy += working;
    all += working + times.idle;
  }
  return { atMs: performance.now(), busy, all };
}

async function diskOf(path: string): Promise<Metrics['disk']> {
  const { blocks, bfree, bavail, bsize } = await statfs(path);
  const used = (blocks - bfree) * bsize;
  const free = bavail * bsize;
  // Blocks kept for root are neither used nor free: as df counts.
  return { total: blocks * bsize, used, free, percent: percentOf(used, used + free) };
}

/** One decimal, 0 to 100. */
function percentOf(part: number, whole: number): number {
  if (whole <= 0) return 0;
  return Math.round(Math.min(100, Math.max(0, (part / whole) * 100)) * 10) / 10;
}

function loads(): [number, number, number] {
  const [one = 0, five = 0, fifteen = 0] = loadavg().map((load) => Math.round(load * 100) / 100);
  return [one, five, fifteen];
}

/** The first IPv4 address that others can reach, cables and Wi-Fi before tunnels and bridges. */
function localAddress(): string | null {
  const found = Object.entries(networkInterfaces())
    .sort(([a], [b]) => Number(isWired(b)) - Number(isWired(a)) || (a < b ? -1 : 1))
    .flatMap(([, addresses]) => addresses ?? [])
    .find(
      ({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'),
    );
  return found?.address ?? null;
}

function isWired(name: string): boolean {
  return /^(en|eth|wl)/.test(name);
}
