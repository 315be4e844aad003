/**
 * The wall clock of one server jumps while it runs, and a minute later it is right again. Inside the tolerance
 * nothing may happen; outside, the others refuse its records and call it rejected: not dead, and no attacker.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { fakeClock } from '../../test/backends/faketime.ts';
import type { LiveServer } from '../../test/scenario/live-cluster.ts';
import type { Fault, Pace } from '../fault.ts';
import { ordeal } from '../ordeal.ts';
import { finding } from '../signs.ts';

/** Seconds that libfaketime may go on with the offset it read last. */
const NOTICED_SECONDS = 1;
/** Seconds that records may be ahead, as shipped. */
const TOLERANCE_SECONDS = 5;

/** The environment of a server whose clock follows this file. */
export function clockFrom(path: string): Record<string, string> {
  const { FAKETIME: _fixed, ...preload } = fakeClock(0);
  setClock(path, 0);
  return { ...preload, FAKETIME_TIMESTAMP_FILE: path, FAKETIME_CACHE_DURATION: `${NOTICED_SECONDS}` };
}

/** In one step: libfaketime never reads half a number. */
export function setClock(path: string, seconds: number): void {
  writeFileSync(`${path}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  renameSync(`${path}.new`, path);
}

function clockOff(seconds: number, words: string, clock: () => string): Fault {
  const isWrong = Math.abs(seconds) > TOLERANCE_SECONDS;
  return ordeal({
    name: `clock ${words}`,
    about: `the clock of one server jumps by ${words}, and back`,
    stand: 'clock',
    minutes: (pace) => lasts(pace) / 60_000 + 0.3,
    lasts,
    strike: async (stand) => {
      const victim = stand.third;
      const sinceMs = performance.now();
      setClock(clock(), seconds);
      const unhealthy = () => ({
        fault: `clock ${words}`,
        figure: 'times it was not called healthy',
        value: stand.witness.changes.filter(
          ({ atMs, nodeId, state }) => atMs >= sinceMs && nodeId === victim.name && state !== 'healthy',
        ).length,
        unit: 'count' as const,
        bar: 0,
      });
      return {
        ...(!isWrong && { more: () => [unhealthy()] }),
        ...(isWrong && { victim, becomes: 'rejected', told: told(victim, stand.others(victim)) }),
        heal: async () => setClock(clock(), 0),
      };
    },
  });
}

/** Long enough to be called offline, if anybody were to. */
const lasts = ({ timeoutSeconds, intervalSeconds }: Pace) => (timeoutSeconds + 2 * intervalSeconds) * 1000;

function told({ name }: LiveServer, by: readonly LiveServer[]) {
  return {
    since: 'seen',
    sign: {
      by,
      event: 'cluster.node.state',
      words: new RegExp(`(?=.*Node ${name} is rejected)(?=.*"reason":"Timestamp)`),
      health: finding('node_rejected_clock', new RegExp(`\\b${name}\\b.*clock`)),
    },
  } as const;
}

/** `clock`: the path that the third server's clock follows. */
export const clocksOff = (clock: () => string): Fault[] => [
  clockOff(2, '+2 s', clock),
  clockOff(-2, '−2 s', clock),
  clockOff(60, '+60 s', clock),
  clockOff(-60, '−60 s', clock),
  clockOff(600, '+10 min', clock),
  clockOff(-600, '−10 min', clock),
];
