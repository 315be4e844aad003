/** Every fault, in the order in which they run, cheap ones first; and the stand that each kind needs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault, Pace, StandKind } from './fault.ts';
import { clockFrom, clocksOff } from './faults/clock-off.ts';
import { crowd } from './faults/crowd.ts';
import { diskFull } from './faults/disk-full.ts';
import { postgresKilled } from './faults/postgres-killed.ts';
import { recordsForged } from './faults/records-forged.ts';
import { redisEmptied, redisPaused } from './faults/redis-away.ts';
import { registryCut, registrySilent } from './faults/registry-cut.ts';
import { rotation, rotationOrphaned, rotationSleptThrough } from './faults/rotation.ts';
import { sentinelFailover } from './faults/sentinel-failover.ts';
import { serverDrained } from './faults/server-drained.ts';
import { serverKilled } from './faults/server-killed.ts';
import { serverPaused } from './faults/server-paused.ts';
import type { Reaper } from './reaper.ts';
import { SmallDisk } from './small-disk.ts';
import { Stand, type StandPlan } from './stand.ts';

/** Agents in processes of their own, beside the others, as witnesses. */
const AGENT_PROCESSES = 2;

export interface Chapter {
  readonly kind: StandKind;
  readonly faults: readonly Fault[];
  open(pace: Pace, reaper: Reaper): Promise<Stand>;
}

export function program(): Chapter[] {
  return [onSmallDisk(), onSentinels(), onFive(), onCluster(), withClocks()];
}

function basis({ intervalSeconds, timeoutSeconds, agents }: Pace) {
  return { intervalSeconds, timeoutSeconds, agents, agentProcesses: AGENT_PROCESSES };
}

function chapter(
  kind: StandKind,
  faults: readonly Fault[],
  plan: Pick<StandPlan, 'backends' | 'servers'>,
): Chapter {
  return { kind, faults, open: (pace, reaper) => Stand.open({ ...basis(pace), ...plan }, reaper) };
}

const onSentinels = () => chapter('sentinel', [sentinelFailover], { backends: 'sentinel' });

const onFive = () =>
  chapter('five', [rotation, rotationSleptThrough, rotationOrphaned], { backends: 'redis', servers: 5 });

const onCluster = () =>
  chapter(
    'cluster',
    [
      recordsForged,
      serverDrained,
      redisEmptied,
      redisPaused,
      registryCut,
      registrySilent,
      serverPaused,
      postgresKilled,
      crowd,
      serverKilled,
    ],
    { backends: 'redis' },
  );

/** The third server's clock follows a file. */
function withClocks(): Chapter {
  const folder = new Later('the folder of the clock', () => mkdtempSync(join(tmpdir(), 'atlas-clock-')));
  const path = () => join(folder.made, 'clock');
  return {
    kind: 'clock',
    faults: clocksOff(path),
    open(pace, reaper) {
      reaper.mind(folder.make(), (one) => rmSync(one, { recursive: true, force: true }));
      return Stand.open({ ...basis(pace), backends: 'redis', thirdEnv: clockFrom(path()) }, reaper);
    },
  };
}

/** SQLite, because with PostgreSQL a server's own disk takes no reports. */
function onSmallDisk(): Chapter {
  const disk = new Later('the small disk', () => SmallDisk.mount());
  return {
    kind: 'disk',
    faults: [diskFull(() => disk.made)],
    open(pace, reaper) {
      const { folder } = reaper.mind(disk.make(), (one) => one.unmount());
      return Stand.open({ ...basis(pace), backends: 'files', databaseFolder: folder }, reaper);
    },
  };
}

/** What a fault needs and only its chapter makes, once that begins. */
class Later<T> {
  readonly #what: string;
  readonly #make: () => T;
  #made: T | undefined;

  constructor(what: string, make: () => T) {
    this.#what = what;
    this.#make = make;
  }

  make(): T {
    this.#made = this.#make();
    return this.#made;
  }

  get made(): T {
    if (this.#made === undefined) throw new Error(`${this.#what} is not there yet`);
    return this.#made;
  }
}
