import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import fc from 'fast-check';
import { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import type { AcceptedReport, MachinePage } from '../../src/store/report-store.ts';
import { plainCells } from '../../src/store/sql/cells.ts';
import {
  BATCH_MAX_REPORTS,
  DIRECTORY_PORTION,
  PAGE_BYTES,
  QUEUE_MAX_REPORTS,
} from '../../src/store/sql/limits.ts';
import { type Migrations, migrate } from '../../src/store/sql/migrations/migrate.ts';
import { firstTables } from '../../src/store/sql/migrations/sqlite-0001-first-tables.ts';
import { lookupsAndAttempts } from '../../src/store/sql/migrations/sqlite-0002-lookups-and-attempts.ts';
import { SqlReportStore } from '../../src/store/sql/report-store.ts';
import type { Schema } from '../../src/store/sql/schema.ts';
import { openSqliteFile, type SqliteFile } from '../../src/store/sql/sqlite.ts';
import { sqliteDialect } from '../../src/store/sql/sqlite-dialect.ts';
import { openSqliteStores } from '../../src/store/sql/sqlite-stores.ts';
import { accountStoreContract } from '../contract/account-store.ts';
import { attemptStoreContract } from '../contract/attempt-store.ts';
import { auditLogContract } from '../contract/audit-log.ts';
import { packageStoreContract } from '../contract/package-store.ts';
import { reportStoreContract } from '../contract/report-store.ts';
import { storesContract } from '../contract/stores.ts';
import { machineId, realisticReport } from './realistic-report.ts';
import { recordingLog, type SqliteFolder, sqliteFolder } from './sqlite-folder.ts';

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };

let at: SqliteFolder;
beforeEach(() => {
  at = sqliteFolder();
});
afterEach(() => at.remove());

describe('the report store on SQLite', () => {
  reportStoreContract(async () => {
    const { reports, close } = await at.open();
    return { store: reports, close };
  });
});

describe('the stores on SQLite', () => {
  storesContract(
    () => at.open(),
    () =>
      openSqliteStores({
        path: join(at.folder, 'other.db'),
        key: at.key,
        clock: systemClock,
        log: silentLog,
      }),
  );
});

describe('the account store on SQLite', () => {
  accountStoreContract(async () => {
    const { accounts, close } = await at.open();
    return { store: accounts, close };
  });
});

describe('the attempt store on SQLite', () => {
  attemptStoreContract(async () => {
    const { attempts, close } = await at.open();
    return { store: attempts, close };
  });
});

describe('the audit log on SQLite', () => {
  auditLogContract(async () => {
    const { audit, close } = await at.open();
    return { log: audit, close };
  });
});

describe('the records of packages on SQLite', () => {
  packageStoreContract(async () => {
    const { packages, close } = await at.open();
    return { store: packages, close };
  });
});

it('a fleet of many machines is listed page by page, each machine once and in order', async () => {
  const { reports, close } = await at.open();
  const count = DIRECTORY_PORTION * 2 + 1;
  await Promise.all(
    Array.from({ length: count }, (_, machine) => reports.append(realisticReport(machine, 0))),
  );
  const listed: string[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const page: MachinePage = await reports.machines({ after, limit: 300 });
    expect(page.total).toBe(count);
    listed.push(...page.machines.map((row) => row.machineId));
    after = page.nextAfter;
  }
  expect(listed).toEqual(Array.from({ length: count }, (_, machine) => machineId(machine)).sort());
  await close();
});

async function fill(count: number, path = at.path): Promise<void> {
  const stores = await openSqliteStores({ path, key: at.key, clock: systemClock, log: silentLog });
  await Promise.all(
    Array.from({ length: count }, (_, turn) => stores.reports.append(realisticReport(1, turn))),
  );
  await stores.close();
}

