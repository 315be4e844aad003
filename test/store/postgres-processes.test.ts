import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PostgresServer } from '../backends/postgres.ts';
import { KEY_HEX, PostgresDatabase } from './postgres-database.ts';
import { machineId, realisticReport } from './realistic-report.ts';
import { StoreProcess } from './store-process.ts';

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };
const MANY = 1_000_000;

let server: PostgresServer;
let at: PostgresDatabase;
let children: StoreProcess[];
beforeAll(async () => {
  server = await PostgresServer.start({ durable: true });
});
afterAll(() => server?.stop());
beforeEach(async () => {
  at = await PostgresDatabase.make(server);
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill();
});

async function startChild(machine: number, reports: number): Promise<StoreProcess> {
  const child = await StoreProcess.start({ place: server.url(at.name), keyHex: KEY_HEX, machine, reports });
  children.push(child);
  return child;
}

/** Every acknowledged report is there, nothing is there twice, and nothing by halves. */
async function expectWhole(acknowledged: readonly number[]): Promise<void> {
  const [reports, nonces, counted] = await at.counts();
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
}

describe('PostgreSQL killed while a server stores reports', () => {
  it('has every report that was acknowledged, exactly once, each time', async () => {
    const acknowledged = new Set<number>();
    for (let round = 0; round < 3; round += 1) {
      const child = await startChild(1, MANY);
      child.go();
      await child.hasSaid(acknowledged.size + 300);
      await server.process.end('SIGKILL');
      await child.ended();
      expect(child.said.at(-1)).toBe('failed store_unavailable');
      const stored = child.turns('stored');
      expect(stored.filter((turn) => acknowledged.has(turn))).toEqual([]);
      for (const turn of stored) acknowledged.add(turn);
      await server.startAgain();
    }
    expect(acknowledged.size).toBeGreaterThan(500);
    await expectWhole([...acknowledged]);
  });
});

describe('a server killed while it stores reports', () => {
  it('leaves everything that it acknowledged, and no lock that another would wait for', async () => {
    const child = await startChild(1, MANY);
    child.go();
    await child.hasSaid(300);
    child.kill();
    await child.ended();
    const next = await startChild(1, 500);
    next.go();
    await next.ended();
    expect(next.said.at(-1)).toBe('closed');
    await expectWhole([...child.turns('stored'), ...next.turns('stored')]);
  });

  it('does not keep the others from a new database, whenever it dies in the making of it', async () => {
    const four = await Promise.all([1, 1, 2, 3].map((machine) => startChild(machine, 20)));
    for (const child of four) child.go();
    four[0]?.kill();
    await Promise.all(four.map((child) => child.ended()));
    for (const child of four.slice(1)) expect(child.said.at(-1)).toBe('closed');
    expect(new Set(four.slice(1).map(({ said }) => said[1])).size).toBe(1);
    expect(await at.counts()).toEqual([60, 60, 60]);
  });
});

describe('three servers on one database', () => {
  it('store each report once when all three get all of them at once', async () => {
    const reports = 500;
    const three = await Promise.all([1, 1, 1].map((machine) => startChild(machine, reports)));
    for (const child of three) child.go();
    await Promise.all(three.map((child) => child.ended()));
    for (const child of three) expect(child.said.at(-1)).toBe('closed');
    const stored = three.flatMap((child) => child.turns('stored'));
    expect(stored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: reports }, (_, turn) => turn));
    expect(three.flatMap((child) => child.turns('known'))).toHaveLength(2 * reports);
    expect(await at.counts()).toEqual([reports, reports, reports]);
  });
});
