/**
 * What the backend shows instead of ours, and which of the two counts (docs/protocol/roster.md, "Where it rests"). The
 * backend is taken to be hostile: what it lost is put back, what is no step is written over, another chain is judged by
 * the rule of forks, and what counted here for long is not judged anew at all. Believes nothing itself: what is to be
 * believed is for the keeper.
 */
import { type Chain, prefixOf } from '../../membership/roster-chain.ts';
import { judgeFork, removesSignerOf } from '../../membership/roster-fork.ts';
import type { RosterTrouble } from '../../membership/roster-trouble.ts';
import type { RosterStep } from '../../protocol/roster-step.ts';
import type { RosterComplaints } from './roster-complaints.ts';
import type { RosterCopy } from './roster-copy.ts';
import { FOLLOW_MS, type SharedChain } from './shared-chain.ts';

/** Looks in a row that did not come to the end of the chain, after which somebody is said to flood it. Arbitrary. */
const BEHIND_MAX = 3;
/** Times that a branch which is not settled is put back in place of the same other. Arbitrary: two looks would do. */
const INSIST_MAX = 4;

export interface RosterPin {
  readonly epoch: number;
  /** SHA-256, hex. */
  readonly digest: string;
}

/** Of another chain, before it is taken over. */
export interface RosterOrigin {
  readonly clusterId: string;
  /** The chain must hold these steps: from a package or a ticket. */
  readonly pins: readonly RosterPin[];
  /** For a chain without pins: whether somebody with our cluster secret made it (roster-proof.ts). */
  readonly isProved: (steps: readonly RosterStep[]) => boolean;
}

export interface RosterRivalryParts extends RosterOrigin {
  readonly shared: SharedChain;
  readonly copy: RosterCopy;
  readonly complaints: RosterComplaints;
}

/** Behind the last step that counts. */
interface Junk {
  readonly epoch: number;
  readonly reason: string;
}

export type Verdict =
  /** Ours counts, or what is there gives us none. */
  | { readonly kind: 'kept' }
  /** Neither the backend nor we have a first step. */
  | { readonly kind: 'vacant' }
  /** This counts. `lost`: steps of ours that it takes the place of. `junk`: to be cleared once it is believed. */
  | {
      readonly kind: 'believe';
      readonly chain: Chain;
      readonly lost: readonly RosterStep[];
      readonly junk: Junk | null;
    }
  /** From `at` on neither counts. */
  | { readonly kind: 'frozen'; readonly theirs: Chain; readonly at: number };

const KEPT: Verdict = { kind: 'kept' };

/** Each rejects with member_store_unavailable. */
export class RosterRivalry {
  readonly #parts: RosterRivalryParts;
  /** Whether the whole chain is to be compared at the next look. */
  #isWholeDue = true;
  /** Looks in a row that did not come to the end of the chain. */
  #looksBehind = 0;
  /** What a newcomer has read of a chain that is longer than one look. */
  #begun: Chain | null = null;
  /** How often ours was put in place of the branch that begins so. */
  #insisted: { readonly digest: string; readonly times: number } | null = null;

  constructor(parts: RosterRivalryParts) {
    this.#parts = parts;
  }

  /** More lies there than the last look could follow. */
  get isBehind(): boolean {
    return this.#looksBehind > 0;
  }

  /** Somebody holds more than the backend shows: compare everything at the next look. */
  suspect(): void {
    this.#isWholeDue = true;
  }

