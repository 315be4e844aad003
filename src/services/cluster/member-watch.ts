/**
 * This node's eyes: looks at the registry at half an interval, more often while not all is well, and says who of the
 * others lives. What lies in the slots is judged by the slot judge; here is told apart whether the others are silent
 * or we did not see.
 */
import type { Timer } from '../../base/clock.ts';
import { reasonOf } from '../../base/errors.ts';
import { RateLimitedLog } from '../../base/log.ts';
import type { OwnClock } from '../../membership/clock-suspicion.ts';
import type { RegistryOutage } from '../../membership/cluster-facts.ts';
import type { NodeState } from '../../membership/failure-detector.ts';
import type { Member, MemberTable } from '../../membership/member-table.ts';
import type { RefusedRecord } from '../../membership/refusal-ledger.ts';
import type { RecordType } from '../../protocol/keyring.ts';
import { NEWCOMERS_PER_REFRESH } from '../../protocol/limits.ts';
import type { MemberStore, RegistryReading } from '../../store/member-store.ts';
import { SlotJudge, type SlotJudgeParts } from './slot-judge.ts';

export interface MemberWatchParts extends SlotJudgeParts {
  readonly store: MemberStore;
  /** Brings the roster up to date, in the same round trip. Rejects with member_store_unavailable. */
  readonly syncRoster: () => Promise<void>;
  /** Called after each refresh in which the registry could be read. Never rejects. */
  readonly afterLook: () => Promise<void>;
  /** Called after a refresh in which a state changed or a record was refused. */
  readonly onChange: () => void;
}

interface Look {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Milliseconds between two looks while the registry is away or somebody is not healthy: what heals is seen soon. */
const WATCHFUL_LOOK_MS = 1000;
/** States that may have been those of this node on the other's side. */
const HEALED_FROM: ReadonlySet<NodeState> = new Set(['rejected', 'offline']);
/**
 * Intervals since the registry last took a heartbeat of ours, after which we judge nobody: what takes no writes of
 * ours may take none of the others', and their silence would look like death. Less than any two of theirs.
 */
const UNTAKEN_INTERVALS = 1.5;
/** Intervals between two looks, or by which the clocks are apart, that make us wait before we judge. */
const LOST_SIGHT_INTERVALS = 2;

export class MemberWatch {
  readonly #parts: MemberWatchParts;
  readonly #table: MemberTable;
  readonly #judge: SlotJudge;
  readonly #rare: RateLimitedLog;
  #states: ReadonlyMap<string, NodeState> = new Map();
  #junkNames = 0;
  #unreadNames = 0;
  #outage: RegistryOutage | null = null;
  #underWay: Look | null = null;
  /** The last one at which the registry could be read. */
  #lastLook: Look | null = null;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: MemberWatchParts) {
    this.#parts = parts;
    this.#table = parts.table;
    this.#judge = new SlotJudge(parts);
    this.#rare = new RateLimitedLog(parts.clock);
  }

  /** Null while the registry can be read, and takes what we write. A look that does not end is as good as none. */
  get outage(): RegistryOutage | null {
    const { clock, timeoutMs } = this.#parts;
    const look = this.#underWay;
    if (this.#outage !== null || look === null) return this.#outage;
    const isLate = clock.monotonicMs() - look.monotonicMs > timeoutMs;
    return isLate ? { kind: 'unreadable', reason: 'a look at it does not end', sinceMs: look.wallMs } : null;
  }

  get junkNames(): number {
    return this.#junkNames;
  }

  /** At least so many names were left for the next looks. */
  get unreadNames(): number {
    return this.#unreadNames;
  }

  /** Somebody is always faster than we in our own slots. */
  get isOwnSlotLost(): boolean {
    return this.#judge.isOwnSlotLost;
  }

  members(): Member[] {
    return this.#table.members(this.#parts.clock.monotonicMs());
  }

  /** When most peers look as if their clocks were wrong, it is ours. */
  get ownClock(): OwnClock {
    return this.#judge.ownClock(this.members().filter(({ state }) => state === 'healthy').length);
  }

  /** What is wrong with these bytes if they lay in this slot now, leaving aside whether they are news. */
  examine(type: RecordType, slot: string, bytes: Uint8Array): RefusedRecord | undefined {
    return this.#judge.examine(type, slot, bytes);
  }

  async start(): Promise<void> {
    await this.refresh();
    this.#schedule();
  }

  /** Resolves when the look under way is over: what follows a look may write. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#looking;
  }

  #schedule(): void {
    this.#timer = this.#parts.clock.after(this.#untilNextLookMs(), () => {
      this.#looking = this.refresh().then(() => {
        if (this.#timer !== undefined) this.#schedule();
      });
    });
  }

  #untilNextLookMs(): number {
    const usualMs = this.#parts.intervalMs / 2;
    const isWell = this.#outage === null && [...this.#states.values()].every((state) => state === 'healthy');
    return isWell ? usualMs : Math.min(usualMs, WATCHFUL_LOOK_MS);
  }

  /** One look. Never rejects: a registry that cannot be read is a state, not an error. */
  async refresh(): Promise<void> {
    const { clock, onChange } = this.#parts;
    const look = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    this.#underWay = look;
    const refusalsBefore = this.#judge.refusals;
    const outageBefore = this.#outage;
    const known = this.#table.incarnations();
    const reading = await this.#read(look.monotonicMs);
    this.#underWay = null;
    if (reading !== undefined) this.#take(reading, look);
    const statesBefore = this.#states;
    const moved = this.#noticeStates();
    if (this.#hasMet(known) || this.#hasHealed(statesBefore)) await this.#parts.heartbeat.speakNow();
    if (reading !== undefined) await this.#parts.afterLook();
    const refused = this.#judge.refusals !== refusalsBefore;
    if (moved || refused || this.#outage?.kind !== outageBefore?.kind) onChange();
  }

  /** Somebody who may not have heard us either: what we said meanwhile may have been refused there. */
  #hasHealed(before: ReadonlyMap<string, NodeState>): boolean {
    return [...this.#states].some(
      ([nodeId, state]) => state === 'healthy' && HEALED_FROM.has(before.get(nodeId) ?? state),
    );
  }

  /** Somebody is new, or runs anew, and stays unconfirmed until it is named back. */
  #hasMet(known: Readonly<Record<string, number>>): boolean {
    return Object.entries(this.#table.incarnations()).some(([nodeId, run]) => known[nodeId] !== run);
  }

  async #read(readFromMs: number): Promise<RegistryReading | undefined> {
    const { nodeId } = this.#parts;
    try {
      const reading = await this.#readAll([nodeId, ...this.#table.nodeIds]);
      await this.#judge.judge(reading.slots, readFromMs);
      if (!this.#isUntaken(readFromMs)) return reading;
      this.#goBlind('unwritable', this.#parts.heartbeat.trouble);
    } catch (error) {
      this.#goBlind('unreadable', error);
    }
    return undefined;
  }

  #isUntaken(nowMs: number): boolean {
    const { heartbeat, intervalMs } = this.#parts;
    const { trouble, writtenAtMs } = heartbeat;
    return (
      trouble !== null && nowMs - (writtenAtMs ?? Number.NEGATIVE_INFINITY) > UNTAKEN_INTERVALS * intervalMs
    );
  }

  /** The roster first, but in one go: what the members' rows are worth, it says. */
  async #readAll(nodeIds: readonly string[]): Promise<RegistryReading> {
    const { store, syncRoster } = this.#parts;
    const [, reading] = await Promise.all([syncRoster(), store.read(nodeIds, NEWCOMERS_PER_REFRESH)]);
    return reading;
  }

