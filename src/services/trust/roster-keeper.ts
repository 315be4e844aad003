/**
 * Keeps this node's copy of the roster and the chain in the shared backend the same, whichever is right. The backend
 * is taken to be hostile: what it lost is put back, what is no step is written over, another chain is judged by the
 * rule of forks, and what counted here for long is not judged anew at all.
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, unixSeconds } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { advance, type Roster } from '../../membership/roster.ts';
import { type Chain, extend, prefixOf } from '../../membership/roster-chain.ts';
import { judgeFork, removesSignerOf } from '../../membership/roster-fork.ts';
import type { RosterTrouble } from '../../membership/roster-trouble.ts';
import { type Operation, type RosterStep, signStep } from '../../protocol/roster-step.ts';
import type { RosterDisk, RosterStore } from '../../store/roster-store.ts';
import { choosePast } from './roster-choice.ts';
import { RosterComplaints } from './roster-complaints.ts';
import { RosterCopy } from './roster-copy.ts';
import { RosterDispute } from './roster-dispute.ts';
import { SharedChain } from './shared-chain.ts';

/** Times that a step is made anew because somebody else wrote one first. Arbitrary. */
const PROPOSALS_MAX = 50;
/** Times that a branch which is not settled is put back in place of the same other. Arbitrary: two looks would do. */
const INSIST_MAX = 4;

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
  readonly timeoutMs: number;
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
  readonly #copy: RosterCopy;
  readonly #shared: SharedChain;
  readonly #complaints: RosterComplaints;
  #dispute: RosterDispute | null = null;
  /** Whether the whole chain is to be compared at the next look. */
  #isWholeDue = true;
  #syncedAtMs: number | null = null;
  #isVacant = false;
  /** How often ours was put in place of the branch that begins so. */
  #insisted: { readonly digest: string; readonly times: number } | null = null;
  /** One thing at a time: each builds on what the one before it found. */
  #busy: Promise<unknown> = Promise.resolve();

  constructor(parts: RosterKeeperParts) {
    this.#parts = parts;
    this.#copy = new RosterCopy(parts);
    this.#shared = new SharedChain(parts.shared, parts.clock);
    this.#complaints = new RosterComplaints(parts);
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
    return this.#dispute === null ? this.#complaints.latest : this.#dispute.trouble;
  }

  get isUnsaved(): boolean {
    return this.#copy.isUnsaved;
  }

  get isContested(): boolean {
    return this.#shared.isContested;
  }

  /** At the last look the backend held no first step at all, and neither do we. */
  get isVacant(): boolean {
    return this.#isVacant && this.#copy.chain === null;
  }

  /** The backend shows what this roster is made of, so that others have it too. In a dispute, both sides have. */
  get isSeen(): boolean {
    return this.#dispute !== null || this.#copy.isSeen((this.#copy.chain?.steps.length ?? 0) - 1);
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
      if (chain === null || !(await this.#shared.append(step))) return false;
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
        if (!(await this.#shared.append(step))) continue;
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
      const { at, pasts } = await this.#parting();
      const past = choosePast(pasts, at, digest);
      this.#dispute = null;
      this.#complaints.settle();
      this.#shared.forgive();
      await this.#believe(past, { settled: true });
      await this.#shared.show(past, at);
      return past.roster;
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
    const { chain, fault } = await this.#shared.readBehind(null);
    this.#isVacant = chain === null && fault === null;
    if (this.#isVacant) return;
    if (chain === null) {
      this.#complaints.note({ kind: 'refused', epoch: 0, reason: fault ?? '' });
      return this.#shared.clear(0);
    }
    const objection = this.#objectionTo(chain);
    if (objection !== null) return this.#complaints.note(objection);
    this.#complaints.settle();
    await this.#believe(chain);
  }

  async #look(chain: Chain): Promise<void> {
    const look = await this.#shared.look(chain);
    if (look !== 'other' && !this.#isWholeDue) {
      await this.#copy.noteSeen();
      return look === 'ahead' ? this.#follow(chain) : undefined;
    }
    this.#isWholeDue = false;
    const difference = await this.#shared.difference(chain);
    if (difference === null) return this.#follow(chain);
    this.#isWholeDue = true; // until all of it is there again
    if (!difference.isMissing) return this.#differs(chain, difference.at);
    this.#complaints.note({ kind: 'short', from: difference.at });
    await this.#shared.fill(chain, difference.at);
  }

  /** Something else lies there from `at` on: no step at all, or another branch, of which one counts. */
  async #differs(chain: Chain, at: number): Promise<void> {
    if (this.#copy.isSettled(at) || (at === 0 && chain.roster.members.size > 1))
      return this.#isRewritten(chain, at);
    const theirs = await this.#shared.readBehind(chain, at);
    if (theirs.chain === null || theirs.chain.steps.length <= at)
      return this.#isJunk(chain, at, theirs.fault ?? '');
    // Another beginning is judged as a newcomer would.
    if (at === 0 && this.#objectionTo(theirs.chain) !== null)
      return this.#isJunk(chain, at, 'Of another cluster, or not by who holds its secret');
    const ours = chain.steps.slice(at);
    const branch = theirs.chain.steps.slice(at);
    const verdict = judgeFork(ours, branch, prefixOf(chain, at)?.roster ?? null);
    if (verdict === 'frozen') return this.#freeze(chain, theirs.chain, at);
    const isOurs = verdict === 'ours' && this.#mayInsist(ours, branch);
    this.#complaints.note({ kind: 'forked', epoch: at, won: isOurs ? 'ours' : 'theirs' });
    if (isOurs) return this.#shared.putBack(chain, at);
    await this.#believe(theirs.chain);
    this.#parts.onLost(ours);
  }

  /** What counted here for long is not judged anew, nor read any further: whoever writes there could make us read for ever. */
  async #isRewritten(chain: Chain, at: number): Promise<void> {
    const rival = await this.#shared.rivalAt(chain, at);
    if ('fault' in rival) return this.#isJunk(chain, at, rival.fault);
    const ours = chain.steps[at]?.digest ?? '';
    this.#complaints.note({ kind: 'rewritten', epoch: at, ours, theirs: rival.step.digest });
    await this.#shared.putBack(chain, at);
  }

  async #isJunk(chain: Chain, at: number, reason: string): Promise<void> {
    this.#complaints.note({ kind: 'refused', epoch: at, reason });
    await this.#shared.mend(chain, at);
  }

  /**
   * By the rule ours counts. But what the backend never showed nobody else has, unless it is kept from them by whom it
   * takes out; and who stays with the other after it was put back a few times has settled it. Then it is for us to give
   * in, or two halves never meet again; what was ordered is ordered once more.
   */
  #mayInsist(ours: readonly RosterStep[], theirs: readonly RosterStep[]): boolean {
    const isShown = this.#copy.isSeen(ours[0]?.epoch ?? 0);
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

  async #follow(chain: Chain): Promise<void> {
    const { chain: longer, fault } = await this.#shared.readBehind(chain);
    if (longer !== null && longer.steps.length > chain.steps.length) await this.#believe(longer);
    if (fault === null) return;
    const epoch = longer?.steps.length ?? 0;
    this.#complaints.note({ kind: 'refused', epoch, reason: fault });
    await this.#shared.clear(epoch);
  }

  async #freeze(ours: Chain, theirs: Chain, at: number): Promise<void> {
    const { log } = this.#parts;
    this.#dispute = new RosterDispute({ ...this.#parts, ours, theirs, at, shared: this.#shared });
    log.error('cluster.roster.frozen', 'Two members have sent each other away; a person must choose', {
      ...this.#dispute.trouble,
    });
    await this.#changed();
  }

  /** What there is to choose between, and where they part: the two of a dispute, or ours and what the backend shows. */
  async #parting(): Promise<{ readonly at: number; readonly pasts: readonly Chain[] }> {
    const { chain } = this.#copy;
    const { trouble } = this;
    if (chain === null || (trouble?.kind !== 'frozen' && trouble?.kind !== 'rewritten'))
      return { at: 0, pasts: [] };
    const at = trouble.epoch;
    const theirs = this.#dispute?.theirs ?? (await this.#shared.readBehind(chain, at)).chain;
    return { at, pasts: theirs === null ? [chain] : [chain, theirs] };
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
}
