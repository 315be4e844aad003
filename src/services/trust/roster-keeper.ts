/**
 * Keeps this node's copy of the roster and the chain in the shared backend the same, one thing at a time: writes the
 * steps of this node, and believes what counts of those of others, as the rivalry judges them (roster-rivalry.ts).
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, unixSeconds } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { advance, type Roster } from '../../membership/roster.ts';
import { type Chain, extend } from '../../membership/roster-chain.ts';
import type { RosterTrouble } from '../../membership/roster-trouble.ts';
import { type Operation, type RosterStep, signStep } from '../../protocol/roster-step.ts';
import type { RosterDisk, RosterStore } from '../../store/roster-store.ts';
import { choosePast } from './roster-choice.ts';
import { RosterComplaints } from './roster-complaints.ts';
import { RosterCopy } from './roster-copy.ts';
import { RosterDispute } from './roster-dispute.ts';
import { type RosterOrigin, RosterRivalry } from './roster-rivalry.ts';
import { SharedChain } from './shared-chain.ts';

/** Times that a step is made anew because somebody else wrote one first. Arbitrary. */
const PROPOSALS_MAX = 50;

export interface RosterKeeperParts extends RosterOrigin {
  /** In the shared backend. */
  readonly shared: RosterStore;
  readonly disk: RosterDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly signingKey: KeyObject;
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

type Operations = readonly Operation[] | null;
type Proposal = (roster: Roster) => Operations | Promise<Operations>;

export class RosterKeeper {
  readonly #parts: RosterKeeperParts;
  readonly #copy: RosterCopy;
  readonly #shared: SharedChain;
  readonly #complaints: RosterComplaints;
  readonly #rivalry: RosterRivalry;
  #dispute: RosterDispute | null = null;
  #syncedAtMs: number | null = null;
  #isVacant = false;
  #isStopped = false;
  /** One thing at a time: each builds on what the one before it found. */
  #busy: Promise<unknown> = Promise.resolve();

  constructor(parts: RosterKeeperParts) {
    this.#parts = parts;
    this.#copy = new RosterCopy(parts);
    this.#shared = new SharedChain(parts.shared, parts.clock);
    this.#complaints = new RosterComplaints(parts);
    this.#rivalry = new RosterRivalry({
      ...parts,
      shared: this.#shared,
      copy: this.#copy,
      complaints: this.#complaints,
    });
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

  /** Monotonic: all that the backend held at this time, and perhaps later, is known. Null before it answered. */
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
    this.#rivalry.suspect();
  }

  /** This node writes no step any more; resolves when what it was about to write is there, or is not to be. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#busy;
  }

  /**
   * The first step of a chain, where there is none and no pin promises one. False when somebody else was first, whose
   * step the next sync() finds, and after stop().
   */
  found(operation: Extract<Operation, { op: 'found' }>): Promise<boolean> {
    return this.#alone(async () => {
      if (this.#isStopped || this.#copy.chain !== null || this.#parts.pins.length > 0) return false;
      const step = this.#sign(null, [operation]);
      const { chain } = extend(null, [step.bytes]);
      if (chain === null || !(await this.#append(step))) return false;
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
  async propose(make: Proposal): Promise<Roster | null> {
    for (let attempt = 0; attempt < PROPOSALS_MAX; attempt += 1) {
      const outcome = await this.#alone(() => this.#attempt(make));
      if (outcome !== 'second') return outcome;
    }
    throw new AtlasError('roster_refused', 'the other servers write steps faster than this one', {
      hint: 'try again in a minute',
    });
  }

  async #attempt(make: Proposal): Promise<Roster | null | 'second'> {
    await this.#sync();
    const { steps, roster } = this.#requireChain();
    const operations = await make(roster);
    if (operations === null) return null;
    const step = this.#sign(roster, operations);
    const next = advance(roster, step);
    if (!next.ok) throw new AtlasError('roster_refused', next.reason);
    if (!(await this.#append(step))) return 'second';
    await this.#believe({ steps: [...steps, step], roster: next.roster });
    this.#parts.onOwnStep(step);
    return next.roster;
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
    if (this.#dispute !== null) await this.#dispute.attend();
    else await this.#compare(this.#copy.chain);
    if (!this.#rivalry.isBehind) this.#syncedAtMs = askedAtMs;
  }

  async #compare(ours: Chain | null): Promise<void> {
    const verdict = await (ours === null ? this.#rivalry.newcomer() : this.#rivalry.look(ours));
    this.#isVacant = verdict.kind === 'vacant';
    if (verdict.kind === 'frozen' && ours !== null) await this.#freeze(ours, verdict.theirs, verdict.at);
    if (verdict.kind !== 'believe') return;
    const { chain, lost, junk } = verdict;
    await this.#believe(chain);
    if (lost.length > 0) this.#parts.onLost(lost);
    if (junk !== null) await this.#rivalry.clearJunk(junk);
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
    const theirs = this.#dispute?.theirs ?? (await this.#shared.readBehind(chain, { length: at })).chain;
    return { at, pasts: theirs === null ? [chain] : [chain, theirs] };
  }

  #requireChain(): Chain {
    if (this.#dispute !== null)
      throw new AtlasError(
        'roster_frozen',
        'two members have sent each other away, and nobody knows who is right',
        { hint: 'see atlas-fleet cluster roster, and choose one of the two on each server' },
      );
    const { chain } = this.#copy;
    if (chain !== null) return chain;
    throw new AtlasError('roster_missing', 'this server has no roster yet', {
      hint: 'see atlas-fleet cluster status',
    });
  }

  /** False when something lies there already. */
  #append(step: RosterStep): Promise<boolean> {
    if (!this.#isStopped) return this.#shared.append(step);
    throw new AtlasError('roster_refused', 'this server is stopping, and writes no more steps', {
      hint: 'ask another server',
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
