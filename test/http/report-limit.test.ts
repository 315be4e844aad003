/** The real agent against the limit of its machine, over real HTTP: it waits as long as told, and loses nothing. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Reporter } from '../../src/agent/reporter.ts';
import { ServerLink } from '../../src/agent/server-link.ts';
import { Spool } from '../../src/agent/spool.ts';
import { Secret } from '../../src/base/secret.ts';
import { NONCE_BYTES, sealReport } from '../../src/protocol/report-envelope.ts';
import { MACHINE_REPORTS, ReportIntake } from '../../src/services/fleet/report-intake.ts';
import { ManualClock } from '../fakes/clock.ts';
import { makeFolder } from '../fakes/folder.ts';
import { FakeLog } from '../fakes/log.ts';
import { makeReport } from '../fakes/report.ts';
import { FakeReportStore } from '../fakes/report-store.ts';
import { API_KEY, openDoor } from './open-door.ts';

const SPOOLED = 7;
const key = new Secret(randomBytes(32));
const never = new AbortController().signal;

it('a Mac whose share is used up is told to wait, obeys, and delivers its spool', async () => {
  const [clock, log, reports] = [new ManualClock(), new FakeLog(), new FakeReportStore()];
  const stored: number[] = [];
  reports.append = async ({ takenAtMs }) => {
    stored.push(takenAtMs);
    return 'stored';
  };
  const settings = { encryptionKey: key, acceptV1: true, nodeId: 'server-01' };
  const intake = new ReportIntake({ ...settings, reports, clock, log });
  const seal = (atMs: number) => sealReport(makeReport({ atMs }), key, randomBytes(NONCE_BYTES));
  for (let sent = 0; sent < MACHINE_REPORTS.burst; sent += 1) await intake.take(seal(clock.wallMs()));
  stored.length = 0;

  const door = await openDoor({}, { intake });
  const url = `http://127.0.0.1:${door.port}`;
  const random = () => 0;
  const options = { url, pins: [], apiKey: Secret.fromText(API_KEY), clock, random, allowPlainHttp: false };
  const link = new ServerLink(options);
  const dir = join(await makeFolder(), 'spool');
  const spool = await Spool.open({ dir, maxBytes: 1_000_000, clock, log });
  onTestFinished(async () => {
    link.close();
    await door.app.close();
  });
  const taken = Array.from({ length: SPOOLED }, (_, at) => clock.wallMs() - (SPOOLED - at) * 10_000);
  for (const atMs of taken) await spool.add(seal(atMs), atMs);
  const reporter = new Reporter({ links: [link], spool, clock, log, random });

  const accepted: number[] = [];
  for (let left = SPOOLED; left > 0; ) {
    const delivery = await reporter.deliver(never);
    accepted.push(delivery.accepted);
    left = delivery.left;
    expect(delivery.refused).toBe(0);
    await clock.advance(delivery.retryInMs ?? 0);
  }
  expect(accepted).toEqual([0, 2, 2, 2, 1]);
  expect(stored).toEqual(taken);
});
