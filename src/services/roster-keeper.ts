/**
 * This node's copy of the roster: on its own disk, kept together with the chain in the shared backend. What is on the
 * disk was proved once and is never given up for less: a shorter chain in the backend is filled up again, another
 * chain is judged by the rule of forks, and what was proved long ago is not judged anew at all.
 */
import type { KeyObject } from 'node:crypto';
import { equalBytes } from '../base/bytes.ts';
import { type Clock, unixSeconds } from '../base/clock.ts';
import { AtlasError } from '../base/errors.ts';
import { type Log, RateLimitedLog } from '../base/log.ts';
import { advance, foundRoster, type Roster } from '../membership/roster.ts';
import { judgeFork } from '../membership/roster-fork.ts';
import type { RosterTrouble } from '../membership/roster-trouble.ts';
import { type Operation, type RosterStep, readStep, signStep } from '../protocol/roster-step.ts';
import type { SlotReading } from '../store/member-store.ts';
import type { RosterStore } from '../store/roster-store.ts';

/** Steps read in one round trip, and rounds in one sync: a chain of a thousand steps is a second's work. Arbitrary. */
const STEPS_PER_READ = 32;
/** Times that a step is made anew because somebody else wrote one first. Arbitrary. */
const PROPOSALS_MAX = 20;
/**
 * Seconds after which a step that this node has held is never judged against another: who is evicted later, or gets
 * hold of an old member's key, writes no new past. Arbitrary: long enough for a node that was cut off to come back.
 */
export const FORK_WINDOW_SECONDS = 3600;
/** Milliseconds for which trouble that is over is still told: as long as refused records are. */
export const TROUBLE_SHOWN_MS = 10 * 60_000;

export interface RosterKeeperParts {
  /** In the shared backend. */
  readonly shared: RosterStore;
  /** On this node's disk. */
  readonly disk: RosterStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly signingKey: KeyObject;
  readonly clusterId: string;
  /** The chain must hold this step: from a package or a ticket. */
  readonly pin: { readonly epoch: number; readonly digest: string } | null;
  /** For a chain without a pin: whether somebody with our cluster secret made it (roster-proof.ts). */
  readonly isProved: (steps: readonly RosterStep[]) => boolean;
  readonly onChange: (roster: Roster) => void;
}

/** The steps that are believed, in order, with the roster that they make. Never empty. */
interface Chain {
  readonly steps: readonly RosterStep[];
  readonly roster: Roster;
}

export class RosterKeeper {
  readonly #parts: RosterKeeperParts;
  readonly #rare: RateLimitedLog;
  #chain: Chain | null = null;
  #trouble: { readonly what: RosterTrouble; readonly atMs: number } | null = null;
  /** One thing at a time: each builds on what the one before it found. */
  #busy: Promise<unknown> = Promise.resolve();

