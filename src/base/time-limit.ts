/** A limit for what may never answer: the work goes on, but nobody waits for it. */
import type { Clock } from './clock.ts';

export class NoAnswer extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

export async function within<T>(clock: Clock, ms: number, work: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(ms, () => reject(new NoAnswer(ms)));
  try {
    return await Promise.race([work(), late]);
  } finally {
    timer.cancel();
  }
}
