/**
 * Time as an argument. Wall time says when something happened and goes into records; monotonic time says how
 * long ago, and is the only one that judges life and death: nobody is declared dead because NTP moved a clock.
 */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Unix milliseconds, may jump either way. */
  wallMs(): number;
  /** Milliseconds from an arbitrary start, never goes back; stands still while the machine sleeps on some systems. */
  monotonicMs(): number;
  /** Calls once after ms. The timer does not keep the process alive. */
  after(ms: number, call: () => void): Timer;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves when everything else that is due has run once: between two pieces of work that block. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Unix seconds, whole, as records carry them. */
export function unixSeconds(clock: Clock): number {
  return Math.floor(clock.wallMs() / 1000);
}

/** Resolves after ms on this clock; rejects at once with the signal's reason when it is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
