/**
 * A fault: what it does and how it is judged. Most are an ordeal (ordeal.ts): strike, watch, heal, measure; some
 * measure in their own way.
 */

import type { Stand } from './stand.ts';
import type { Figure } from './verdict.ts';

/** Which stand it needs; faults of one stand run one after the other on the same. */
export type StandKind = 'cluster' | 'five' | 'sentinel' | 'clock' | 'disk';

export interface Fault {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  readonly stand: StandKind;
  /** Minutes, at this pace: for people who wait. */
  readonly minutes: (pace: Pace) => number;
  /** Why it cannot run here, or undefined. */
  readonly skip?: () => string | undefined;
  run(stand: Stand, pace: Pace): Promise<Figure[]>;
}

/** How fast a run goes: as shipped, or `--quick`. */
export interface Pace {
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** In which an operator must be told: two intervals, and no less than the readiness probe needs. */
  readonly toldSeconds: number;
  /** How long a fault lasts that lasts a minute. */
  readonly minuteMs: number;
  /** How often a server is killed, and for how long the crowd reports. */
  readonly kills: number;
  readonly crowdMs: number;
  readonly killEveryMs: number;
  /** How long a server of the crowd stays away: too short to be called offline. */
  readonly awayMs: number;
  readonly agents: number;
}

export const SHIPPED: Pace = {
  intervalSeconds: 10,
  timeoutSeconds: 30,
  toldSeconds: 20,
  minuteMs: 60_000,
  kills: 10,
  crowdMs: 300_000,
  killEveryMs: 30_000,
  awayMs: 5000,
  agents: 50,
};

export const QUICK: Pace = {
  intervalSeconds: 1,
  timeoutSeconds: 4,
  toldSeconds: 8,
  minuteMs: 12_000,
  kills: 3,
  crowdMs: 45_000,
  killEveryMs: 15_000,
  awayMs: 500,
  agents: 50,
};
