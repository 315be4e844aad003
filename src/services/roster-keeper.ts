/**
 * Keeps this node's copy of the roster and the chain in the shared backend the same, whichever is right. The backend
 * is taken to be hostile: what it lost is put back, what is no step is written over, another chain is judged by the
 * rule of forks, and what counted here for long is not judged anew at all.
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, unixSeconds } from '../base/clock.ts';
import { AtlasError } from '../base/errors.ts';
import { type Log, RateLimitedLog } from '../base/log.ts';
import { advance, type Roster } from '../membership/roster.ts';
import { type Chain, extend, isStep, prefixOf } from '../membership/roster-chain.ts';
import { judgeFork } from '../membership/roster-fork.ts';
import type { RosterTrouble } from '../membership/roster-trouble.ts';
import { type Operation, type RosterStep, signStep } from '../protocol/roster-step.ts';
import type { SlotReading } from '../store/member-store.ts';
import type { RosterDisk, RosterStore } from '../store/roster-store.ts';
import { PutBackBudget } from './put-back-budget.ts';
import { RosterCopy } from './roster-copy.ts';
import { RosterDispute } from './roster-dispute.ts';

/** Places looked at behind the last step, and earlier ones looked at in turn, at each look. Arbitrary. */
const AHEAD = 2;
const IN_TURN = 8;
/** Places read in one round trip where the whole chain is read. Arbitrary. */
const STEPS_PER_READ = 32;
/** Times that a step is made anew because somebody else wrote one first. Arbitrary. */
const PROPOSALS_MAX = 50;
/** Milliseconds for which trouble that is over is still told: as long as refused records are. */
const TROUBLE_SHOWN_MS = 10 * 60_000;

export interface RosterKeeperParts {
  /** In the shared backend. */
  readonly shared: RosterStore;
  readonly disk: RosterDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly signingKey: KeyObject;
  readonly clusterId: string;
  /** The chain must hold these steps: from a package or a ticket. */
  readonly pins: readonly RosterPin[];
  /** For a chain without pins: whether somebody with our cluster secret made it (roster-proof.ts). */
  readonly isProved: (steps: readonly RosterStep[]) => boolean;
  /** The epochs that living members say they hold. */
  readonly peerEpochs: () => readonly number[];
  readonly intervalMs: number;
  /** Told before anything else is done with the roster. Must not reject. */
  readonly onChange: (roster: Roster) => Promise<void>;
  /** A step that this node wrote counts. */
  readonly onOwnStep: (step: RosterStep) => void;
  /** These counted here until another branch won. */
  readonly onLost: (steps: readonly RosterStep[]) => void;
}

export interface RosterPin {
  readonly epoch: number;
  /** SHA-256, hex. */
  readonly digest: string;
}

type Operations = readonly Operation[] | null;

export class RosterKeeper {
  readonly #parts: RosterKeeperParts;
  readonly #rare: RateLimitedLog;
  readonly #copy: RosterCopy;
  readonly #putBacks: PutBackBudget;
  #dispute: RosterDispute | null = null;
  #trouble: { readonly what: RosterTrouble; readonly atMs: number } | null = null;
  /** The next of the earlier steps to be looked at. */
  #turn = 0;
  /** Whether the whole chain is to be compared at the next look. */
  #isWholeDue = true;
  #syncedAtMs: number | null = null;
  #isVacant = false;
  /** One thing at a time: each builds on what the one before it found. */
  #busy: Promise<unknown> = Promise.resolve();

  constructor(parts: RosterKeeperParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
    this.#copy = new RosterCopy(parts);
    this.#putBacks = new PutBackBudget(parts.clock);
  }

  /** Null before there is one. In a dispute, what both sides agree on. */
  get roster(): Roster | null {
    return this.#dispute === null ? (this.#copy.chain?.roster ?? null) : this.#dispute.agreed;
  }

  get steps(): readonly RosterStep[] {
    const steps = this.#copy.chain?.steps ?? [];
    return this.#dispute === null ? steps : steps.slice(0, this.#dispute.at);
  }

