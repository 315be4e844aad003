/** The rule of twins by itself: each answer, and the ends of many random courses of two and three of them. */
import { describe, expect, it } from 'vitest';
import { answerTo, CONTEST_REMEMBERED_MS, type Contest } from '../../src/membership/twin.ts';
import type { Contested } from '../../src/protocol/heartbeat.ts';

const HERE = { host: 'here.example', port: 1 };
const THERE = { host: 'there.example', port: 2 };
const AT = 1_000_000;

const contest = (said: Contested, agoMs = 1000): Contest => ({ said, foundAtMs: AT - agoMs });
const found = (said?: Contested) => ({ said, address: THERE });

describe('a record of our own key that is ahead of us', () => {
  it('found for the first time is answered, and is no twin yet: a resumed machine finds its own', () => {
    expect(answerTo(null, found(), AT)?.(70)).toEqual({ since: 70 });
    expect(answerTo(null, found({ since: 5, twin: HERE }), AT)?.(70)).toEqual({ since: 70 });
  });

  it('found again comes from a twin that lives', () => {
    expect(answerTo(contest({ since: 60 }), found(), AT)?.(70)).toEqual({ since: 60, twin: THERE });
    expect(answerTo(contest({ since: 60 }), found({ since: 65 }), AT)?.(70)).toEqual({
      since: 60,
      twin: THERE,
    });
  });

  it('found again after long is found for the first time, unless the twin was known', () => {
    const { since } = { since: 60 };
    expect(answerTo(contest({ since }, CONTEST_REMEMBERED_MS), found(), AT)?.(70)).toEqual({ since: 70 });
    const known = contest({ since, twin: HERE }, CONTEST_REMEMBERED_MS);
    expect(answerTo(known, found(), AT)?.(70)).toEqual({ since, twin: THERE });
  });

  it('silences us when the twin answered first, and knows of us', () => {
    expect(answerTo(contest({ since: 60 }), found({ since: 50, twin: HERE }), AT)).toBeNull();
    expect(answerTo(contest({ since: 60 }), found({ since: 50, twin: null }), AT)).toBeNull();
  });

  it('does not silence us while the twin does not know, or answered later', () => {
    expect(answerTo(contest({ since: 60 }), found({ since: 50 }), AT)).not.toBeNull();
    expect(answerTo(contest({ since: 60 }), found({ since: 70, twin: HERE }), AT)).not.toBeNull();
  });

  it('of one that answered in the same incarnation makes both begin anew', () => {
    const same = { since: 60, twin: HERE };
    expect(answerTo(contest(same), found(same), AT)?.(70)).toEqual({ since: 70, twin: THERE });
  });
});

/**
 * One of them, in a world of single steps: it reads the slot, later judges what it read, later writes, and any step of
 * another may come between. What it read before it wrote itself is not judged, as in Heartbeat.owns().
 */
class Twin {
  incarnation: number;
  silent = false;
  taken = 0;
  #sequence = 0;
  #contest: Contest | null;
  #read: Slot['record'] = null;

  constructor(incarnation: number, known: Contest | null = null) {
    this.incarnation = incarnation;
    this.#contest = known;
  }

  write(slot: Slot): void {
    if (this.silent) return;
    this.#sequence += 1;
    this.#read = null;
    slot.record = { order: this.order, said: this.#contest?.said, by: this };
  }

  look(slot: Slot): void {
    this.#read = slot.record;
  }

  /** `clock`: what it draws its next incarnation from, or the one above what it found. */
  judge(clock: number): void {
    const record = this.#read;
    this.#read = null;
    if (this.silent || record === null || record.by === this || record.order <= this.order) return;
    const answer = answerTo(this.#contest, { said: record.said, address: null }, 0);
    if (answer === null) {
      this.silent = true;
      return;
    }
    this.incarnation = Math.max(clock, Math.floor(record.order / SEQUENCES) + 1, this.incarnation + 1);
    this.#sequence = 0;
    this.taken += 1;
    this.#contest = { said: answer(this.incarnation), foundAtMs: 0 };
  }

  get order(): number {
    return this.incarnation * SEQUENCES + this.#sequence;
  }
}

interface Slot {
  record: { readonly order: number; readonly said: Contested | undefined; readonly by: Twin } | null;
}

const SEQUENCES = 1_000_000;
const COURSES = 5000;
/** Steps, so many that nobody is kept from his for all of them. */
const TURNS = 4000;
/** Steps after one is left: it stays. */
const MORE_TURNS = 200;
const TAKEN_MAX = 4;

/** A stream of numbers that is the same on every machine (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const voicesOf = (twins: readonly Twin[]) => twins.filter(({ silent }) => !silent);

function run(twins: readonly Twin[], seed: number): void {
  const next = numbers(seed);
  const slot: Slot = { record: null };
  let last = TURNS;
  for (let turn = 0; turn < last; turn += 1) {
    if (last === TURNS && voicesOf(twins).length === 1) last = turn + MORE_TURNS;
    const twin = twins[next(twins.length)] as Twin;
    const step = next(3);
    if (step === 0) twin.write(slot);
    else if (step === 1) twin.look(slot);
    else twin.judge(1000 + next(40));
  }
}

describe(`${COURSES} random courses`, () => {
  it.each([
    ['two, one of them later', () => [new Twin(10), new Twin(20)]],
    [
      'two whose incarnations are the same: a machine was copied as it ran',
      () => [new Twin(10), new Twin(10)],
    ],
    [
      'two that were copied while they answered',
      () => [0, 0].map(() => new Twin(10, { said: { since: 10 }, foundAtMs: 0 })),
    ],
    [
      'two that were copied when they knew of a third',
      () => [0, 0].map(() => new Twin(10, { said: { since: 10, twin: null }, foundAtMs: 0 })),
    ],
    ['three', () => [new Twin(10), new Twin(20), new Twin(30)]],
  ])('of %s end with one voice', (_, make) => {
    for (let seed = 1; seed <= COURSES; seed += 1) {
      const twins = make();
      run(twins, seed);
      expect(voicesOf(twins), `seed ${seed}`).toHaveLength(1);
      for (const { taken } of twins) expect(taken, `seed ${seed}`).toBeLessThanOrEqual(TAKEN_MAX);
    }
  });
});
