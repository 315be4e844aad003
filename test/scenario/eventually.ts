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
