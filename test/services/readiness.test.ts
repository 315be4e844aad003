import { describe, expect, it } from 'vitest';
import { Readiness } from '../../src/services/readiness.ts';
import { ManualClock } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';

class Database {
  works = true;
  probes = 0;

  async probe(): Promise<void> {
    this.probes += 1;
    if (!this.works) throw new Error('gone');
  }
}

const SOUND = { isDegraded: () => false, isEvicted: () => false };

describe('readiness', () => {
  it('finds out within a second that the database is back, and probes a sound one each five', async () => {
    const [clock, database] = [new ManualClock(), new Database()];
    const log = new FakeLog();
    const readiness = new Readiness({ reports: database, clock, log, ...SOUND });
    await readiness.ready();
    expect(readiness.view().status).toBe('ready');

    await clock.advance(4999);
    expect(database.probes).toBe(1);
    database.works = false;
    await clock.advance(1);
    expect(readiness.view()).toMatchObject({ status: 'unhealthy', reason: 'database_not_writable' });
    expect(readiness.outage).toEqual({ reason: 'gone', sinceMs: clock.wallMs() });

    database.works = true;
    await clock.advance(1000);
    expect(readiness.view().status).toBe('ready');
    expect(readiness.outage).toBeNull();
    await clock.advance(4999);
    expect(database.probes).toBe(3);
  });

  it('is over when the server is evicted, whatever its database says', async () => {
    let isEvicted = false;
    const readiness = new Readiness({
      reports: new Database(),
      clock: new ManualClock(),
      log: new FakeLog(),
      ...SOUND,
      isEvicted: () => isEvicted,
    });
    await readiness.ready();
    expect(readiness.view()).toEqual({ status: 'ready', degraded: false });
    isEvicted = true;
    expect(readiness.view()).toEqual({ status: 'unhealthy', degraded: false, reason: 'evicted' });
    readiness.drain();
    expect(readiness.view().status).toBe('draining');
  });
});
