import { readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteFile } from '../../src/store/sql/sqlite.ts';
import { machineId, machineInfo, realisticReport } from './realistic-report.ts';
import { type SqliteFolder, sqliteFolder } from './sqlite-folder.ts';
import { StoreProcess } from './store-process.ts';

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };

let at: SqliteFolder;
let children: StoreProcess[];
beforeEach(() => {
  at = sqliteFolder();
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill();
  at.remove();
});

async function startChild(machine: number, reports: number, fileLimit?: number): Promise<StoreProcess> {
  const plan = { place: at.path, keyHex: at.keyHex, machine, reports };
  const child = await StoreProcess.start(fileLimit === undefined ? plan : { ...plan, fileLimit });
  children.push(child);
  return child;
}

/** Counts in the file itself: [reports, nonces, what the machines' rows say]. */
function counts(): number[] {
  const file = openSqliteFile(at.path, at.key);
  const count = (query: string) => Number(file.prepare(query).pluck().get());
  const found = [
    count('select count(*) from reports'),
    count('select count(*) from nonces'),
    count('select coalesce(sum(reports), 0) from machines'),
  ];
  expect(file.pragma('integrity_check', { simple: true })).toBe('ok');
  file.close();
  return found;
}

describe('a server killed while it stores reports', () => {
  it('has every report that it acknowledged in the file, exactly once', async () => {
    const child = await startChild(1, 1_000_000);
    child.go();
    await child.hasSaid(500);
    child.kill();
    await child.ended();
    const acknowledged = child.turns('stored');
    expect(acknowledged.length).toBeGreaterThan(400);
    const [reports, nonces, counted] = counts();
    expect([nonces, counted]).toEqual([reports, reports]);
    const stores = await at.open();
    const again = await Promise.all(
      acknowledged.map((turn) => stores.reports.append(realisticReport(1, turn))),
    );
    expect(new Set(again)).toEqual(new Set(['known']));
    const times = (await stores.reports.samples(machineId(1), ALL)).map((sample) => sample.takenAtMs);
    expect(new Set(times).size).toBe(times.length);
    expect(times).toHaveLength(reports ?? 0);
    await stores.close();
  });

  it('leaves files that only the owner may read, and that show nothing of what is in them', async () => {
    const before = await at.open();
    const user = await before.accounts.addUser({
      username: 'ada.lovelace',
      passwordHash: '$argon2id$v=19$secret-hash',
      createdAtMs: 1,
    });
    const session = { sessionHash: 'ab'.repeat(32), userId: user.userId, csrfToken: 'csrf-token-of-ada' };
    await before.accounts.addSession({
      ...session,
      createdAtMs: 1,
      passwordAtMs: 1,
      lastUsedAtMs: 1,
      expiresAtMs: 2,
    });
    await before.close();
    const child = await startChild(1, 1_000_000);
    child.go();
    await child.hasSaid(200);
    child.kill();
    await child.ended();
    const { hostname, serial_number, local_ip, processor } = machineInfo(1);
    const needles = [hostname, serial_number, local_ip, processor, machineId(1), 'server-1', 'ada.lovelace']
      .concat('secret-hash', session.sessionHash, session.csrfToken, 'machine_id', 'create table')
      .concat('SQLite format 3', at.keyHex)
      .map(String);
    expect(readdirSync(at.folder).sort()).toEqual(['fleet.db', 'fleet.db-shm', 'fleet.db-wal']);
    for (const name of readdirSync(at.folder)) {
      const bytes = readFileSync(`${at.folder}/${name}`);
      expect(bytes.length, name).toBeGreaterThan(4096);
      expect(statSync(`${at.folder}/${name}`).mode & 0o777, name).toBe(0o600);
      expect(
        needles.filter((needle) => bytes.includes(needle)),
        name,
      ).toEqual([]);
    }
  });
});

describe('three servers on one file', () => {
  it('make it together when they start at the same moment, without a trace of the making', async () => {
    for (let round = 0; round < 3; round += 1) {
      const three = await Promise.all([1, 2, 3].map((machine) => startChild(machine, 20)));
      for (const child of three) child.go();
      await Promise.all(three.map((child) => child.ended()));
      for (const child of three) expect(child.said.at(-1)).toBe('closed');
      expect(new Set(three.map(({ said }) => said[1])).size).toBe(1);
      expect(counts()).toEqual([60, 60, 60]);
      expect(readdirSync(at.folder)).toEqual(['fleet.db']);
      at.remove();
      at = sqliteFolder();
    }
  });

  it('store each report once when all three get all of them at once', async () => {
    const reports = 500;
    const three = await Promise.all([1, 1, 1].map((machine) => startChild(machine, reports)));
    for (const child of three) child.go();
    await Promise.all(three.map((child) => child.ended()));
    for (const child of three) expect(child.said.at(-1)).toBe('closed');
    const stored = three.flatMap((child) => child.turns('stored'));
    const known = three.flatMap((child) => child.turns('known'));
    expect(stored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: reports }, (_, turn) => turn));
    expect(known).toHaveLength(2 * reports);
    expect(counts()).toEqual([reports, reports, reports]);
  });
});

describe('a disk that takes no more', () => {
  it('ends in store_unavailable, with every acknowledged report in the file and nothing by halves', async () => {
    const child = await startChild(1, 1_000_000, 512);
    child.go();
    await child.ended();
    expect(child.said.at(-1)).toBe('failed store_unavailable');
    const acknowledged = child.turns('stored');
    expect(acknowledged.length).toBeGreaterThan(0);
    const [reports, nonces, counted] = counts();
    expect([nonces, counted]).toEqual([reports, reports]);
    const stores = await at.open();
    for (const turn of acknowledged)
      expect(await stores.reports.append(realisticReport(1, turn))).toBe('known');
    await stores.close();
  });
});
