import { expect, it } from 'vitest';
import { RateMeter } from '../../src/services/limits/rate-meter.ts';
import { ManualClock } from '../fakes/clock.ts';

it('counts what happened in the last minute and forgets what is older', async () => {
  const clock = new ManualClock();
  const meter = new RateMeter(clock);
  meter.add();
  await clock.advance(30_000);
  meter.add();
  meter.add();
  expect(meter.lastMinute()).toBe(3);
  await clock.advance(30_000);
  expect(meter.lastMinute()).toBe(2);
  await clock.advance(30_000);
  expect(meter.lastMinute()).toBe(0);
  expect(meter.total).toBe(3);
});

it('forgets everything after a long silence, and is not moved by the wall clock', async () => {
  const clock = new ManualClock();
  const meter = new RateMeter(clock);
  meter.add();
  clock.setWall(0);
  expect(meter.lastMinute()).toBe(1);
  await clock.advance(86_400_000);
  expect(meter.lastMinute()).toBe(0);
});