  /** What was wrong lately. A dispute lasts until it is settled. */
  get trouble(): RosterTrouble | null {
    if (this.#dispute !== null) return this.#dispute.trouble;
    if (this.#trouble === null) return null;
    const isOver = this.#parts.clock.monotonicMs() - this.#trouble.atMs >= TROUBLE_SHOWN_MS;
    return isOver ? null : this.#trouble.what;
  }

  get isUnsaved(): boolean {
    return this.#copy.isUnsaved;
  }

  get isContested(): boolean {
    return this.#putBacks.isSpent;
  }

  /** At the last look the backend held no first step at all, and neither do we. */
  get isVacant(): boolean {
    return this.#isVacant && this.#copy.chain === null;
  }

  /** Monotonic: what the backend held at this time, and perhaps later, is known. Null before it answered. */
  get syncedAtMs(): number | null {
    return this.#syncedAtMs;
  }

  /** What this node proved before. Rejects with roster_invalid. */
  async load(): Promise<void> {
    await this.#copy.load();
    await this.#changed();
  }

  /** Makes ours and the backend's the same. Rejects with member_store_unavailable. */
  sync(): Promise<void> {
    return this.#alone(() => this.#sync());
  }

  /** Somebody holds more than the backend shows: compare everything at the next look. */
  suspect(): void {
    this.#isWholeDue = true;
  }

  /**
   * The first step of a chain, where there is none and no pin promises one. False when somebody else was first; the
   * next sync() finds his.
   */
  found(operation: Extract<Operation, { op: 'found' }>): Promise<boolean> {
    return this.#alone(async () => {
      if (this.#copy.chain !== null || this.#parts.pins.length > 0) return false;
      const step = this.#sign(null, [operation]);
      const { chain } = extend(null, [step.bytes]);
      if (chain === null || !(await this.#parts.shared.append(0, step.bytes))) return false;
      await this.#believe(chain);
      this.#parts.onOwnStep(step);
      return true;
    });
  }

  /**
   * One more step by this node. `make` is asked anew whenever somebody else was faster, with the roster that is then;
   * null: nothing to do any more. Rejects with roster_refused, roster_frozen, roster_missing or
   * member_store_unavailable.
   */
  propose(make: (roster: Roster) => Operations | Promise<Operations>): Promise<Roster | null> {
    return this.#alone(async () => {
      for (let attempt = 0; attempt < PROPOSALS_MAX; attempt += 1) {
        await this.#sync();
        const { steps, roster } = this.#requireChain();
        const operations = await make(roster);
        if (operations === null) return null;
        const step = this.#sign(roster, operations);
        const next = advance(roster, step);
        if (!next.ok) throw new AtlasError('roster_refused', next.reason);
        if (!(await this.#parts.shared.append(step.epoch, step.bytes))) continue;
        await this.#believe({ steps: [...steps, step], roster: next.roster });
        this.#parts.onOwnStep(step);
        return next.roster;
      }
      throw new AtlasError('roster_refused', 'the other servers write steps faster than this one', {
        hint: 'try again in a minute',
      });
    });
  }

  /**
   * A person says which of two pasts is right, by the first letters of the digest of its first step. From then on it
   * is not judged again. Rejects with roster_choice when there is no such past to choose.
   */
  choose(digest: string): Promise<Roster> {
    return this.#alone(async () => {
      const chosen = (await this.#pasts()).filter(({ first }) => first.startsWith(digest));
      const [past] = chosen;
      if (past === undefined || chosen.length > 1)
        throw new AtlasError('roster_choice', `there is no past ${JSON.stringify(digest)} to choose`, {
          hint: 'see both with atlas-fleet cluster status',
        });
      this.#dispute = null;
      this.#trouble = null;
      this.#putBacks.refill();
      await this.#believe(past.chain, { settled: true });
      await this.#show(past.chain, past.at);
      return past.chain.roster;
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(work);
    this.#busy = done.catch(() => undefined);
    return done;
  }

  async #sync(): Promise<void> {
    await this.#copy.save();
    // Of before it was asked: a process that is stopped meanwhile reads an old answer when it goes on.
    const askedAtMs = this.#parts.clock.monotonicMs();
    const { chain } = this.#copy;
    if (chain === null) await this.#adopt();
    else if (this.#dispute !== null) await this.#dispute.attend();
    else await this.#look(chain);
    this.#syncedAtMs = askedAtMs;
  }

  /** A chain of the cluster that this node joins: whole from its first step, and with the steps that were promised. */
  async #adopt(): Promise<void> {
    const { shared } = this.#parts;
    const { chain, fault } = await this.#readOn(null, 0);
    this.#isVacant = chain === null && fault === null;
    if (this.#isVacant) return;
    if (chain === null) {
      this.#complain({ kind: 'refused', epoch: 0, reason: fault ?? '' });
      if (this.#putBacks.spend()) await shared.cut(0); // it would keep every roster out
      return;
    }
    const objection = this.#objectionTo(chain);
    if (objection !== null) return this.#complain(objection);
    this.#trouble = null;
    await this.#believe(chain);
  }

  /** The last step, what is behind it, and some of the earlier ones, in one round trip. */
  async #look(chain: Chain): Promise<void> {
    const { shared } = this.#parts;
    const head = chain.steps.length - 1;
    const [ahead, earlier] = await Promise.all([
      shared.read(head, AHEAD),
      shared.read(this.#turn, Math.min(IN_TURN, chain.steps.length - this.#turn)),
    ]);
    const isSame =
      isAt(ahead[0], chain.steps[head]) &&
      earlier.length === Math.min(IN_TURN, chain.steps.length - this.#turn) &&
      earlier.every((place, i) => isAt(place, chain.steps[this.#turn + i]));
    this.#turn = this.#turn + IN_TURN >= chain.steps.length ? 0 : this.#turn + IN_TURN;
    if (!isSame || this.#isWholeDue) return this.#compare(chain);
    await this.#copy.noteSeen();
    if (ahead.length > 1) await this.#follow(chain);
  }

  /** Everything: from where on does the backend show something else? */
  async #compare(chain: Chain): Promise<void> {
    this.#isWholeDue = false;
    for (let from = 0; from < chain.steps.length; from += STEPS_PER_READ) {
      const expected = chain.steps.slice(from, from + STEPS_PER_READ);
      const places = await this.#parts.shared.read(from, expected.length);
      const other = expected.findIndex((step, i) => !isAt(places[i], step));
      if (other !== -1) return this.#differs(chain, from + other, places[other] === undefined);
    }
    await this.#follow(chain);
  }

  async #differs(chain: Chain, at: number, isMissing: boolean): Promise<void> {
    if (isMissing) return this.#putBackMissing(chain, at);
    const theirs = await this.#branchAt(chain, at);
    const ours = chain.steps.slice(at);
    if (theirs.chain === null || theirs.chain.steps.length <= at) {
      this.#complain({ kind: 'refused', epoch: at, reason: theirs.fault ?? '' });
      return this.#mend(chain, at);
    }
    // Another beginning, or one without the step that was promised, is judged as a newcomer would.
    const isNew = at === 0 || this.#parts.pins.some(({ epoch }) => epoch >= at);
    const objection = isNew ? this.#objectionTo(theirs.chain) : null;
    if (objection !== null) {
      this.#complain({
        kind: 'refused',
        epoch: at,
        reason: 'Of another cluster, or not by who holds its secret',
      });
      return this.#putBack(chain, at);
    }
    const branch = theirs.chain.steps.slice(at);
    const sides = { ours: ours[0]?.digest ?? '', theirs: branch[0]?.digest ?? '' };
    if (this.#copy.isSettled(at)) {
      this.#complain({ kind: 'rewritten', epoch: at, ...sides });
      return this.#putBack(chain, at);
    }
    const verdict = judgeFork(ours, branch, prefixOf(chain, at)?.roster ?? null);
    if (verdict === 'frozen') return this.#freeze(chain, theirs.chain, at);
    this.#complain({ kind: 'forked', epoch: at, won: verdict });
    if (verdict === 'ours') return this.#putBack(chain, at);
    await this.#believe(theirs.chain);
    this.#parts.onLost(ours);
  }

  /** Why a chain that does not go on from ours is not taken over; null when it may be. */
  #objectionTo({ steps, roster }: Chain): RosterTrouble | null {
    const { clusterId, pins, isProved } = this.#parts;
    if (roster.clusterId !== clusterId) return { kind: 'foreign' };
    if (pins.length === 0 && !isProved(steps)) return { kind: 'foreign' };
    const missed = pins.find(({ epoch, digest }) => steps[epoch]?.digest !== digest);
    return missed === undefined ? null : { kind: 'unpinned', epoch: missed.epoch };
  }

  /** The chain as the backend has it, where it goes on from our first `at` steps. */
  async #branchAt(chain: Chain, at: number) {
    return this.#readOn(at === 0 ? null : prefixOf(chain, at), at);
  }

  async #follow(chain: Chain): Promise<void> {
    const { chain: longer, fault } = await this.#readOn(chain, chain.steps.length);
    if (longer !== null && longer.steps.length > chain.steps.length) await this.#believe(longer);
    if (fault === null) return;
    const epoch = longer?.steps.length ?? 0;
    this.#complain({ kind: 'refused', epoch, reason: fault });
    if (this.#putBacks.spend()) await this.#parts.shared.cut(epoch); // it would keep every true step out
  }

  /** As much as counts of what the backend holds from `from` on, behind `base`. */
  async #readOn(base: Chain | null, from: number): Promise<{ chain: Chain | null; fault: string | null }> {
    let chain = base;
    for (let next = from; ; next += STEPS_PER_READ) {
      const places = await this.#parts.shared.read(next, STEPS_PER_READ);
      const folding = extend(chain, places.map(asBytes));
      chain = folding.chain;
      if (folding.fault !== null || places.length < STEPS_PER_READ) return { chain, fault: folding.fault };
    }
  }

  /** Only what is missing is written: behind a hole there may be more. */
  async #putBackMissing(chain: Chain, at: number): Promise<void> {
    this.#complain({ kind: 'short', from: at });
    this.#isWholeDue = true;
    for (const step of chain.steps.slice(at)) {
      if (!(await this.#parts.shared.append(step.epoch, step.bytes))) return;
    }
  }

  /** Over what lies there, as often as the budget allows: two halves of a cluster must not fight for ever. */
  async #putBack(chain: Chain, at: number): Promise<void> {
    this.#isWholeDue = true;
    if (this.#putBacks.spend()) await this.#show(chain, at);
  }

  /** Nothing is cut off: behind our last step may lie a true one that somebody wrote meanwhile. */
  async #mend({ steps }: Chain, at: number): Promise<void> {
    this.#isWholeDue = true;
    if (!this.#putBacks.spend()) return;
    for (const step of steps.slice(at)) await this.#parts.shared.replace(step.epoch, step.bytes);
  }

  async #show({ steps }: Chain, at: number): Promise<void> {
    const { shared } = this.#parts;
    for (const step of steps.slice(at)) await shared.replace(step.epoch, step.bytes);
    await shared.cut(steps.length);
  }

  async #freeze(ours: Chain, theirs: Chain, at: number): Promise<void> {
    const { shared, clock, intervalMs, peerEpochs, log } = this.#parts;
    this.#dispute = new RosterDispute({ ours, theirs, at, shared, clock, intervalMs, peerEpochs });
    log.error('cluster.roster.frozen', 'Two members have sent each other away; a person must choose', {
      ...this.#dispute.trouble,
    });
    await this.#changed();
  }

  /** What there is to choose between: the two of a dispute, or ours and what the backend shows. */
  async #pasts(): Promise<{ readonly first: string; readonly at: number; readonly chain: Chain }[]> {
    const { chain } = this.#copy;
    const { trouble } = this;
    if (chain === null || (trouble?.kind !== 'frozen' && trouble?.kind !== 'rewritten')) return [];
    const at = trouble.epoch;
    const theirs = this.#dispute?.theirs ?? (await this.#branchAt(chain, at)).chain;
    return [chain, theirs].flatMap((past) => {
      const first = past?.steps[at]?.digest;
      return past === null || first === undefined ? [] : [{ first, at, chain: past }];
    });
  }

  #requireChain(): Chain {
    if (this.#dispute !== null)
      throw new AtlasError(
        'roster_frozen',
        'two members have sent each other away, and nobody knows who is right',
        { hint: 'see atlas-fleet cluster status, and choose one of the two on each server' },
      );
    const { chain } = this.#copy;
    if (chain !== null) return chain;
    throw new AtlasError('roster_missing', 'this server has no roster yet', {
      hint: 'see atlas-fleet cluster status',
    });
  }

  #sign(roster: Roster | null, operations: readonly Operation[]): RosterStep {
    const { clusterId, nodeId, signingKey, clock } = this.#parts;
    const place =
      roster === null ? { epoch: 0, parent: null } : { epoch: roster.epoch + 1, parent: roster.digest };
    const draft = { clusterId, ...place, signer: nodeId, time: unixSeconds(clock), operations };
    return signStep(draft, signingKey);
  }

  async #believe(chain: Chain, how: { settled?: boolean } = {}): Promise<void> {
    await this.#copy.take(chain, how);
    await this.#changed();
  }

  async #changed(): Promise<void> {
    const { roster } = this;
    if (roster !== null) await this.#parts.onChange(roster);
  }

  #complain(trouble: RosterTrouble): void {
    this.#trouble = { what: trouble, atMs: this.#parts.clock.monotonicMs() };
    this.#rare.once(`roster ${trouble.kind}`, (times) =>
      this.#parts.log.warn('cluster.roster.trouble', 'The roster in the registry is not what was proved', {
        ...trouble,
        times,
      }),
    );
  }
}

/** What is no bytes at all is no step either. */
function asBytes(place: SlotReading): Uint8Array {
  return place.kind === 'bytes' ? place.bytes : new Uint8Array();
}

function isAt(place: SlotReading | undefined, step: RosterStep | undefined): boolean {
  return place?.kind === 'bytes' && isStep(place.bytes, step);
}
