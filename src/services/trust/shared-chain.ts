/**
 * The chain as it lies in the shared backend, which may have lost steps, or show what somebody else put there: compared
 * with ours little by little, read as far as it counts, and put right. What it means is for the keeper to say.
 */
import { type Clock, nextTurn } from '../../base/clock.ts';
import { type Chain, extend, type Folding, isStep, prefixOf } from '../../membership/roster-chain.ts';
import { type RosterStep, readStep } from '../../protocol/roster-step.ts';
import type { SlotReading } from '../../store/member-store.ts';
import type { RosterStore } from '../../store/roster-store.ts';
import { PutBackBudget } from './put-back-budget.ts';

/** Places looked at behind the last step, and earlier ones looked at in turn, at each look. Arbitrary. */
const AHEAD = 2;
const IN_TURN = 8;
/** Places read in one round trip where the whole chain is read. Arbitrary. */
const STEPS_PER_READ = 16;
/** Bytes folded in one turn of the event loop: some milliseconds. Arbitrary. */
const BYTES_PER_TURN = 128 * 1024;
/** Bytes read of one chain at a time, so that none fills our memory. Arbitrary: some hundred thousand small steps. */
const READ_MAX_BYTES = 64 * 1024 * 1024;
/** Milliseconds for which one look follows a chain: a member may write steps as fast as the backend takes them. Arbitrary. */
export const FOLLOW_MS = 500;

/** `ahead`: the same, and something lies behind it. */
export type Look = 'same' | 'ahead' | 'other';

export interface PartialFolding extends Folding {
  /** There may be more behind it, which is for another time. */
  readonly isPartial: boolean;
}

/** Each rejects with member_store_unavailable. */
export class SharedChain {
  readonly #store: RosterStore;
  readonly #clock: Clock;
  readonly #putBacks: PutBackBudget;
  /** The next of the earlier steps to be looked at. */
  #turn = 0;

  constructor(store: RosterStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#putBacks = new PutBackBudget(clock);
  }

  /** Somebody overwrites it as often as we put it back. */
  get isContested(): boolean {
    return this.#putBacks.isSpent;
  }

  /** A person has decided something: put back again, as often as at first. */
  forgive(): void {
    this.#putBacks.refill();
  }

  /** The last step, what is behind it, and some of the earlier ones, in one round trip. */
  async look({ steps }: Chain): Promise<Look> {
    const head = steps.length - 1;
    const from = this.#turn < steps.length ? this.#turn : 0;
    const expected = steps.slice(from, from + IN_TURN);
    const [ahead, earlier] = await Promise.all([
      this.#store.read(head, AHEAD),
      this.#store.read(from, expected.length),
    ]);
    this.#turn = from + IN_TURN;
    if (!isAt(ahead[0], steps[head]) || !expected.every((step, i) => isAt(earlier[i], step))) return 'other';
    return ahead.length > 1 ? 'ahead' : 'same';
  }

  /** From which step on it shows something else than ours; null when all of ours lie there. */
  async difference({ steps }: Chain): Promise<{ readonly at: number; readonly isMissing: boolean } | null> {
    for (let from = 0; from < steps.length; from += STEPS_PER_READ) {
      const expected = steps.slice(from, from + STEPS_PER_READ);
      const places = await this.#store.read(from, expected.length);
      const other = expected.findIndex((step, i) => !isAt(places[i], step));
      if (other !== -1) return { at: from + other, isMissing: places[other] === undefined };
    }
    return null;
  }

