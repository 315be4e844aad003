import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { AcceptedReport } from '../../src/store/report-store.ts';
import { openPostgresStores } from '../../src/store/sql/postgres-stores.ts';
import { PostgresServer } from '../backends/postgres.ts';
import { accountStoreContract } from '../contract/account-store.ts';
import { attemptStoreContract } from '../contract/attempt-store.ts';
import { auditLogContract } from '../contract/audit-log.ts';
import { packageStoreContract } from '../contract/package-store.ts';
import { reportStoreContract } from '../contract/report-store.ts';
import { storesContract } from '../contract/stores.ts';
import { FakeLog } from '../fakes/log.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { machineId, realisticReport } from './realistic-report.ts';

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };

let server: PostgresServer;
let at: PostgresDatabase;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  at = await PostgresDatabase.make(server);
});

describe('the report store on PostgreSQL', () => {
  reportStoreContract(async () => {
    const { reports, close } = await at.open();
    return { store: reports, close };
  });
});

describe('the stores on PostgreSQL', () => {
  storesContract(
    () => at.open(),
    async () => (await PostgresDatabase.make(server)).open(),
  );
});

describe('the account store on PostgreSQL', () => {
  accountStoreContract(async () => {
    const { accounts, close } = await at.open();
    return { store: accounts, close };
  });
});

describe('the attempt store on PostgreSQL', () => {
  attemptStoreContract(async () => {
    const { attempts, close } = await at.open();
    return { store: attempts, close };
  });
});

describe('the audit log on PostgreSQL', () => {
  auditLogContract(async () => {
    const { audit, close } = await at.open();
    return { log: audit, close };
  });
});

describe('the records of packages on PostgreSQL', () => {
  packageStoreContract(async () => {
    const { packages, close } = await at.open();
    return { store: packages, close };
  });
});