describe('opening the file', () => {
  it('finds everything again after closing', async () => {
    await fill(3);
    const { reports, close } = await at.open();
    expect(await reports.samples(machineId(1), ALL)).toHaveLength(3);
    await close();
    expect(readdirSync(at.folder)).toEqual(['fleet.db']);
  });

  it('refuses another key and leaves the file as it was', async () => {
    await fill(1);
    const before = readFileSync(at.path);
    const key = new Secret(Buffer.alloc(32, 7));
    await expect(
      openSqliteStores({ path: at.path, key, clock: systemClock, log: silentLog }),
    ).rejects.toMatchObject({
      code: 'store_key_wrong',
      message: `the database ${at.path} does not open with this db_encryption_key`,
      hint: expect.stringContaining('use the key it was made with'),
    });
    expect(readFileSync(at.path)).toEqual(before);
  });

  it('refuses a key that is too short, and makes no file', async () => {
    const key = new Secret(Buffer.alloc(31, 7));
    await expect(
      openSqliteStores({ path: at.path, key, clock: systemClock, log: silentLog }),
    ).rejects.toMatchObject({
      code: 'store_key_wrong',
      message: 'the db_encryption_key has fewer than 32 bytes',
    });
    expect(readdirSync(at.folder)).toEqual([]);
  });

  it('gives nothing to a program without a key', async () => {
    await fill(1);
    const file = new Database(at.path);
    expect(() => file.prepare('select * from machines').all()).toThrow('file is not a database');
    file.close();
  });

  it('refuses a database that is not encrypted', async () => {
    const plain = new Database(at.path);
    plain.exec('create table machines (hostname text)');
    plain.close();
    await expect(at.open()).rejects.toMatchObject({
      code: 'store_key_wrong',
      message: `the database ${at.path} is not encrypted`,
    });
  });

  it('refuses an empty file instead of taking it for a new database', async () => {
    writeFileSync(at.path, '');
    await expect(at.open()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: `the database ${at.path} is an empty file`,
    });
    expect(statSync(at.path).size).toBe(0);
  });

  it('says which folder is missing', async () => {
    const path = join(at.folder, 'nowhere', 'fleet.db');
    await expect(
      openSqliteStores({ path, key: at.key, clock: systemClock, log: silentLog }),
    ).rejects.toMatchObject({
      code: 'store_unavailable',
      message: `the database ${path} cannot be opened (ENOENT)`,
      hint: expect.stringContaining(join(at.folder, 'nowhere')),
    });
  });

  it('refuses a database that a newer version has migrated', async () => {
    await fill(1);
    const file = openSqliteFile(at.path, at.key);
    file.exec("insert into kysely_migration values ('9999-from-the-future', '2030-01-01T00:00:00.000Z')");
    file.close();
    await expect(at.open()).rejects.toMatchObject({
      code: 'store_newer',
      message: 'the database was written by a newer version (it has "9999-from-the-future")',
      hint: expect.stringContaining('start the newer version again'),
    });
  });

  async function migratedFile(migrations: Migrations): Promise<SqliteFile> {
    const file = openSqliteFile(at.path, at.key);
    const db = new Kysely<Schema>({ dialect: sqliteDialect(file, systemClock) });
    await db.transaction().execute((transaction) => migrate(transaction, migrations));
    return file;
  }

  it('brings a file of the first version up to date, with everything that was in it', async () => {
    const file = await migratedFile({ '0001-first-tables': firstTables });
    file.exec(`
      insert into machines values (1, 'mac-1', '{"hostname":"desk"}', '{}', 5, 5, 5, 'server-1', 7);
      insert into users values (1, 'ada', 'hash', 5);
      insert into tokens values ('tok-1', 'grafana', 'ab', 'read', 5, null, null, null)`);
    file.close();
    const { reports, accounts, close } = await at.open();
    expect(await reports.machine('mac-1')).toMatchObject({ info: { hostname: 'desk' }, reports: 7 });
    expect((await reports.machines({ limit: 9 })).total).toBe(1);
    expect(await accounts.userByName('ada')).toMatchObject({ passwordHash: 'hash' });
    const again = accounts.addUser({ username: 'ada', passwordHash: 'other', createdAtMs: 6 });
    await expect(again).rejects.toMatchObject({ code: 'user_exists' });
    expect(await accounts.tokens()).toMatchObject([{ name: 'grafana', scopes: ['read'] }]);
    await close();
  });

  it('knows the reports of the version before again, and shows its machines as they were', async () => {
    const before = { '0001-first-tables': firstTables, '0002-lookups-and-attempts': lookupsAndAttempts };
    const file = await migratedFile(before);
    const sent = [realisticReport(1, 0), realisticReport(1, 1), withoutMost(realisticReport(2, 0))];
    for (const report of sent) storeAsBefore(file, report);
    file.close();
    const { reports, close } = await at.open();
    for (const { report, receivedAtMs } of sent.slice(1))
      expect(await reports.machine(report.machine_id)).toMatchObject({
        info: report.machine_info,
        latest: report.metrics,
        lastSeenMs: receivedAtMs,
      });
    for (const report of sent) expect(await reports.append(report)).toBe('known');
    const next = realisticReport(1, 2);
    expect(await reports.append(next)).toBe('stored');
    expect(await reports.machine(machineId(1))).toMatchObject({
      info: next.report.machine_info,
      latest: next.report.metrics,
      reports: 3,
    });
    expect(await reports.samples(machineId(1), ALL)).toHaveLength(3);
    await close();
  });

  it('commits to the disk and keeps temporary data in memory', () => {
    const file = openSqliteFile(at.path, at.key);
    const setting = (name: string) => file.pragma(name, { simple: true });
    expect([setting('cipher'), setting('journal_mode')]).toEqual(['sqlcipher', 'wal']);
    expect([setting('synchronous'), setting('foreign_keys'), setting('temp_store')]).toEqual([2, 1, 2]);
    expect(setting('page_size')).toBe(PAGE_BYTES);
    file.close();
  });
});

