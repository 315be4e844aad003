/**
 * Members learn of another cluster secret one after the other, and each may have said one more word with the one that is
 * retired by then. It is refused as any such record, and changes nothing; the alarm alone waits for one node timeout, and
 * comes after all where the word still lies there. Who is no member has no such time.
 */
import type { Clock } from '../../base/clock.ts';
import type { Roster } from '../../membership/roster.ts';
import type { Keyring } from '../../protocol/keyring.ts';
import type { Refusal } from '../../protocol/refusal.ts';

export interface LateWordsParts {
  readonly keyring: Keyring | null;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly roster: () => Roster | null;
}

export class LateWords {
  readonly #parts: LateWordsParts;
  #accepted: string;
  /** Monotonic, when the secrets that count were changed; not since this server started. */
  #changedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: LateWordsParts) {
    this.#parts = parts;
    this.#accepted = this.#acceptedNow();
  }

  /** Before the slots of each look are judged. */
  look(): void {
    const now = this.#acceptedNow();
    if (now !== this.#accepted) this.#changedAtMs = this.#parts.clock.monotonicMs();
    this.#accepted = now;
  }

  /** Whether nothing is to be said of it yet. */
  excuses({ code }: Refusal, nodeId: string): boolean {
    const { clock, timeoutMs, roster } = this.#parts;
    if (code !== 'retired_key' || roster()?.members.has(nodeId) !== true) return false;
    return clock.monotonicMs() - this.#changedAtMs < timeoutMs;
  }

  #acceptedNow(): string {
    return this.#parts.keyring?.acceptedIds.join() ?? '';
  }
}
