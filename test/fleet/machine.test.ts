import { describe, expect, it } from 'vitest';
import { describeMachine, machineStatus, statusThresholds } from '../../src/fleet/machine.ts';
import { machine as machineShape } from '../../src/http/shapes/machines.ts';
import type { MachineRow } from '../../src/store/report-store.ts';
import { START_MS } from '../fakes/clock.ts';
import { makeReport } from '../fakes/report.ts';

const THRESHOLDS = statusThresholds(10);

function makeRow(changes: Partial<MachineRow> = {}): MachineRow {
  const { machine_id, machine_info, metrics } = makeReport();
  return {
    machineId: machine_id,
    info: machine_info,
    latest: metrics,
    firstSeenMs: START_MS - 86_400_000,
    lastSeenMs: START_MS,
    viaNode: 'server-02',
    reports: 7,
    ...changes,
  };
}

describe('machineStatus', () => {
  it.each([
    [-5_000, 'online'],
    [0, 'online'],
    [30_000, 'online'],
    [30_001, 'late'],
    [60_000, 'late'],
    [60_001, 'offline'],
    [Number.MAX_SAFE_INTEGER, 'offline'],
  ])('calls a machine that reported %i ms ago %s', (ageMs, status) => {
    expect(machineStatus(ageMs, THRESHOLDS)).toBe(status);
  });

  it('derives both thresholds from the interval of the agents', () => {
    expect(THRESHOLDS).toEqual({ lateAfterMs: 30_000, offlineAfterMs: 60_000 });
    expect(statusThresholds(3600)).toEqual({ lateAfterMs: 10_800_000, offlineAfterMs: 21_600_000 });
  });
});

describe('describeMachine', () => {
  it('makes exactly the shape of the API', () => {
    const view = describeMachine(makeRow(), START_MS + 31_500, THRESHOLDS);
    expect(machineShape.strict().parse(view)).toEqual(view);
    expect(view).toMatchObject({
      hostname: 'studio-3.local',
      status: 'late',
      last_seen: '2026-11-21T12:00:00.000Z',
      last_seen_age_seconds: 31.5,
      load_average: [1.5, 1.25, 1],
      battery: null,
    });
    expect(view.info).not.toHaveProperty('disks');
  });

  it('says null for what a machine did not report, and no negative age', () => {
    const { machine_info, metrics } = makeReport({
      metrics: { uptime_seconds: null, cpu: { percent: 1 }, battery: { percent: 80, plugged: true } },
    });
    const view = describeMachine(
      makeRow({ info: machine_info, latest: metrics }),
      START_MS - 2_000,
      THRESHOLDS,
    );
    expect(view.uptime_seconds).toBeNull();
    expect(view.load_average).toBeNull();
    expect(view.battery).toEqual({ percent: 80, plugged: true });
    expect(view.last_seen_age_seconds).toBe(0);
  });
});