/** Without what an agent may leave out, and with null where it may say so. */
function withoutMost({ report, ...rest }: AcceptedReport): AcceptedReport {
  const { uptime_seconds: _, ...metrics } = report.metrics;
  const machine_info = { hostname: 'bare', boot_time: null };
  return {
    ...rest,
    report: {
      ...report,
      machine_info,
      metrics: { ...metrics, cpu: { percent: 1 / 3, load_avg: null }, battery: null },
    },
  };
}

/** As the tables were before 0003. */
function storeAsBefore(
  file: SqliteFile,
  { nonce, report, takenAtMs, receivedAtMs, viaNode }: AcceptedReport,
) {
  const { machine_id, machine_info, metrics } = report;
  const texts = [JSON.stringify(machine_info), JSON.stringify(metrics)];
  file
    .prepare(
      `insert into machines (machine_id, machine_lookup, info, latest, latest_taken_at_ms, first_seen_ms,
        last_seen_ms, via_node, reports) values (?, ?, ?, ?, ?, ?, ?, ?, 1)
        on conflict do update set info = excluded.info, latest = excluded.latest, reports = reports + 1,
        latest_taken_at_ms = excluded.latest_taken_at_ms, last_seen_ms = excluded.last_seen_ms`,
    )
    .run(machine_id, machine_id, ...texts, takenAtMs, receivedAtMs, receivedAtMs, viaNode);
  file.prepare('insert into nonces (nonce, received_ms) values (?, ?)').run(nonce, receivedAtMs);
  file
    .prepare(
      `insert into reports (machine_no, taken_at_ms, number, received_ms, cpu_percent, memory_total, memory_available,
        memory_used, memory_percent, disk_total, disk_used, disk_free, disk_percent, network_bytes_sent,
        network_bytes_received, network_packets_sent, network_packets_received, processes)
        select machine_no, ?, reports, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 from machines where machine_id = ?`,
    )
    .run(takenAtMs, receivedAtMs, machine_id);
}

function flipped(bytes: Buffer, offset: number, mask: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(offset) ^ mask, offset);
  return bytes;
}

describe('a changed page', () => {
  it('is found wherever a byte was flipped', async () => {
    await fill(500);
    const { size } = statSync(at.path);
    const copy = join(at.folder, 'copy.db');
    fc.assert(
      fc.property(fc.nat(size - 1), fc.integer({ min: 1, max: 255 }), (offset, mask) => {
        writeFileSync(copy, flipped(readFileSync(at.path), offset, mask));
        expect(() => {
          const file = openSqliteFile(copy, at.key);
          try {
            file.pragma('integrity_check');
          } finally {
            file.close();
          }
        }).toThrow(/malformed|not a database|db_encryption_key|changed or damaged/);
      }),
      { numRuns: 40 },
    );
  });

  it('fails the reading of it, with a code and not with wrong figures', async () => {
    await fill(2_000);
    const bytes = readFileSync(at.path);
    for (let page = 30; page < 60; page += 1) flipped(bytes, page * 4096 + 100, 1);
    writeFileSync(at.path, bytes);
    const { reports, close } = await at.open();
    await expect(reports.samples(machineId(1), ALL)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'a page of the database was changed or damaged',
    });
    await close();
  });
});

