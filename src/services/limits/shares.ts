/**
 * So many of a thing at a time, so many for each who asks, and a few kept for whom nobody else may shut out: one who
 * takes long, or all there is, takes it from himself alone.
 */
import type { AtlasError } from '../../base/errors.ts';

export interface ShareLimits {
  readonly all: number;
  /** For one owner. */
  readonly each: number;
  /** Of all, those that only the favoured take. */
  readonly kept: number;
}

export class Shares {
  readonly #limits: ShareLimits;
  readonly #refusal: () => AtlasError;
  readonly #held = new Map<string, number>();
  #taken = 0;

  constructor(limits: ShareLimits, refusal: () => AtlasError) {
    this.#limits = limits;
    this.#refusal = refusal;
  }

  /** Returns what gives it back, which may be called again. Throws the refusal. */
  take(owner: string, { isFavoured }: { readonly isFavoured: boolean }): () => void {
    const { all, each, kept } = this.#limits;
    const own = this.#held.get(owner) ?? 0;
    if (own >= each || this.#taken >= (isFavoured ? all : all - kept)) throw this.#refusal();
    this.#held.set(owner, own + 1);
    this.#taken += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#giveBack(owner);
      isHeld = false;
    };
  }

  #giveBack(owner: string): void {
    const left = (this.#held.get(owner) ?? 0) - 1;
    if (left > 0) this.#held.set(owner, left);
    else this.#held.delete(owner);
    this.#taken -= 1;
  }
}