describe('opening the database', () => {
  it('finds everything again after closing', async () => {
    const before = await at.open();
    await before.reports.append(realisticReport(1, 0));
    await before.close();
    const { reports, close } = await at.open();
    expect(await reports.samples(machineId(1), ALL)).toHaveLength(1);
    expect((await reports.machines({ limit: 9 })).machines[0]?.info.hostname).toBe('mac-1.office.example');
    await close();
  });

  it('is done once by several servers that start at the same moment', async () => {
    const logs = [1, 2, 3, 4].map(() => new FakeLog());
    const stores = await Promise.all(logs.map((log) => at.open(log)));
    const migrated = logs.flatMap((log) => log.events()).filter((event) => event === 'store_migrated');
    expect(migrated).toHaveLength(1);
    await Promise.all(stores.map(({ close }) => close()));
  });

  it('leaves no lock behind', async () => {
    const { close } = await at.open();
    expect(await at.query(`select * from pg_locks where locktype = 'advisory'`)).toEqual([]);
    await close();
  });

  it('sets for each connection what it promises, whatever the defaults of the server', async () => {
    await (await at.open()).close();
    for (const setting of [
      `synchronous_commit = off`,
      `default_transaction_isolation = 'serializable'`,
      `extra_float_digits = -10`,
      `bytea_output = 'escape'`,
    ])
      await at.query(`alter database "${at.name}" set ${setting}`);
    await at.query(`
      create table seen (value text);
      create function see() returns trigger language plpgsql as $$ begin
        insert into seen select current_setting(unnest(array['synchronous_commit', 'transaction_isolation',
          'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'application_name']));
        return new;
      end $$;
      create trigger see after insert on probe for each row execute function see()`);
    const { reports, close } = await at.open();
    await reports.probe();
    const seen = (await at.query<{ value: string }>('select value from seen')).map(({ value }) => value);
    expect(seen).toEqual(['on', 'read committed', '4s', '3s', '10s', 'atlas-fleet']);
    const { report, ...rest } = realisticReport(1, 0);
    const metrics = { ...report.metrics, cpu: { percent: 1 / 3 } };
    await reports.append({ ...rest, report: { ...report, metrics } });
    expect((await reports.samples(machineId(1), ALL))[0]?.cpuPercent).toBe(1 / 3);
    await close();
  });

  it('warns of a server that does not wait for the disk', async () => {
    const log = new FakeLog();
    const { close } = await at.open(log);
    expect(log.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        event: 'store_not_durable',
        fields: { host: '127.0.0.1', port: server.port },
      }),
    );
    await close();
  });

  it('refuses another key, and leaves the database as it was', async () => {
    await (await at.open()).close();
    const key = new Secret(Buffer.alloc(32, 7));
    await expect(openPostgresStores(at.options({ key }))).rejects.toMatchObject({
      code: 'store_key_wrong',
      message: `the database "${at.name}" does not open with this db_encryption_key`,
      hint:
        'use the config.yaml it was made with: the key is the same on every server that shares the database; ' +
        `if it holds nothing yet, make it anew: drop database "${at.name}"; ` +
        `create database "${at.name}" owner "atlas" encoding 'UTF8' template template0`,
    });
    await (await at.open()).close();
  });

  it('refuses a key that is too short, and makes no table', async () => {
    const key = new Secret(Buffer.alloc(31, 7));
    await expect(openPostgresStores(at.options({ key }))).rejects.toMatchObject({
      code: 'store_key_wrong',
      message: 'the db_encryption_key has fewer than 32 bytes',
    });
    expect(await at.query(`select 1 from pg_tables where schemaname = 'public'`)).toEqual([]);
  });

  it('refuses a database that a newer version has migrated', async () => {
    await (await at.open()).close();
    await at.query(
      `insert into kysely_migration values ('9999-from-the-future', '2030-01-01T00:00:00.000Z')`,
    );
    await expect(at.open()).rejects.toMatchObject({
      code: 'store_newer',
      message: 'the database was written by a newer version (it has "9999-from-the-future")',
    });
  });

  describe('where others may make tables', () => {
    const asMallory = (text: string) => at.query(`set role mallory; ${text}`);
    beforeAll(() => server.query('create role mallory'));
    beforeEach(() => at.query('grant create on schema public to public'));

    it('says so', async () => {
      const log = new FakeLog();
      await (await at.open(log)).close();
      expect(log.lines).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          event: 'store_schema_open',
          fields: { database: at.name, schema: 'public' },
        }),
      );
    });

    it.each(['kysely_migration', 'kysely_migration_lock'])('refuses their %s', async (table) => {
      await asMallory(`create table ${table} (name text, timestamp text)`);
      await expect(at.open()).rejects.toMatchObject({
        code: 'store_unfit',
        message: `the table ${table} of the database "${at.name}" belongs to the user "mallory", not to us`,
      });
    });

    it('refuses their tables under names of ours', async () => {
      await asMallory('create table machines (name text)');
      await expect(at.open()).rejects.toMatchObject({
        code: 'store_unavailable',
        message: 'the database has tables of other programs under our names',
      });
    });

    it('is not misled by a schema of theirs, whatever the search_path', async () => {
      await at.query('create schema theirs authorization mallory');
      await asMallory('create table theirs.kysely_migration (name text, timestamp text)');
      await at.query(`alter database "${at.name}" set search_path = theirs`);
      const { reports, close } = await at.open();
      expect(await reports.append(realisticReport(1, 0))).toBe('stored');
      await close();
      expect(await at.query(`select 1 from public.machines`)).toHaveLength(1);
    });
  });

  it('refuses a database that does not keep texts as UTF-8, and makes no table', async () => {
    await server.query(`create database latin encoding 'LATIN1' template template0`);
    await expect(openPostgresStores(at.options({ database: 'latin' }))).rejects.toMatchObject({
      code: 'store_unfit',
      message: 'the database "latin" keeps texts as LATIN1, not as UTF8',
    });
    expect(await server.query(`select 1 from pg_tables where schemaname = 'public'`, 'latin')).toEqual([]);
  });

  it('leaves tables of another program alone', async () => {
    await at.query('create table users (name text)');
    await expect(at.open()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'the database has tables of other programs under our names',
    });
    expect(await at.query(`select tablename from pg_tables where schemaname = 'public'`)).toEqual([
      { tablename: 'users' },
    ]);
  });
});

describe('a value that PostgreSQL does not take', () => {
  it('refuses its report and stores the neighbours', async () => {
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
    expect(await reports.append(realisticReport(1, 1))).toBe('stored');
    await close();
  });

  it('is given back as a refusal, and never as a wrong number', async () => {
    const { reports, close } = await at.open();
    await reports.append(realisticReport(1, 0));
    await at.query('update reports set network_bytes_sent = 9007199254740993');
    await expect(reports.samples(machineId(1), ALL)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'PostgreSQL gave a whole number beyond 2^53',
    });
    expect((await reports.machine(machineId(1)))?.reports).toBe(1);
    await close();
  });
});

