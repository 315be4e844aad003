/**
 * Two branches of the roster that took each other's signer out. Neither counts until a person has chosen; and so that
 * every member learns of both, those who know show them in the backend in turn, until no living member holds either.
 */
import type { Clock } from '../../base/clock.ts';
import type { Roster } from '../../membership/roster.ts';
import { type Chain, prefixOf } from '../../membership/roster-chain.ts';
import type { RosterTrouble } from '../../membership/roster-trouble.ts';
import type { SharedChain } from './shared-chain.ts';

/** Intervals for which one branch is shown: everybody looks twice in each. */
const SHOWN_INTERVALS = 2;

export interface RosterDisputeParts {
  readonly ours: Chain;
  readonly theirs: Chain;
  /** The epoch from which on they differ. */
  readonly at: number;
  readonly shared: SharedChain;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly peerEpochs: () => readonly number[];
}

export class RosterDispute {
  readonly #parts: RosterDisputeParts;
  /** What both sides agree on; null when they differ in the first step. */
  readonly agreed: Roster | null;
  #shown: 'ours' | 'theirs' | null = 'theirs';
  #shownSinceMs: number;

  constructor(parts: RosterDisputeParts) {
    this.#parts = parts;
    this.agreed = parts.at === 0 ? null : (prefixOf(parts.ours, parts.at)?.roster ?? null);
    this.#shownSinceMs = parts.clock.monotonicMs();
  }

  get at(): number {
    return this.#parts.at;
  }

  get theirs(): Chain {
    return this.#parts.theirs;
  }

  get trouble(): Extract<RosterTrouble, { kind: 'frozen' }> {
    const { ours, theirs, at } = this.#parts;
    const first = ({ steps }: Chain) => steps[at]?.digest ?? '';
    return { kind: 'frozen', epoch: at, ours: first(ours), theirs: first(theirs) };
  }

  /** One look. Rejects with member_store_unavailable. */
  async attend(): Promise<void> {
    const { at, shared, clock, intervalMs, peerEpochs, ours, theirs } = this.#parts;
    const shown = await shared.shows(at, { ours, theirs });
    const nowMs = clock.monotonicMs();
    if (shown !== this.#shown) this.#shownSinceMs = nowMs;
    this.#shown = shown;
    const isUnknown = peerEpochs().some((epoch) => epoch >= at);
    const isLong = nowMs - this.#shownSinceMs >= SHOWN_INTERVALS * intervalMs;
    if (shown === null || (isUnknown && isLong)) await shared.show(shown === 'ours' ? theirs : ours, at);
  }
}
