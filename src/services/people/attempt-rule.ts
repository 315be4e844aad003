/**
 * When who guesses has to wait, as a rule over what the store holds of one subject: after some free failures within
 * 15 minutes each further one doubles the wait. Times are wall time, for servers count together; a row that a clock
 * wrote which was ahead is taken as written now, so that it neither blocks for ever nor is worth nothing.
 */
import type { Attempts } from '../../store/attempt-store.ts';

export const ATTEMPT_WINDOW_SECONDS = 900;
/** The first wait, and the longest. Arbitrary. */
export const ATTEMPT_WAIT_SECONDS = 30;
export const ATTEMPT_WAIT_MAX_SECONDS = 900;
/** How far the clocks of servers may be apart before a row is believed to lie in the future. Arbitrary. */
const CLOCKS_APART_MS = 60_000;

export interface Judgement {
  /** Milliseconds until the next attempt is taken; 0: this one was, and counts as a failure until it succeeds. */
  readonly waitMs: number;
  /** What the store is to hold from now on. */
  readonly attempts: Attempts;
}

/** An attempt that is refused is no failure itself: who keeps knocking does not lock himself out for ever. */
export function judgeAttempt(held: Attempts | undefined, free: number, nowMs: number): Judgement {
  const current = held && anchored(held, nowMs);
  if (current === undefined || isForgotten(current, nowMs))
    return { waitMs: 0, attempts: fail(0, free, nowMs) };
  const waitMs = current.blockedUntilMs - nowMs;
  if (waitMs > 0) return { waitMs, attempts: current };
  return { waitMs: 0, attempts: fail(current.count, free, nowMs) };
}

/** After an attempt that was no failure; null when nothing is left to remember. */
export function takeBack(held: Attempts | undefined, free: number): Attempts | null {
  if (held === undefined || held.count <= 1) return null;
  const count = held.count - 1;
  return { ...held, count, blockedUntilMs: count < free ? 0 : held.blockedUntilMs };
}

function fail(failures: number, free: number, nowMs: number): Attempts {
  const count = failures + 1;
  const beyond = count - free;
  const waitSeconds = Math.min(ATTEMPT_WAIT_MAX_SECONDS, ATTEMPT_WAIT_SECONDS * 2 ** beyond);
  return { count, lastMs: nowMs, blockedUntilMs: beyond < 0 ? 0 : nowMs + waitSeconds * 1000 };
}

function anchored(held: Attempts, nowMs: number): Attempts {
  const aheadMs = held.lastMs - nowMs;
  if (aheadMs <= CLOCKS_APART_MS) return held;
  return { ...held, lastMs: nowMs, blockedUntilMs: Math.max(0, held.blockedUntilMs - aheadMs) };
}

function isForgotten({ lastMs, blockedUntilMs }: Attempts, nowMs: number): boolean {
  return nowMs - Math.max(lastMs, blockedUntilMs) >= ATTEMPT_WINDOW_SECONDS * 1000;
}
