/** The contract of src/store/report-store.ts in memory; held to it by the same suite as the engines. */
import type { Metrics } from '../../src/protocol/report.ts';
import type {
  AcceptedReport,
  AppendResult,
  MachinePage,
  MachineRow,
  ReportStore,
  Sample,
} from '../../src/store/report-store.ts';

interface Kept extends AcceptedReport {
  readonly name: string;
}

export class FakeReportStore implements ReportStore {
  #reports: Kept[] = [];
  readonly #nonces = new Map<string, number>();
  readonly #machines = new Map<string, MachineRow>();
  /** Set to let the next calls fail, as an engine would. */
  failure: Error | undefined;

  async append(accepted: AcceptedReport): Promise<AppendResult> {
    await this.probe();
    const name = `${accepted.claimedAtMs} ${Buffer.from(accepted.nonce).toString('hex')}`;
    if (this.#nonces.has(name)) return 'known';
    this.#nonces.set(name, accepted.claimedAtMs);
    this.#reports.push({ ...accepted, name });
    const { machine_id, machine_info, metrics } = accepted.report;
    const before = this.#machines.get(machine_id);
    const newest = this.#reports
      .filter(({ report }) => report.machine_id === machine_id)
      .every(({ takenAtMs }) => takenAtMs <= accepted.takenAtMs);
    this.#machines.set(machine_id, {
      machineId: machine_id,
      info: newest || before === undefined ? machine_info : before.info,
      latest: newest || before === undefined ? metrics : before.latest,
      firstSeenMs: Math.min(before?.firstSeenMs ?? Number.POSITIVE_INFINITY, accepted.receivedAtMs),
      lastSeenMs: Math.max(before?.lastSeenMs ?? 0, accepted.receivedAtMs),
      viaNode: accepted.viaNode,
      reports: (before?.reports ?? 0) + 1,
    });
    return 'stored';
  }

  async machines({ after = '', limit }: { after?: string; limit: number }): Promise<MachinePage> {
    await this.probe();
    const rows = [...this.#machines.values()]
      .filter(({ machineId }) => machineId > after)
      .sort((a, b) => (a.machineId < b.machineId ? -1 : 1));
    const machines = rows.slice(0, limit);
    const nextAfter = rows.length > limit ? (machines.at(-1)?.machineId ?? null) : null;
    return { machines, nextAfter, total: this.#machines.size };
  }

  async countMachines(): Promise<number> {
    await this.probe();
    return this.#machines.size;
  }

  async machine(machineId: string): Promise<MachineRow | undefined> {
    await this.probe();
    return this.#machines.get(machineId);
  }

  async lastSeen(): Promise<readonly number[]> {
    await this.probe();
    return [...this.#machines.values()].map(({ lastSeenMs }) => lastSeenMs);
  }

  async samples(machineId: string, range: { fromMs: number; toMs: number; limit: number }) {
    await this.probe();
    return this.#reports
      .filter(({ report }) => report.machine_id === machineId)
      .filter(({ takenAtMs }) => takenAtMs >= range.fromMs && takenAtMs < range.toMs)
      .sort((a, b) => a.takenAtMs - b.takenAtMs)
      .slice(-range.limit)
      .map(({ report, takenAtMs }) => sampleOf(report.metrics, takenAtMs));
  }

  async forgetNonces(claimedBeforeMs: number): Promise<number> {
    await this.probe();
    const old = [...this.#nonces].filter(([, claimedAtMs]) => claimedAtMs < claimedBeforeMs);
    for (const [name] of old) this.#nonces.delete(name);
    return old.length;
  }

  async probe(): Promise<void> {
    if (this.failure) throw this.failure;
  }

  /** Not of the contract: what was stored, in the order of coming. */
  get stored(): readonly AcceptedReport[] {
    return this.#reports;
  }

  get nonces(): number {
    return this.#nonces.size;
  }
}

function sampleOf(metrics: Metrics, takenAtMs: number): Sample {
  const { cpu, memory, disk, network, processes, battery } = metrics;
  return {
    takenAtMs,
    uptimeSeconds: metrics.uptime_seconds ?? null,
    cpuPercent: cpu.percent,
    load1: cpu.load_avg?.[0] ?? null,
    load5: cpu.load_avg?.[1] ?? null,
    load15: cpu.load_avg?.[2] ?? null,
    memoryTotal: memory.total,
    memoryAvailable: memory.available,
    memoryUsed: memory.used,
    memoryPercent: memory.percent,
    diskTotal: disk.total,
    diskUsed: disk.used,
    diskFree: disk.free,
    diskPercent: disk.percent,
    networkBytesSent: network.bytes_sent,
    networkBytesReceived: network.bytes_recv,
    networkPacketsSent: network.packets_sent,
    networkPacketsReceived: network.packets_recv,
    processes: processes.total,
    batteryPercent: battery?.percent ?? null,
    batteryPlugged: battery?.plugged ?? null,
    batteryTimeLeft: battery?.time_left ?? null,
  };
}
