/**
 * How often something may happen, as a rule over one number (the generic cell rate algorithm, a token bucket turned
 * inside out): the time at which the bucket is full again. A bucket that is full need not be remembered.
 */

export interface RateRule {
  /** At once, after a rest. */
  readonly burst: number;
  readonly perSecond: number;
}

/** After the burst, in words: "2 a second". */
export function paceText({ perSecond }: RateRule): string {
  if (perSecond >= 1) return `${perSecond} a second`;
  const seconds = Math.round(1 / perSecond);
  return seconds === 60 ? 'one a minute' : `one each ${seconds} seconds`;
}

export interface Taken {
  /** Milliseconds until as much can be taken; 0: it was. */
  readonly waitMs: number;
  readonly fullAtMs: number;
}

/** `fullAtMs` as it was; undefined for a full bucket. What is refused takes nothing. `cost`: at most `burst`. */
export function take(fullAtMs: number | undefined, rule: RateRule, nowMs: number, cost = 1): Taken {
  const perTokenMs = 1000 / rule.perSecond;
  const wasMs = Math.max(fullAtMs ?? nowMs, nowMs);
  const nextMs = wasMs + cost * perTokenMs;
  const waitMs = nextMs - nowMs - rule.burst * perTokenMs;
  return waitMs > 0 ? { waitMs, fullAtMs: wasMs } : { waitMs: 0, fullAtMs: nextMs };
}
