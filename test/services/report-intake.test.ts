import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { AtlasError } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { MACHINES_MAX, REPORT_MAX_BYTES } from '../../src/protocol/limits.ts';
import { sealReport } from '../../src/protocol/report-envelope.ts';
import { NonceSweep } from '../../src/services/fleet/nonce-sweep.ts';
import { INTAKE_MAX_PENDING, MACHINE_REPORTS, ReportIntake } from '../../src/services/fleet/report-intake.ts';
import { ManualClock, START_MS } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';
import { makeReport } from '../fakes/report.ts';
import { FakeReportStore } from '../fakes/report-store.ts';

const DAY_MS = 86_400_000;
const key = new Secret(randomBytes(32));
const seal = (report: unknown, under = key) => sealReport(report, under, randomBytes(12));

let clock: ManualClock;
let reports: FakeReportStore;
let log: FakeLog;
let sweep: NonceSweep;

function makeIntake(acceptV1 = true): ReportIntake {
  return new ReportIntake({ reports, clock, log, encryptionKey: key, acceptV1, nodeId: 'server-01' });
}

beforeEach(() => {
  clock = new ManualClock();
  reports = new FakeReportStore();
  log = new FakeLog();
  sweep = new NonceSweep({ reports, clock, log });
});

describe('take', () => {
  it('stores a report under the time it was taken and names the server that took it', async () => {
    const intake = makeIntake();
    const report = makeReport({ atMs: START_MS - 90_500 });
    expect(await intake.take(seal(report))).toEqual({ stored: true });
    expect(reports.stored).toHaveLength(1);
    expect(reports.stored[0]).toMatchObject({
      report,
      takenAtMs: START_MS - 90_500,
      receivedAtMs: START_MS,
      viaNode: 'server-01',
    });
  });

  it('stores one sealing once, and answers as if all were well', async () => {
    const intake = makeIntake();
    const body = seal(makeReport());
    await intake.take(body);
    expect(await intake.take(body)).toEqual({ stored: false });
    expect(reports.stored).toHaveLength(1);
  });

  it.each([
    ['a day old', -DAY_MS, true, -DAY_MS],
    ['seven days old', -7 * DAY_MS, true, -7 * DAY_MS],
    ['a millisecond older than seven days', -7 * DAY_MS - 1, false, 0],
    ['from 1970', -START_MS, false, 0],
    ['ahead within the tolerance', 300_000, true, 300_000],
    ['ahead beyond the tolerance', 300_001, true, 0],
    ['a year ahead', 365 * DAY_MS, true, 0],
  ])('judges the time of a report that is %s', async (_, offsetMs, stored, keptOffsetMs) => {
    expect(await makeIntake().take(seal(makeReport({ atMs: START_MS + offsetMs })))).toEqual({ stored });
    expect(reports.stored.map(({ takenAtMs }) => takenAtMs)).toEqual(stored ? [START_MS + keptOffsetMs] : []);
  });

  it.each([
    ['sealed under another key', seal(makeReport(), new Secret(randomBytes(32)))],
    ['sealed, but no report', seal({ machine_id: 'x' })],
    ['not JSON', Buffer.from('{')],
    ['not UTF-8', Buffer.from([0xff, 0xfe])],
    ['empty', Buffer.alloc(0)],
    ['an envelope without its nonce', Buffer.from('{"encrypted":true,"version":"1","ciphertext":"AAAA"}')],
  ])('refuses a body that is %s with the one fixed text', async (_, body) => {
    const intake = makeIntake();
    await expect(intake.take(body)).rejects.toMatchObject({
      code: 'report_refused',
      message: 'The report was refused.',
      hint: undefined,
    });
    expect(reports.stored).toHaveLength(0);
    expect(intake.counts().refused).toEqual({ lastMinute: 1, total: 1 });
  });

  it('refuses a report in clear, and says what to do', async () => {
    const intake = makeIntake();
    await expect(intake.take(Buffer.from(JSON.stringify(makeReport())))).rejects.toMatchObject({
      code: 'report_plain',
      message: 'This server accepts encrypted reports only.',
    });
    expect(intake.counts().plain.total).toBe(1);
  });

  it('refuses version 1 when it is switched off, whatever the body', async () => {
    await expect(makeIntake(false).take(seal(makeReport()))).rejects.toMatchObject({
      code: 'report_v1_off',
      message: 'This server does not accept reports under the shared key.',
    });
  });

  it('refuses a body that is too large before it looks into it', async () => {
    await expect(makeIntake().take(Buffer.alloc(REPORT_MAX_BYTES + 1))).rejects.toMatchObject({
      code: 'body_too_large',
      message: 'A report has at most 262144 bytes.',
    });
  });

  it('acknowledges nothing that the store did not take', async () => {
    const intake = makeIntake();
    reports.failure = new AtlasError('store_unavailable', 'The database cannot be written.');
    await expect(intake.take(seal(makeReport()))).rejects.toBe(reports.failure);
    expect(intake.reportsPerMinute()).toBe(0);
  });

  it('sends reports away while too many wait for the disk, and takes them again after', async () => {
    const intake = makeIntake();
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const append = reports.append.bind(reports);
    reports.append = async (accepted) => {
      await gate;
      return append(accepted);
    };
    const pending = Array.from({ length: INTAKE_MAX_PENDING }, () => intake.take(seal(makeReport())));
    await expect(intake.take(seal(makeReport()))).rejects.toMatchObject({
      code: 'intake_busy',
      message: 'No more than 2048 reports wait for the disk at the same time.',
      retryAfterSeconds: 2,
    });
    release();
    await Promise.all(pending);
    expect(await intake.take(seal(makeReport()))).toEqual({ stored: true });
  });
});