  constructor(parts: RosterKeeperParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  /** Null before there is one. */
  get roster(): Roster | null {
    return this.#chain?.roster ?? null;
  }

  /** What was wrong lately. Frozen trust lasts until it is settled. */
  get trouble(): RosterTrouble | null {
    if (this.#trouble === null || this.#trouble.what.kind === 'frozen') return this.#trouble?.what ?? null;
    return this.#parts.clock.monotonicMs() - this.#trouble.atMs < TROUBLE_SHOWN_MS
      ? this.#trouble.what
      : null;
  }

  /** What this node proved before. Rejects with roster_invalid when its disk holds something else. */
  async load(): Promise<void> {
    const bytes = await readAll(this.#parts.disk, 0);
    const { steps, roster, fault } = foldAll(null, bytes.map(asBytes));
    if (fault !== null)
      throw new AtlasError(
        'roster_invalid',
        `the roster on this server's disk does not hold together: ${fault}`,
        {
          hint: 'restore the data folder from a backup, or remove its roster folder to take the one of the cluster',
        },
      );
    if (roster !== null) this.#believe({ steps, roster });
  }

  /** Makes ours and the backend's the same, whichever is right. Rejects with member_store_unavailable. */
  sync(): Promise<void> {
    return this.#alone(() => this.#sync());
  }

  /**
   * The first step of a chain, where there is none and no pin promises one. False when somebody else was first; the
   * next sync() finds his.
   */
  found(operation: Extract<Operation, { op: 'found' }>): Promise<boolean> {
    return this.#alone(async () => {
      if (this.#chain !== null || this.#parts.pin !== null) return false;
      const step = this.#sign(null, [operation]);
      const { steps, roster } = foldAll(null, [step.bytes]);
      if (roster === null || !(await this.#parts.shared.append(0, step.bytes))) return false;
      await this.#keep(steps, 0);
      this.#believe({ steps, roster });
      return true;
    });
  }

  /**
   * One more step by this node. `make` is asked anew whenever somebody else was faster, with the roster that is then;
   * null: nothing to do any more. Rejects with roster_refused, roster_frozen or member_store_unavailable.
   */
  propose(make: (roster: Roster) => readonly Operation[] | null): Promise<Roster | null> {
    return this.#alone(async () => {
      for (let attempt = 0; attempt < PROPOSALS_MAX; attempt += 1) {
        await this.#sync();
        const { steps, roster } = this.#requireChain();
        const operations = make(roster);
        if (operations === null) return null;
        const step = this.#sign(roster, operations);
        const next = advance(roster, step);
        if (!next.ok) throw new AtlasError('roster_refused', next.reason);
        if (!(await this.#parts.shared.append(step.epoch, step.bytes))) continue;
        await this.#parts.disk.append(step.epoch, step.bytes);
        this.#believe({ steps: [...steps, step], roster: next.roster });
        return next.roster;
      }
      throw new AtlasError('roster_refused', 'the other servers write steps faster than this one', {
        hint: 'try again in a minute',
      });
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(work);
    this.#busy = done.catch(() => undefined);
    return done;
  }

  async #sync(): Promise<void> {
    const chain = this.#chain;
    if (chain === null) return this.#adoptFirst();
    const { shared } = this.#parts;
    const [head, ...behind] = await shared.read(chain.roster.epoch, STEPS_PER_READ);
    if (head === undefined) return this.#fillUp(chain);
    if (!isSame(head, chain.steps.at(-1))) return this.#resolve(chain);
    if (this.#trouble?.what.kind === 'frozen') this.#trouble = null;
    if (behind.length === 0) return;
    const goesOn = await this.#follow(chain, behind);
    if (goesOn && behind.length === STEPS_PER_READ - 1) await this.#sync();
  }

  /** A chain of the cluster that this node joins: whole from its first step, and with the step that was promised. */
  async #adoptFirst(): Promise<void> {
    const { shared, clusterId, pin, isProved } = this.#parts;
    const places = await readAll(shared, 0);
    if (places.length === 0) return;
    const { steps, roster, fault } = foldAll(null, places.map(asBytes));
    if (roster === null) return this.#complain({ kind: 'refused', epoch: steps.length, reason: fault ?? '' });
    const pinned = pin === null ? isProved(steps) : steps[pin.epoch]?.digest === pin.digest;
    if (roster.clusterId !== clusterId || !pinned) return this.#complain({ kind: 'foreign' });
    await this.#keep(steps, 0);
    this.#believe({ steps, roster });
    if (fault !== null) this.#complain({ kind: 'refused', epoch: steps.length, reason: fault });
  }

  /** Whether all of them count. */
  async #follow(chain: Chain, places: readonly SlotReading[]): Promise<boolean> {
    const { steps, roster, fault } = foldAll(chain.roster, places.map(asBytes));
    if (steps.length > 0 && roster !== null) {
      await this.#keep(steps, chain.steps.length);
      this.#believe({ steps: [...chain.steps, ...steps], roster });
    }
    if (fault === null) return true;
    const epoch = chain.steps.length + steps.length;
    this.#complain({ kind: 'refused', epoch, reason: fault });
    await this.#parts.shared.cut(epoch); // it would keep every true step out
    return false;
  }

  /** The backend lost steps, or shows an old copy. Only what is missing is written. */
  async #fillUp({ steps }: Chain): Promise<void> {
    const { shared } = this.#parts;
    const there = (await readAll(shared, 0)).length;
    this.#complain({ kind: 'short', from: there });
    for (const step of steps.slice(there)) await shared.append(step.epoch, step.bytes);
  }

  /** Another chain lies there: from where on, and which of the two counts? */
  async #resolve(chain: Chain): Promise<void> {
    const places = await readAll(this.#parts.shared, 0);
    const at = chain.steps.findIndex((step, epoch) => !isSame(places[epoch], step));
    if (at === -1) return;
    const before =
      at === 0
        ? null
        : (foldAll(
            null,
            chain.steps.slice(0, at).map(({ bytes }) => bytes),
          ).roster ?? null);
    const theirs = foldAll(before, places.slice(at).map(asBytes));
    const ours = chain.steps.slice(at);
    if (theirs.steps.length === 0 || theirs.roster === null)
      return this.#putBack(ours, 'refused', theirs.fault ?? '');
    const verdict = judgeFork(ours, theirs.steps);
    if (verdict === 'frozen') return this.#freeze(at, ours, theirs.steps);
    if (verdict === 'ours') return this.#putBack(ours, 'forked');
    if (this.#isSettled(ours)) return this.#putBack(ours, 'rewritten');
    await this.#takeOver(
      { steps: [...chain.steps.slice(0, at), ...theirs.steps], roster: theirs.roster },
      ours,
    );
  }

  /** Theirs counts. What this node itself had written is proposed again by whoever still wants it. */
  async #takeOver(chain: Chain, lost: readonly RosterStep[]): Promise<void> {
    const at = lost[0]?.epoch ?? 0;
    await this.#parts.disk.cut(at);
    await this.#keep(chain.steps.slice(at), at);
    this.#believe(chain);
    this.#complain({ kind: 'forked', epoch: at, won: 'theirs' });
  }

  async #putBack(
    ours: readonly RosterStep[],
    kind: 'refused' | 'forked' | 'rewritten',
    reason = '',
  ): Promise<void> {
    const { shared } = this.#parts;
    const [first] = ours;
    if (first === undefined) return;
    const epoch = first.epoch;
    if (kind === 'forked') this.#complain({ kind, epoch, won: 'ours' });
    else this.#complain(kind === 'refused' ? { kind, epoch, reason } : { kind, epoch });
    for (const step of ours) await shared.replace(step.epoch, step.bytes);
    await shared.cut(epoch + ours.length);
  }

  /** Nobody is admitted or sent away until the operator has chosen; those that both chains agree on stay. */
  #freeze(epoch: number, ours: readonly RosterStep[], theirs: readonly RosterStep[]): void {
    this.#complain({ kind: 'frozen', epoch, ours: ours[0]?.digest ?? '', theirs: theirs[0]?.digest ?? '' });
  }

