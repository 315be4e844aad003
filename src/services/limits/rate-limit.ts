/**
 * Who asks too often is told to wait (rate_limited, with the seconds). One bucket for each caller, in bounded memory
 * of this one server, judged on the monotonic clock. The rule stands in rate-rule.ts.
 */
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import { paceText, type RateRule, take } from './rate-rule.ts';

/** Callers remembered; who was quiet for longest goes first, and is full soonest. Arbitrary: about 2 MB. */
export const RATE_CALLERS_MAX = 20_000;

export interface RateLimitOptions extends RateRule {
  /** Which limit this is, for the sentence: "One machine". */
  readonly who: string;
  /** What of it is limited: "reports". */
  readonly what: string;
  /** What to do about it. */
  readonly hint: string;
}

export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #clock: Clock;
  /** When each bucket is full again, in the order of the last taking. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(options: RateLimitOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Throws rate_limited. */
  take(caller: string, cost = 1): void {
    const { waitMs, fullAtMs } = take(
      this.#fullAtMs.get(caller),
      this.#options,
      this.#clock.monotonicMs(),
      cost,
    );
    if (waitMs > 0) throw this.refusal(waitMs);
    this.#fullAtMs.delete(caller);
    this.#fullAtMs.set(caller, fullAtMs);
    const [quietest] = this.#fullAtMs.keys();
    if (this.#fullAtMs.size > RATE_CALLERS_MAX && quietest !== undefined) this.#fullAtMs.delete(quietest);
  }

  /** What was taken for something that turned out not to count. */
  giveBack(caller: string, cost: number): void {
    const fullAtMs = this.#fullAtMs.get(caller);
    const perTokenMs = 1000 / this.#options.perSecond;
    if (fullAtMs !== undefined) this.#fullAtMs.set(caller, fullAtMs - cost * perTokenMs);
  }

  /** Milliseconds until the caller would be let through; takes nothing. */
  waitMs(caller: string, cost = 1): number {
    return take(this.#fullAtMs.get(caller), this.#options, this.#clock.monotonicMs(), cost).waitMs;
  }

  refusal(waitMs: number): AtlasError {
    const { who, what, burst, hint } = this.#options;
    const sentence = `${who} may send ${burst} ${what} at once, then ${paceText(this.#options)}.`;
    return new AtlasError('rate_limited', sentence, { hint, retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }
}