describe('what PostgreSQL answers', () => {
  /** The next `times` writes of a probe end with that SQLSTATE. A sequence is not undone with its transaction. */
  async function failProbes(code: string, times: number): Promise<void> {
    await at.query(`
      create sequence tries;
      create function fail() returns trigger language plpgsql as $$ begin
        if nextval('tries') <= ${times} then raise exception 'as told' using errcode = '${code}'; end if;
        return new;
      end $$;
      create trigger fail before insert on probe for each row execute function fail()`);
  }

  it.each(['40001', '40P01'])('with %s, undone for another, is answered with another try', async (code) => {
    const { reports, close } = await at.open();
    await failProbes(code, 3);
    await expect(reports.probe()).resolves.toBeUndefined();
    expect(await at.query('select last_value::int from tries')).toEqual([{ last_value: 4 }]);
    await close();
  });

  it('is given up with store_locked when it undoes every try', async () => {
    const { reports, close } = await at.open();
    await failProbes('40P01', 1_000);
    await expect(reports.probe()).rejects.toMatchObject({ code: 'store_locked', retryAfterSeconds: 10 });
    expect(await at.query('select last_value::int from tries')).toEqual([{ last_value: 10 }]);
    await close();
  });

  it.each([
    ['53100', 'store_unavailable', 'the disk of PostgreSQL is full'],
    ['58030', 'store_unavailable', 'PostgreSQL cannot read or write its files'],
    ['XX001', 'store_unavailable', 'PostgreSQL found its data damaged, or failed inside'],
    ['57014', 'store_unavailable', 'PostgreSQL did not finish within 4 s'],
    ['42501', 'store_unavailable', 'PostgreSQL does not let this user do what is needed'],
    [
      '25006',
      'store_unavailable',
      'PostgreSQL takes no changes: this server is a standby, or set to read only',
    ],
    ['55P03', 'store_locked', 'another process keeps the database locked'],
    ['P0001', 'store_unavailable', 'failed (P0001)'],
  ])('with %s is %s, in words, and the next try goes through', async (state, code, message) => {
    const { reports, close } = await at.open();
    await failProbes(state, 1);
    await expect(reports.probe()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.any(String),
      retryAfterSeconds: 10,
    });
    await expect(reports.probe()).resolves.toBeUndefined();
    await close();
  });
});

describe('several servers on one database', () => {
  it('store each report once, and meet no error, when all get all of them in different orders', async () => {
    const machines = 40;
    const count = 1_200;
    const stores = await Promise.all([1, 2, 3, 4].map(() => at.open()));
    const all = Array.from({ length: count }, (_, index) =>
      realisticReport(index % machines, Math.floor(index / machines)),
    );
    const results = await Promise.all(
      stores.map(({ reports }, turn) => {
        const begin = (turn * count) / stores.length;
        const own = [...all.slice(begin), ...all.slice(0, begin)];
        return Promise.all((turn % 2 ? own.reverse() : own).map((report) => reports.append(report)));
      }),
    );
    expect(results.flat().filter((result) => result === 'stored')).toHaveLength(count);
    expect(await at.counts()).toEqual([count, count, count]);
    await Promise.all(stores.map(({ close }) => close()));
  });

  it('list every machine, whichever server stored it', async () => {
    const [one, two] = await Promise.all([at.open(), at.open()]);
    const ids = async (stores: typeof one) =>
      (await stores.reports.machines({ limit: 9 })).machines.map((row) => row.machineId);
    await one.reports.append(realisticReport(1, 0));
    expect(await ids(two)).toEqual([machineId(1)]);
    await two.reports.append(realisticReport(2, 0));
    expect(await ids(one)).toEqual([machineId(1), machineId(2)].sort());
    await at.query('delete from machines where machine_no = (select max(machine_no) from machines)');
    expect(await ids(one)).toEqual([machineId(1)]);
    await Promise.all([one.close(), two.close()]);
  });

  it('list a machine whose number was given out earlier and committed later', async () => {
    const { reports, close } = await at.open();
    for (const machine of [1, 2, 3]) await reports.append(realisticReport(machine, 0));
    await at.query('create table aside as select * from machines order by machine_no offset 1 limit 1');
    await at.query('delete from machines where machine_no in (select machine_no from aside)');
    expect((await reports.machines({ limit: 9 })).total).toBe(2);
    await at.query('insert into machines overriding system value select * from aside');
    const { machines, total } = await reports.machines({ limit: 9 });
    expect(machines.map((row) => row.machineId)).toEqual([1, 2, 3].map(machineId).sort());
    expect(total).toBe(3);
    await close();
  });

  it('count failed attempts together', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => at.open()));
    const subjects = ['ab'.repeat(32), 'cd'.repeat(32)];
    const fail = (turn: number) =>
      stores[turn % 3]?.attempts.change(turn % 2 ? subjects : subjects.toReversed(), (current) => {
        const next = (subject: string) => (current.get(subject)?.count ?? 0) + 1;
        return new Map(subjects.map((one) => [one, { count: next(one), lastMs: turn, blockedUntilMs: 0 }]));
      });
    await Promise.all(Array.from({ length: 60 }, (_, turn) => fail(turn)));
    expect(await at.query('select count from attempts')).toEqual([{ count: 60 }, { count: 60 }]);
    await Promise.all(stores.map(({ close }) => close()));
  });
});

describe('closing', () => {
  it('settles what was taken, and takes nothing after', async () => {
    const { reports, close } = await at.open();
    const taken = Array.from({ length: 200 }, (_, turn) => reports.append(realisticReport(1, turn)));
    const closed = close();
    await expect(reports.append(realisticReport(2, 0))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(new Set(await Promise.all(taken))).toEqual(new Set(['stored']));
    await Promise.all([closed, close()]);
    await expect(reports.machine(machineId(1))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'the database is closed: the server is stopping',
    });
  });
});