  #isSettled(ours: readonly RosterStep[]): boolean {
    const [first] = ours;
    return first !== undefined && unixSeconds(this.#parts.clock) - first.time > FORK_WINDOW_SECONDS;
  }

  async #keep(steps: readonly RosterStep[], from: number): Promise<void> {
    for (const step of steps.filter(({ epoch }) => epoch >= from))
      await this.#parts.disk.append(step.epoch, step.bytes);
  }

  #requireChain(): Chain {
    if (this.#trouble?.what.kind === 'frozen')
      throw new AtlasError(
        'roster_frozen',
        'two members have sent each other away, and nobody knows who is right',
        {
          hint: 'see atlas-fleet cluster status, and choose one of the two on each server',
        },
      );
    if (this.#chain !== null) return this.#chain;
    throw new AtlasError('roster_missing', 'this server has no roster yet', { hint: 'see its log' });
  }

  #sign(roster: Roster | null, operations: readonly Operation[]): RosterStep {
    const { clusterId, nodeId, signingKey, clock } = this.#parts;
    const place =
      roster === null ? { epoch: 0, parent: null } : { epoch: roster.epoch + 1, parent: roster.digest };
    const draft = { clusterId, ...place, signer: nodeId, time: unixSeconds(clock), operations };
    return signStep(draft, signingKey);
  }

  #believe(chain: Chain): void {
    this.#chain = chain;
    this.#parts.onChange(chain.roster);
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

interface Folding {
  readonly steps: readonly RosterStep[];
  /** Null when not even the first one counts. */
  readonly roster: Roster | null;
  /** Why the next one does not count; null when all do. */
  readonly fault: string | null;
}

/** As many of these steps as count, on top of a roster or as a new chain. */
function foldAll(on: Roster | null, all: readonly Uint8Array[]): Folding {
  const steps: RosterStep[] = [];
  let roster = on;
  for (const bytes of all) {
    const reading = readStep(bytes);
    if (!reading.ok) return { steps, roster, fault: reading.reason };
    const next = roster === null ? foundRoster(reading.step) : advance(roster, reading.step);
    if (!next.ok) return { steps, roster, fault: next.reason };
    roster = next.roster;
    steps.push(reading.step);
  }
  return { steps, roster, fault: null };
}

async function readAll(store: RosterStore, from: number): Promise<SlotReading[]> {
  const all: SlotReading[] = [];
  for (;;) {
    const some = await store.read(from + all.length, STEPS_PER_READ);
    all.push(...some);
    if (some.length < STEPS_PER_READ) return all;
  }
}

/** What is no bytes at all is no step either. */
function asBytes(place: SlotReading): Uint8Array {
  return place.kind === 'bytes' ? place.bytes : new Uint8Array();
}

function isSame(place: SlotReading | undefined, step: RosterStep | undefined): boolean {
  return place?.kind === 'bytes' && step !== undefined && equalBytes(place.bytes, step.bytes);
}
