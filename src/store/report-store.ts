/**
 * Where reports rest. An engine promises: append() resolves only when the report would survive a power cut,
 * and one sealing is stored once, whatever crashed and whoever asked again. Every method may reject with
 * store_unavailable or store_locked; asking again may then help.
 */
import type { Metrics, Report } from '../protocol/report.ts';

export interface AcceptedReport {
  readonly report: Report;
  /** 12 bytes; names this sealing (protocol/sealed-report.ts), together with claimedAtMs, which it seals. */
  readonly nonce: Uint8Array;
  /** When the figures were taken as the report itself says, Unix ms: the same whenever it comes, and not to be believed. */
  readonly claimedAtMs: number;
  /** When the figures were taken, Unix ms, already judged against our clock. */
  readonly takenAtMs: number;
  readonly receivedAtMs: number;
  /** The server that took it in. */
  readonly viaNode: string;
}

/** `known`: this sealing is stored already; nothing was written, and the sender may forget the report. */
export type AppendResult = 'stored' | 'known';

/** A machine as last reported. */
export interface MachineRow {
  readonly machineId: string;
  readonly info: Report['machine_info'];
  readonly latest: Metrics;
  readonly firstSeenMs: number;
  /** When a report of it last came in, by the clock of the server that took it. */
  readonly lastSeenMs: number;
  readonly viaNode: string;
  readonly reports: number;
}

/** One report's figures, as numbers. Missing is null, never zero. Units as in protocol/report.ts. */
export interface Sample {
  readonly takenAtMs: number;
  readonly uptimeSeconds: number | null;
  readonly cpuPercent: number;
  readonly load1: number | null;
  readonly load5: number | null;
  readonly load15: number | null;
  readonly memoryTotal: number;
  readonly memoryAvailable: number;
  readonly memoryUsed: number;
  readonly memoryPercent: number;
  readonly diskTotal: number;
  readonly diskUsed: number;
  readonly diskFree: number;
  readonly diskPercent: number;
  readonly networkBytesSent: number;
  readonly networkBytesReceived: number;
  readonly networkPacketsSent: number;
  readonly networkPacketsReceived: number;
  readonly processes: number;
  readonly batteryPercent: number | null;
  readonly batteryPlugged: boolean | null;
  readonly batteryTimeLeft: number | null;
}

export interface MachinePage {
  readonly machines: readonly MachineRow[];
  /** The machine id to continue after; null at the end. */
  readonly nextAfter: string | null;
  readonly total: number;
}

export interface ReportStore {
  append(report: AcceptedReport): Promise<AppendResult>;
  /** Machines in the order of their id, those after `after`, at most `limit`. */
  machines(page: { after?: string; limit: number }): Promise<MachinePage>;
  machine(machineId: string): Promise<MachineRow | undefined>;
  /** How many there are. */
  countMachines(): Promise<number>;
  /** When a report of each machine last came in, in no order: for counting a whole fleet. */
  lastSeen(): Promise<readonly number[]>;
  /** Samples with fromMs <= takenAtMs < toMs in the order of time, the newest `limit` of them. */
  samples(
    machineId: string,
    range: { fromMs: number; toMs: number; limit: number },
  ): Promise<readonly Sample[]>;
  /** Forgets the nonces of reports that claim an earlier time. Returns how many. */
  forgetNonces(claimedBeforeMs: number): Promise<number>;
  /** Rejects with store_unavailable when a small write does not reach the disk. */
  probe(): Promise<void>;
}