describe('group commit', () => {
  it('puts what arrives together into few transactions', async () => {
    const { log, lines } = recordingLog();
    const { reports, close } = await at.open(log);
    const sent = BATCH_MAX_REPORTS * 3 + 8;
    await Promise.all(Array.from({ length: sent }, (_, turn) => reports.append(realisticReport(1, turn))));
    await close();
    const commits = lines.filter(({ event }) => event === 'reports_committed');
    expect(commits.map(({ fields }) => fields.reports)).toEqual([64, 64, 64, 8]);
  });

  it('turns away what does not fit into the queue, and takes more once there is room', async () => {
    const { reports, close } = await at.open();
    const taken = Array.from({ length: QUEUE_MAX_REPORTS }, (_, turn) =>
      reports.append(realisticReport(1, turn)),
    );
    const last = realisticReport(2, 0);
    await expect(reports.append(last)).rejects.toMatchObject({
      code: 'intake_busy',
      message: 'more reports arrive than the disk can take',
      retryAfterSeconds: 2,
    });
    expect(new Set(await Promise.all(taken))).toEqual(new Set(['stored']));
    expect(await reports.append(last)).toBe('stored');
    await close();
  });

  it('refuses the one report with a value that cannot be stored, and stores its neighbours', async () => {
    const { reports, close } = await at.open();
    const bad: AcceptedReport = { ...realisticReport(1, 1), takenAtMs: Number.NaN };
    const results = await Promise.allSettled(
      [realisticReport(1, 0), bad, realisticReport(1, 2)].map((report) => reports.append(report)),
    );
    expect(results).toMatchObject([
      { value: 'stored' },
      { reason: { code: 'report_refused', message: 'the report has a value that cannot be stored' } },
      { value: 'stored' },
    ]);
    expect((await reports.machine(machineId(1)))?.reports).toBe(2);
    expect(await reports.append(realisticReport(1, 1))).toBe('stored');
    await close();
  });

  it('settles what was taken before it closes, and takes nothing after', async () => {
    const { reports, close } = await at.open();
    const taken = Array.from({ length: 200 }, (_, turn) => reports.append(realisticReport(1, turn)));
    const closed = close();
    await expect(reports.append(realisticReport(2, 0))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'the server is stopping and takes no more reports',
    });
    expect(new Set(await Promise.all(taken))).toEqual(new Set(['stored']));
    await closed;
    await expect(reports.machine(machineId(1))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'the database is closed: the server is stopping',
    });
  });
});

describe('a database that another process holds', () => {
  it('is waited for while the event loop turns', async () => {
    const { reports, close } = await at.open();
    const holder = openSqliteFile(at.path, at.key);
    holder.exec('begin immediate');
    const appended = reports.append(realisticReport(1, 0));
    setImmediate(() => setImmediate(() => holder.exec('commit')));
    expect(await appended).toBe('stored');
    holder.close();
    await close();
  });

  it('is given up after a while, can be read meanwhile, and takes the report later', async () => {
    let now = 0;
    const clock: Clock = {
      ...systemClock,
      monotonicMs: () => {
        now += 1_000;
        return now;
      },
    };
    const { reports, close } = await openSqliteStores({ path: at.path, key: at.key, clock, log: silentLog });
    const holder = openSqliteFile(at.path, at.key);
    holder.exec('begin immediate');
    const appended = reports.append(realisticReport(1, 0));
    expect(await reports.machine(machineId(1))).toBeUndefined();
    await expect(appended).rejects.toMatchObject({
      code: 'store_locked',
      message: 'another process keeps the database locked',
      retryAfterSeconds: 10,
    });
    await expect(reports.probe()).rejects.toMatchObject({ code: 'store_locked' });
    holder.exec('commit');
    holder.close();
    expect(await reports.append(realisticReport(1, 0))).toBe('stored');
    await close();
  });
});

describe('a full disk', () => {
  it('rejects the reports with store_unavailable, leaves nothing of them, and goes on when there is room', async () => {
    await fill(1);
    const file = openSqliteFile(at.path, at.key);
    const db = new Kysely<Schema>({ dialect: sqliteDialect(file, systemClock) });
    const reports = new SqlReportStore({ writer: db, reader: db, cells: plainCells }, systemClock, silentLog);
    const pages = Number(file.pragma('page_count', { simple: true }));
    file.pragma(`max_page_count=${pages + 1}`);
    const sent = Array.from({ length: 300 }, (_, turn) => realisticReport(2, turn));
    const results = await Promise.allSettled(sent.map((report) => reports.append(report)));
    expect(results.at(-1)).toMatchObject({
      reason: {
        code: 'store_unavailable',
        message: 'the disk of the database is full',
        retryAfterSeconds: 10,
      },
    });
    const stored = results.filter(({ status }) => status === 'fulfilled').length;
    expect(await reports.samples(machineId(2), ALL)).toHaveLength(stored);
    file.pragma('max_page_count=1000000');
    const again = await Promise.all(sent.map((report) => reports.append(report)));
    expect(again.filter((result) => result === 'known')).toHaveLength(stored);
    expect((await reports.machine(machineId(2)))?.reports).toBe(300);
    file.close();
  });
});

describe('the size on the disk', () => {
  it('is at most 300 bytes for a report, its nonce and its share of all indexes', async () => {
    const machines = 100;
    const count = 20_000;
    const { reports, close } = await at.open();
    for (let sent = 0; sent < count; sent += 1_000) {
      const numbers = Array.from({ length: 1_000 }, (_, index) => sent + index);
      await Promise.all(
        numbers.map((number) =>
          reports.append(realisticReport(number % machines, Math.floor(number / machines))),
        ),
      );
    }
    await close();
    expect(existsSync(`${at.path}-wal`)).toBe(false);
    expect(statSync(at.path).size / count).toBeLessThanOrEqual(300);
  });
});