  /** A chain of the cluster that this node joins: whole from its first step, and with the steps that were promised. */
  async newcomer(): Promise<Verdict> {
    const { shared, complaints } = this.#parts;
    const { chain, fault, isPartial } = await shared.readBehind(this.#begun, { forMs: FOLLOW_MS });
    this.#begun = isPartial ? chain : null;
    this.#looksBehind = isPartial ? 1 : 0;
    if (chain === null && fault === null) return { kind: 'vacant' };
    if (chain === null) {
      await this.clearJunk({ epoch: 0, reason: fault ?? '' });
      return KEPT;
    }
    const objection = this.#objectionTo(chain);
    if (objection?.kind === 'unpinned' && isPartial) return KEPT; // the promised step is yet to come
    if (objection !== null) {
      complaints.note(objection);
      return KEPT;
    }
    complaints.settle();
    return { kind: 'believe', chain, lost: [], junk: null };
  }

  /** One look of who has a chain: most of the time at a part of it. */
  async look(chain: Chain): Promise<Verdict> {
    const { shared, copy, complaints } = this.#parts;
    const look = await shared.look(chain);
    if (look !== 'other' && !this.#isWholeDue) {
      await copy.noteSeen();
      return look === 'ahead' ? this.#follow(chain) : KEPT;
    }
    this.#isWholeDue = false;
    const difference = await shared.difference(chain);
    if (difference === null) return this.#follow(chain);
    this.#isWholeDue = true; // until all of it is there again
    const { at, isMissing } = difference;
    if (!isMissing) return this.#judge(chain, at);
    complaints.note({ kind: 'short', from: at });
    await shared.fill(chain, at);
    return KEPT;
  }

  /** What would keep every true step out. */
  async clearJunk({ epoch, reason }: Junk): Promise<void> {
    this.#parts.complaints.note({ kind: 'refused', epoch, reason });
    await this.#parts.shared.clear(epoch);
  }

  async #follow(chain: Chain): Promise<Verdict> {
    const { shared, complaints } = this.#parts;
    const { chain: longer, fault, isPartial } = await shared.readBehind(chain, { forMs: FOLLOW_MS });
    this.#looksBehind = isPartial ? this.#looksBehind + 1 : 0;
    if (this.#looksBehind >= BEHIND_MAX && longer !== null)
      complaints.note({ kind: 'flooded', ...busiest(longer.steps.slice(chain.steps.length)) });
    const junk = fault === null ? null : { epoch: longer?.steps.length ?? 0, reason: fault };
    if (longer !== null && longer.steps.length > chain.steps.length)
      return { kind: 'believe', chain: longer, lost: [], junk };
    if (junk !== null) await this.clearJunk(junk);
    return KEPT;
  }

  /** Something else lies there from `at` on: no step at all, or another branch, of which one counts. */
  async #judge(chain: Chain, at: number): Promise<Verdict> {
    const { shared, copy, complaints } = this.#parts;
    if (copy.isSettled(at) || (at === 0 && chain.roster.members.size > 1))
      return this.#refuseRewritten(chain, at);
    const theirs = await shared.readBehind(chain, { length: at });
    if (theirs.chain === null || theirs.chain.steps.length <= at)
      return this.#mendJunk(chain, at, theirs.fault ?? '');
    // Another beginning is judged as a newcomer would.
    if (at === 0 && this.#objectionTo(theirs.chain) !== null)
      return this.#mendJunk(chain, at, 'Of another cluster, or not by who holds its secret');
    const ours = chain.steps.slice(at);
    const branch = theirs.chain.steps.slice(at);
    const verdict = judgeFork(ours, branch, prefixOf(chain, at)?.roster ?? null);
    if (verdict === 'frozen') return { kind: 'frozen', theirs: theirs.chain, at };
    const isOurs = verdict === 'ours' && this.#mayInsist(ours, branch);
    complaints.note({ kind: 'forked', epoch: at, won: isOurs ? 'ours' : 'theirs' });
    if (!isOurs) return { kind: 'believe', chain: theirs.chain, lost: ours, junk: null };
    await shared.putBack(chain, at);
    return KEPT;
  }

  /** What counted here for long is not judged anew, nor read any further: whoever writes there could make us read for ever. */
  async #refuseRewritten(chain: Chain, at: number): Promise<Verdict> {
    const { shared, complaints } = this.#parts;
    const rival = await shared.rivalAt(chain, at);
    if ('fault' in rival) return this.#mendJunk(chain, at, rival.fault);
    const ours = chain.steps[at]?.digest ?? '';
    complaints.note({ kind: 'rewritten', epoch: at, ours, theirs: rival.step.digest });
    await shared.putBack(chain, at);
    return KEPT;
  }

  async #mendJunk(chain: Chain, at: number, reason: string): Promise<Verdict> {
    this.#parts.complaints.note({ kind: 'refused', epoch: at, reason });
    await this.#parts.shared.mend(chain, at);
    return KEPT;
  }

  /**
   * By the rule ours counts. But what the backend never showed nobody else has, unless it is kept from them by whom it
   * takes out; and who stays with the other after it was put back a few times has settled it. Then it is for us to give
   * in, or two halves never meet again; what was ordered is ordered once more.
   */
  #mayInsist(ours: readonly RosterStep[], theirs: readonly RosterStep[]): boolean {
    const isShown = this.#parts.copy.isSeen(ours[0]?.epoch ?? 0);
    if (!isShown && !removesSignerOf(ours, theirs)) return false;
    const digest = theirs[0]?.digest ?? '';
    const times = this.#insisted?.digest === digest ? this.#insisted.times + 1 : 1;
    this.#insisted = { digest, times };
    return times <= INSIST_MAX;
  }

  /** Why a chain that does not go on from ours is not taken over; null when it may be. */
  #objectionTo({ steps, roster }: Chain): RosterTrouble | null {
    const { clusterId, pins, isProved } = this.#parts;
    if (roster.clusterId !== clusterId) return { kind: 'foreign' };
    if (pins.length === 0 && !isProved(steps)) return { kind: 'foreign' };
    const missed = pins.find(({ epoch, digest }) => steps[epoch]?.digest !== digest);
    return missed === undefined ? null : { kind: 'unpinned', epoch: missed.epoch };
  }
}

/** Who signed most of these steps. */
function busiest(steps: readonly RosterStep[]): { readonly by: string; readonly steps: number } {
  const counts = new Map<string, number>();
  for (const { signer } of steps) counts.set(signer, (counts.get(signer) ?? 0) + 1);
  const [by, count] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), ['', 0]);
  return { by, steps: count };
}
