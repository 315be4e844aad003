/** A history: reports put straight into a store, by as many senders as fill its batches. */
import type { ReportStore } from '../../src/store/report-store.ts';
import { realisticReport } from '../../test/store/realistic-report.ts';
import { MACHINES } from './sealed-reports.ts';

const SENDERS = 256;

export async function fill(reports: ReportStore, count: number): Promise<void> {
  let next = 0;
  const send = async () => {
    while (next < count) {
      const number = next++;
      await reports.append(realisticReport(number % MACHINES, Math.floor(number / MACHINES)));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}