  /**
   * As much as counts of what lies there behind the first `length` steps of ours; of a whole chain without ours. With
   * turns of the event loop between: steps are large, and whoever writes there decides how many there are. What was
   * read until `forMs` are over counts as much as all.
   */
  async readBehind(
    chain: Chain | null,
    { length = chain?.steps.length ?? 0, forMs = Number.POSITIVE_INFINITY } = {},
  ): Promise<PartialFolding> {
    const beganMs = this.#clock.monotonicMs();
    let folding: Folding = {
      chain: chain === null || length === 0 ? null : prefixOf(chain, length),
      fault: null,
    };
    let total = 0;
    for (let next = length; ; next += STEPS_PER_READ) {
      const places = await this.#store.read(next, STEPS_PER_READ);
      for (const steps of inTurns(places.map(asBytes))) {
        folding = extend(folding.chain, steps);
        if (folding.fault !== null) return { ...folding, isPartial: false };
        total += sizeOf(steps);
        await nextTurn();
      }
      if (places.length < STEPS_PER_READ) return { ...folding, isPartial: false };
      const isLate = this.#clock.monotonicMs() - beganMs >= forMs;
      if (isLate || total >= READ_MAX_BYTES) return { ...folding, isPartial: true };
    }
  }

  /** The step that lies there in place of ours, where it would count; else why not. Nothing behind it is read. */
  async rivalAt(chain: Chain, at: number): Promise<{ step: RosterStep } | { fault: string }> {
    const [place] = await this.#store.read(at, 1);
    const bytes = place === undefined ? new Uint8Array() : asBytes(place);
    const reading = readStep(bytes);
    if (!reading.ok) return { fault: reading.reason };
    if (at > 0 && reading.step.parent !== chain.steps[at]?.parent)
      return { fault: 'Does not follow the last step' };
    const { fault } = extend(at === 0 ? null : prefixOf(chain, at), [bytes]);
    return fault === null ? { step: reading.step } : { fault };
  }

  /** False when something lies there already. */
  append(step: RosterStep): Promise<boolean> {
    return this.#store.append(step.epoch, step.bytes);
  }

  /** Only what is missing is written: behind a hole there may be more. */
  async fill({ steps }: Chain, at: number): Promise<void> {
    for (const step of steps.slice(at)) if (!(await this.append(step))) return;
  }

  /** Junk that would keep every true step out goes: there is no other half of the cluster that would want it back. */
  clear(from: number): Promise<void> {
    return this.#store.cut(from);
  }

  /** Ours over junk; nothing is cut off, for behind our last step may lie a true one that somebody wrote meanwhile. */
  mend(chain: Chain, at: number): Promise<void> {
    return this.#write(chain, at);
  }

  /** Ours in place of another branch, as often as the budget allows. */
  async putBack(chain: Chain, at: number): Promise<void> {
    if (this.#putBacks.spend()) await this.show(chain, at);
  }

  /** This branch and nothing else, from there on. */
  async show(chain: Chain, at: number): Promise<void> {
    await this.#write(chain, at);
    await this.#store.cut(chain.steps.length);
  }

  /** Which of these branches lies there; null for neither. */
  async shows<Name extends string>(at: number, branches: Record<Name, Chain>): Promise<Name | null> {
    const [place] = await this.#store.read(at, 1);
    const names = Object.keys(branches) as Name[];
    return names.find((name) => isAt(place, branches[name].steps[at])) ?? null;
  }

  async #write({ steps }: Chain, at: number): Promise<void> {
    for (const step of steps.slice(at)) await this.#store.replace(step.epoch, step.bytes);
  }
}

const sizeOf = (steps: readonly Uint8Array[]) => steps.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** As many at a time as one turn of the event loop may take. */
function inTurns(steps: readonly Uint8Array[]): Uint8Array[][] {
  const turns: Uint8Array[][] = [];
  for (const step of steps) {
    const last = turns.at(-1);
    if (last !== undefined && sizeOf(last) < BYTES_PER_TURN) last.push(step);
    else turns.push([step]);
  }
  return turns;
}

/** What is no bytes at all is no step either. */
function asBytes(place: SlotReading): Uint8Array {
  return place.kind === 'bytes' ? place.bytes : new Uint8Array();
}

function isAt(place: SlotReading | undefined, step: RosterStep | undefined): boolean {
  return place?.kind === 'bytes' && isStep(place.bytes, step);
}
