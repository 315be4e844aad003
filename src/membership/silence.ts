/**
 * How long one member was silent, less what we could not see: a registry that was away, and our own sleep, are nobody's
 * silence. But they count for it only once until it speaks again: who hides the registry again and again would
 * otherwise keep the dead alive. All times are monotonic, in milliseconds.
 */
export class Silence {
  readonly #timeoutMs: number;
  #advancedAtMs: number;
  /** From when silence counts: the last word, moved on by the times in which we could not see. */
  #judgedFromMs: number;
  /** The last word, moved on by just those times: since then it was silent while we saw. */
  #inSightFromMs: number;
  /** By how much #judgedFromMs may still be moved on: by one timeout, until it speaks. */
  #indulgenceMs: number;
  /** Judged offline; stays so until it speaks, whatever happens to our own sight. */
  #isDead = false;

  constructor(nowMs: number, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#advancedAtMs = nowMs;
    this.#judgedFromMs = nowMs;
    this.#inSightFromMs = nowMs;
    this.#indulgenceMs = timeoutMs;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** It has spoken. */
  end(nowMs: number): void {
    this.#advancedAtMs = nowMs;
    this.#judgedFromMs = nowMs;
    this.#inSightFromMs = nowMs;
    this.#isDead = false;
    this.indulge();
  }

  /** One timeout of not seeing may be left out again. */
  indulge(): void {
    this.#indulgenceMs = this.#timeoutMs;
  }

  die(): void {
    this.#isDead = true;
  }

  /** Since its last word, whatever we saw. */
  lastsMs(nowMs: number): number {
    return nowMs - this.#advancedAtMs;
  }

  countsMs(lookedAtMs: number): number {
    return this.#isDead ? Number.POSITIVE_INFINITY : lookedAtMs - this.#judgedFromMs;
  }

  inSightMs(lookedAtMs: number): number {
    return lookedAtMs - this.#inSightFromMs;
  }

  /** We see again after a long while, or woke up: one timeout to speak. False for who has just spoken, or had it. */
  sight(blindMs: number, nowMs: number): boolean {
    if (this.#advancedAtMs >= nowMs) return false;
    this.#inSightFromMs = later(this.#inSightFromMs, blindMs, nowMs);
    if (this.#indulgenceMs === 0) return false;
    this.#indulgenceMs = 0;
    if (!this.#isDead) this.#judgedFromMs = Math.max(this.#judgedFromMs, nowMs);
    return true;
  }

  /** We could not see for so long, up to now. */
  overlook(blindMs: number, nowMs: number): void {
    if (this.#advancedAtMs >= nowMs) return;
    this.#inSightFromMs = later(this.#inSightFromMs, blindMs, nowMs);
    const leftOutMs = Math.min(blindMs, this.#indulgenceMs);
    this.#indulgenceMs -= leftOutMs;
    this.#judgedFromMs = later(this.#judgedFromMs, leftOutMs, nowMs);
  }
}

/** Later by so much, and never beyond now. */
function later(fromMs: number, byMs: number, nowMs: number): number {
  return Math.max(fromMs, Math.min(fromMs + byMs, nowMs));
}
