/**
 * What a report costs on the disk and in time: prints figures, asserts nothing (sqlite.test.ts does).
 * npx node test/store/report-cost.ts [machines] [reports of each] [senders at a time]
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import type { ReportStore } from '../../src/store/report-store.ts';
import { openSqliteFile } from '../../src/store/sql/sqlite.ts';
import { openSqliteStores } from '../../src/store/sql/sqlite-stores.ts';
import { realisticReport } from './realistic-report.ts';

const [machines = 500, turns = 100, senders = 256] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'report-cost-'));
const path = join(folder, 'fleet.db');
const key = new Secret(randomBytes(32));
try {
  const times: number[] = [];
  const log = {
    ...silentLog,
    debug: (_: string, __: string, fields = {}) => times.push(millisecondsOf(fields)),
  };
  const stores = await openSqliteStores({ path, key, clock: systemClock, log });
  const figures = await fill(stores.reports);
  await stores.close();
  times.sort((a, b) => a - b);
  const commit = {
    commits: times.length,
    medianMs: at(times, 0.5),
    p99Ms: at(times, 0.99),
    maxMs: at(times, 1),
  };
  process.stdout.write(`${JSON.stringify({ ...figures, ...commit, ...bytes() }, undefined, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

async function fill(reports: ReportStore): Promise<Record<string, number>> {
  const all = Array.from({ length: machines * turns }, (_, index) =>
    realisticReport(index % machines, Math.floor(index / machines)),
  );
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const next = all.values();
  delay.enable();
  const begun = performance.now();
  const send = async () => {
    for (const report of next) await reports.append(report);
  };
  await Promise.all(Array.from({ length: senders }, send));
  const seconds = (performance.now() - begun) / 1000;
  return {
    reports: all.length,
    perSecond: Math.round(all.length / seconds),
    loopDelayMaxMs: delay.max / 1e6,
  };
}

function bytes(): Record<string, number> {
  const file = openSqliteFile(path, key);
  const rows = file.prepare('select name, sum(pgsize) size from dbstat group by name').all() as {
    name: string;
    size: number;
  }[];
  file.close();
  const count = machines * turns;
  const parts = rows
    .filter((row) => row.size > 20_000)
    .map((row) => [`bytes: ${row.name}`, row.size / count]);
  return { 'bytes of the file per report': statSync(path).size / count, ...Object.fromEntries(parts) };
}

function millisecondsOf(fields: Readonly<Record<string, unknown>>): number {
  return Number(fields.milliseconds);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
