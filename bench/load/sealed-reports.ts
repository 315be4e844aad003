/** Sealed reports as agents send them, of 2.2 KB, each sealing another one. */
import { randomBytes } from 'node:crypto';
import type { Secret } from '../../src/base/secret.ts';
import { NONCE_BYTES, sealReport } from '../../src/protocol/report-envelope.ts';
import { realisticReport } from '../../test/store/realistic-report.ts';

/** Macs of the fleet that reports; a history is of the same ones. */
export const MACHINES = 500;
/** With so many volumes a report has 2.2 KB on the wire. */
const VOLUMES = 7;

export function sealReports(count: number, nowMs: number, key: Secret): Uint8Array[] {
  const reports = Array.from({ length: MACHINES }, (_, machine) => reportOf(machine, nowMs));
  return Array.from({ length: count }, (_, i) =>
    sealReport(reports[i % MACHINES], key, randomBytes(NONCE_BYTES)),
  );
}

function reportOf(machine: number, nowMs: number) {
  const { report } = realisticReport(machine, 0);
  const disks = Array.from({ length: VOLUMES }, (_, i) => ({
    device: `/dev/disk3s${i + 1}s1`,
    mount: `/System/Volumes/Volume${i}`,
    type: 'apfs',
    total: 994_662_584_320,
  }));
  return {
    ...report,
    machine_info: { ...report.machine_info, disks },
    metrics: { ...report.metrics, timestamp: nowMs / 1000 },
  };
}
