/**
 * Every chain of steps that three members can write, as numbers. The steps are real: signed by real keys, folded by
 * the real fold, with the digests that forks are judged by. Ed25519 and the keys here are deterministic, so each is
 * made once and every run explores the same.
 */
import { createPrivateKey, hash } from 'node:crypto';
import { advance, foundRoster, type Roster } from '../../src/membership/roster.ts';
import type { ForkVerdict } from '../../src/membership/roster-fork.ts';
import type { Witness } from '../../src/membership/rotation.ts';
import { keysOf, leavingKey } from '../../src/membership/secret-phase.ts';
import type { Operation, RosterStep } from '../../src/protocol/roster-step.ts';
import { activating, KEY_ID, Person, preparing, whole } from '../membership/roster-chain-maker.ts';

export const NAMES = ['a', 'b', 'c'] as const;
/** Whom a compromise evicts. */
export const EVICTED = 2;
export const FOUNDERS_KEY = KEY_ID;

export type Writing = 'begin' | 'activate' | 'retire' | 'abandon' | 'compromise';
/** Asked for by people, and makes another secret. */
export function isOrder(writing: Writing): boolean {
  return writing === 'begin' || writing === 'compromise';
}

export type Judge = (
  ours: readonly RosterStep[],
  theirs: readonly RosterStep[],
  before: Roster | null,
) => ForkVerdict;

/** The last step of a chain, and so the whole of it. */
interface Tip {
  readonly roster: Roster;
  readonly step: RosterStep;
  /** The chain's tips from the first step, itself the last. */
  readonly path: readonly number[];
  /** What who holds it says. */
  readonly saying: number;
}

/** What a node that holds some chain says of itself. */
export type Saying = Pick<Witness, 'accepts' | 'signs' | 'epoch'>;

const people = NAMES.map((name, index) => {
  const seeded = (algorithm: string) =>
    createPrivateKey({
      key: Buffer.from(`302e020100300506032b65${algorithm}04220420${`0${index + 1}`.repeat(32)}`, 'hex'),
      format: 'der',
      type: 'pkcs8',
    });
  return new Person(name, { identity: seeded('70'), sealing: seeded('6e') });
});

export class Chains {
  readonly #judge: Judge;
  readonly #tips: Tip[] = [];
  readonly #children = new Map<string, number | null>();
  readonly #verdicts = new Map<number, ForkVerdict>();
  readonly #sayings: Saying[] = [];
  readonly #sayingIds = new Map<string, number>();
  /** All three are members, and no secret is being rotated in. */
  readonly first: number;

  constructor(judge: Judge) {
    this.#judge = judge;
    const [founder, ...others] = people;
    if (founder === undefined) throw new TypeError('somebody founds');
    const step = founder.found();
    const founded = this.#add(whole(foundRoster(step)), step, []);
    this.first = others.reduce<number>(
      (tip, { member }) => this.#follow(tip, 0, [{ op: 'admit', member }]) ?? tip,
      founded,
    );
  }

  get count(): number {
    return this.#tips.length;
  }

  roster(tip: number): Roster {
    return this.#tip(tip).roster;
  }

  /** Steps behind the first in which all are members. */
  length(tip: number): number {
    return this.roster(tip).epoch - this.roster(this.first).epoch;
  }

  /** The longer and longer chains from `tip` to `to`, without the first; null when `to` does not continue `tip`. */
  between(tip: number, to: number): readonly number[] | null {
    const { path } = this.#tip(to);
    const { epoch } = this.roster(tip);
    return path[epoch] === tip ? path.slice(epoch + 1) : null;
  }

  /** The shorter chains that this one continues, and in which all are members. */
  before(tip: number): readonly number[] {
    return this.#tip(tip).path.slice(this.roster(this.first).epoch, -1);
  }

  saying(id: number): Saying {
    const saying = this.#sayings[id];
    if (saying === undefined) throw new TypeError('nobody said that');
    return saying;
  }

  sayingOf(tip: number): number {
    return this.#tip(tip).saying;
  }

  isMember(tip: number, node: number): boolean {
    return this.roster(tip).members.has(nameOf(node));
  }

  /** The chain with one step more; null when the fold refuses it. `nth`: no two orders make the same secret. */
  write(tip: number, signer: number, writing: Writing, nth: number): number | null {
    const key = `${tip} ${signer} ${writing} ${isOrder(writing) ? nth : ''}`;
    const made = this.#children.get(key);
    if (made !== undefined) return made;
    const operations = operationsFor(writing, this.roster(tip), `${signer} ${nth}`);
    const child = operations === null ? null : this.#follow(tip, signer, operations);
    this.#children.set(key, child);
    return child;
  }

  judge(ours: number, theirs: number): ForkVerdict {
    const key = ours * 65_536 + theirs;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const [our, their] = [this.#tip(ours).path, this.#tip(theirs).path];
    const at = our.findIndex((tip, epoch) => tip !== their[epoch]);
    const steps = (path: readonly number[]) => path.slice(at).map((tip) => this.#tip(tip).step);
    const before = our[at - 1];
    const roster = before === undefined ? null : this.roster(before);
    const verdict = this.#judge(steps(our), steps(their), roster);
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  #follow(tip: number, signer: number, operations: readonly Operation[]): number | null {
    const { roster, path } = this.#tip(tip);
    const step = personOf(signer).step(roster, operations);
    const next = advance(roster, step);
    return next.ok ? this.#add(next.roster, step, path) : null;
  }

  #add(roster: Roster, step: RosterStep, parents: readonly number[]): number {
    const id = this.#tips.length;
    this.#tips.push({ roster, step, path: [...parents, id], saying: this.#sayingId(roster) });
    return id;
  }

  #sayingId(roster: Roster): number {
    const saying = { ...keysOf(roster), epoch: roster.epoch };
    const key = JSON.stringify(saying);
    const known = this.#sayingIds.get(key);
    if (known !== undefined) return known;
    this.#sayingIds.set(key, this.#sayings.length);
    return this.#sayings.push(saying) - 1;
  }

  #tip(id: number): Tip {
    const tip = this.#tips[id];
    if (tip === undefined) throw new TypeError('there is no such chain');
    return tip;
  }
}

export function nameOf(node: number): string {
  return personOf(node).member.node_id;
}

function personOf(node: number): Person {
  const person = people[node];
  if (person === undefined) throw new TypeError('there is no such node');
  return person;
}

function operationsFor(writing: Writing, roster: Roster, occasion: string): Operation[] | null {
  const { pending, keyId, digest, members } = roster;
  const fresh = hash('sha256', `${digest} ${occasion}`, 'hex').slice(0, 16);
  const kept = people.filter(({ member }) => members.has(member.node_id));
  if (writing === 'begin') return [preparing(fresh, kept)];
  if (writing === 'compromise') {
    const evicted = personOf(EVICTED);
    const without = kept.filter((person) => person !== evicted);
    return [
      { op: 'admission', admission: 'ticket' },
      { op: 'evict', node_id: evicted.member.node_id },
      preparing(fresh, without, true),
      activating(fresh),
      { op: 'retire_secret', key_id: keyId },
    ];
  }
  if (pending === null) return null;
  if (writing === 'activate') return [activating(pending.keyId)];
  if (writing === 'abandon') return [{ op: 'abandon_secret', key_id: pending.keyId }];
  const leaving = leavingKey(roster);
  return leaving === null ? null : [{ op: 'retire_secret', key_id: leaving }];
}
