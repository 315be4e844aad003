/**
 * Waits until something is so, or says what never became so. It looks often, so a time measured with it is late
 * by one look and one answer at most; no test has to sleep for a fixed time.
 */
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds between two looks. */
const LOOK_MS = 25;

/** The first answer that is neither undefined nor false. A look that throws is a look that found nothing. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let failure: unknown;
  do {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    await wait(LOOK_MS);
  } while (performance.now() < deadline);
  throw new Error(`not within ${withinMs} ms: ${what}`, { cause: failure });
}

export interface Took {
  readonly afterMs: number;
  /** Milliseconds of them that this machine may have kept everybody waiting. */
  readonly lateMs: number;
  /** The longest time from one answer to the next, as we were given it. */
  readonly stillMs: number;
}

/**
 * How often a process that is kept waiting on a busy machine can make a test late: at the server's look, at its
 * answer, at our look. For how long, the test measures in the same seconds: some 40 ms when the machine is free.
 */
const LATE_TIMES = 3;

/** As eventually(), and how long after `sinceMs` it was so. A promise about that time is kept within `lateMs` more. */
export async function timeUntil(
  what: string,
  withinMs: number,
  sinceMs: number,
  look: () => Promise<boolean>,
): Promise<Took> {
  let answeredAtMs = sinceMs;
  let stillMs = 0;
  await eventually(what, withinMs, async () => {
    const isSo = await look();
    stillMs = Math.max(stillMs, performance.now() - answeredAtMs);
    answeredAtMs = performance.now();
    return isSo;
  });
  return { afterMs: answeredAtMs - sinceMs, lateMs: LATE_TIMES * stillMs, stillMs };
}