describe('a machine that sends too many', () => {
  it('is rid of a day at once, then told to wait, and loses nothing', async () => {
    const intake = makeIntake();
    reports.append = async () => 'stored'; // no need to hold them all
    const from = (machineId: string) => seal(makeReport({ machineId, atMs: clock.wallMs() }));
    for (let time = 0; time < MACHINE_REPORTS.burst; time += 1) await intake.take(from('mac-1'));
    const kept = from('mac-1');
    await expect(intake.take(kept)).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'One machine may send 8640 reports at once, then 2 a second.',
      retryAfterSeconds: 1,
    });
    expect(await intake.take(from('mac-2'))).toEqual({ stored: true });
    await clock.advance(1000);
    expect(await intake.take(kept)).toEqual({ stored: true });
    expect(intake.counts().limited.total).toBe(1);
    expect(log.events()).toEqual(['report.limited']);
  });
});

describe('a fleet that is full', () => {
  it('takes no new machine, and the reports of those it has', async () => {
    const intake = makeIntake();
    await intake.take(seal(makeReport({ machineId: 'mac-1' })));
    reports.countMachines = async () => MACHINES_MAX;
    await expect(intake.take(seal(makeReport({ machineId: 'mac-2' })))).rejects.toMatchObject({
      code: 'fleet_full',
      message: 'This fleet has 20000 machines already.',
      retryAfterSeconds: 3600,
    });
    expect(await intake.take(seal(makeReport({ machineId: 'mac-1' })))).toEqual({ stored: true });
  });

  it('is not entered under a nonce that is known, of which nothing was stored', async () => {
    const intake = makeIntake();
    const nonce = randomBytes(12);
    await intake.take(sealReport(makeReport({ machineId: 'mac-1' }), key, nonce));
    const again = sealReport(makeReport({ machineId: 'mac-2' }), key, nonce);
    expect(await intake.take(again)).toEqual({ stored: false });
    reports.countMachines = async () => MACHINES_MAX;
    await expect(intake.take(seal(makeReport({ machineId: 'mac-2' })))).rejects.toMatchObject({
      code: 'fleet_full',
    });
    expect((await reports.machines({ limit: 9 })).total).toBe(1);
  });
});

describe('what the status shows', () => {
  it('counts stored reports of the last minute, and not those known or too old', async () => {
    const intake = makeIntake();
    const body = seal(makeReport());
    await intake.take(body);
    await intake.take(body);
    await intake.take(seal(makeReport({ atMs: 0 })));
    expect(intake.reportsPerMinute()).toBe(1);
    expect(intake.counts()).toMatchObject({ known: { total: 1 }, old: { total: 1 } });
    await clock.advance(61_000);
    expect(intake.reportsPerMinute()).toBe(0);
  });

  it('tells listeners of what was stored, once, until they leave', async () => {
    const intake = makeIntake();
    const heard: string[] = [];
    const leave = intake.onStored((machineId) => heard.push(machineId));
    const body = seal(makeReport({ machineId: 'mac-1' }));
    await intake.take(body);
    await intake.take(body);
    leave();
    await intake.take(seal(makeReport({ machineId: 'mac-2' })));
    expect(heard).toEqual(['mac-1']);
  });

  it('says a repeated refusal once a minute, with its count', async () => {
    const intake = makeIntake();
    for (let times = 0; times < 100; times += 1) await intake.take(Buffer.from('x')).catch(() => {});
    await clock.advance(60_000);
    await intake.take(Buffer.from('x')).catch(() => {});
    expect(log.lines.map(({ event, fields }) => [event, fields.times])).toEqual([
      ['report.refused', 1],
      ['report.refused', 100],
    ]);
  });
});

describe('the sweep of nonces', () => {
  it('keeps a nonce for as long as its report would be stored again, and forgets it after', async () => {
    const intake = makeIntake();
    sweep.start();
    const body = seal(makeReport({ atMs: START_MS + 300_000 }));
    await intake.take(body);
    await clock.advance(7 * DAY_MS + 299_999);
    expect(await intake.take(body)).toEqual({ stored: false });
    expect(reports.stored).toHaveLength(1);
    await clock.advance(3_600_001);
    expect(reports.nonces).toBe(0);
    expect(await intake.take(body)).toEqual({ stored: false });
    expect(reports.stored).toHaveLength(1);
  });

  it('keeps the nonce of a machine whose clock is far ahead until its time has come', async () => {
    const intake = makeIntake();
    sweep.start();
    const body = seal(makeReport({ atMs: START_MS + 30 * DAY_MS }));
    await intake.take(body);
    await clock.advance(20 * DAY_MS);
    expect(await intake.take(body)).toEqual({ stored: false });
    await clock.advance(18 * DAY_MS);
    expect(reports.nonces).toBe(0);
    expect(await intake.take(body)).toEqual({ stored: false });
    expect(reports.stored).toHaveLength(1);
  });

  it('goes on after the store failed, and ends with stop()', async () => {
    sweep.start();
    reports.failure = new AtlasError('store_unavailable', 'The database cannot be written.');
    await clock.advance(3_600_000);
    expect(log.events()).toEqual(['report.sweep_failed']);
    expect(clock.waiting).toBe(1);
    sweep.stop();
    expect(clock.waiting).toBe(0);
  });
});
