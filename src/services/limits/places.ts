/**
 * So much work of one kind at a time, so much more that waits its turn, and no more: what costs a connection, a core
 * or memory is bounded here before it begins, whoever asks for it.
 */
import type { AtlasError } from '../../base/errors.ts';

export interface PlaceLimits {
  readonly running: number;
  readonly waiting: number;
}

export class Places {
  readonly #limits: PlaceLimits;
  readonly #refusal: () => AtlasError;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** `refusal`: for who finds as many waiting as may. */
  constructor(limits: PlaceLimits, refusal: () => AtlasError) {
    this.#limits = limits;
    this.#refusal = refusal;
  }

  /** First come, first served. Rejects with the refusal before `work` has begun, or as `work` does. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#limits.running) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#limits.waiting) throw this.#refusal();
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the place to who waits longest, so `#running` stays as it is. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