  /** The roster changed: who was refused before may be a member now, and the reverse. */
  judgeAnew(): void {
    this.#judge.judgeAnew();
  }

  #take(reading: RegistryReading, look: Look): void {
    this.#mindTheGap(look);
    this.#junkNames = reading.junkNames;
    this.#unreadNames = reading.unreadNames;
    for (const ghost of this.#table.settle(look.monotonicMs)) this.#judge.refuseGhost(ghost);
  }

  /** After a short blink silence goes on from where it was; after a long one, or a sleep, it begins anew. */
  #mindTheGap(look: Look): void {
    const last = this.#lastLook;
    const wasDown = this.#outage !== null;
    this.#lastLook = look;
    if (wasDown) this.#seeAgain();
    if (last === null) return;
    const unseenMs = look.monotonicMs - last.monotonicMs;
    const apartMs = Math.abs(look.wallMs - last.wallMs - unseenMs);
    const limitMs = LOST_SIGHT_INTERVALS * this.#parts.intervalMs;
    if (apartMs > limitMs) {
      this.#judge.judgeAnew();
      void this.#parts.heartbeat.speakNow(); // in the new time
    }
    if (unseenMs <= limitMs && apartMs <= limitMs) {
      if (wasDown) this.#table.overlook(unseenMs, look.monotonicMs);
      return;
    }
    this.#table.sight(unseenMs, look.monotonicMs);
    if (!wasDown || apartMs > limitMs) this.#saySlept(unseenMs, apartMs);
  }

  #saySlept(lateMs: number, jumpMs: number): void {
    this.#rare.once('slept', (times) =>
      this.#parts.log.warn(
        'cluster.watch.slept',
        'This server slept or its clock jumped; judging nobody for one timeout',
        { late_ms: Math.round(lateMs), clock_jump_ms: Math.round(jumpMs), times },
      ),
    );
  }

  #seeAgain(): void {
    this.#outage = null;
    this.#rare.once('available', (times) =>
      this.#parts.log.info('cluster.registry.available', 'Registry available again', {
        registry: this.#parts.store.address,
        times,
      }),
    );
  }

  #goBlind(kind: RegistryOutage['kind'], error: unknown): void {
    const { clock, log, store } = this.#parts;
    const before = this.#outage;
    const why = reasonOf(error);
    this.#outage = { kind, reason: why.reason, sinceMs: before?.sinceMs ?? clock.wallMs() };
    if (before?.kind === kind) return;
    const what = kind === 'unreadable' ? 'Registry unavailable' : 'Registry takes no writes';
    this.#rare.once(kind, (times) =>
      log.warn('cluster.registry.unavailable', `${what}; nobody is declared dead meanwhile`, {
        registry: store.address,
        ...why,
        times,
      }),
    );
  }

  /** Whether a member came, went or changed its state. */
  #noticeStates(): boolean {
    const before = this.#states;
    const members = this.members();
    this.#states = new Map(members.map(({ nodeId, state }) => [nodeId, state]));
    const moved = members.filter(({ nodeId, state }) => before.get(nodeId) !== state);
    for (const { nodeId, state, silentMs, refusal } of moved) {
      const level = state === 'offline' || state === 'rejected' ? 'warn' : 'info';
      this.#parts.log[level]('cluster.node.state', `Node ${nodeId} is ${state}`, {
        before: before.get(nodeId) ?? 'new',
        ...(silentMs !== null && { silent_seconds: Math.round(silentMs / 1000) }),
        ...(refusal && { reason: refusal.reason }),
      });
    }
    return moved.length > 0 || this.#states.size !== before.size;
  }
}
