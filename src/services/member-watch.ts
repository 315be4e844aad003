/**
 * This node's eyes: reads the registry at half an interval, opens what changed, and lets only verified records
 * into the member table. A refused record is counted, explained and logged once; it changes nothing else.
 */
import { decodeUtf8, equalBytes } from '../base/bytes.ts';
import { type Clock, type Timer, unixSeconds } from '../base/clock.ts';
import { type Log, RateLimitedLog } from '../base/log.ts';
import type { Member, MemberTable, Sighting } from '../membership/member-table.ts';
import type { RefusalLedger } from '../membership/refusal-ledger.ts';
import { refusalSentence } from '../membership/refusal-words.ts';
import { isObject } from '../protocol/canonical-json.ts';
import type { Keyring, RecordType } from '../protocol/keyring.ts';
import {
  HEARTBEAT_MAX_AGE_SECONDS,
  NEWCOMERS_PER_REFRESH,
  NODE_RECORD_MAX_AGE_SECONDS,
  RECORD_MAX_BYTES,
} from '../protocol/limits.ts';
import { type Opening, openRecord, type Standing, type Verifier } from '../protocol/record.ts';
import { type Refusal, refuse } from '../protocol/refusal.ts';
import { type MemberStore, type NodeSlots, type SlotReading, slotKey } from '../store/member-store.ts';
import type { Heartbeat } from './heartbeat.ts';

export interface MemberWatchParts {
  readonly store: MemberStore;
  readonly table: MemberTable;
  readonly ledger: RefusalLedger;
  readonly heartbeat: Heartbeat;
  readonly keyring: Keyring | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly identityKey: string;
  readonly intervalMs: number;
  readonly clockToleranceSeconds: number;
  /** Called after a refresh in which a state changed or a record was refused. */
  readonly onChange: () => void;
}

/** Intervals by which a look may be late, or the clocks apart, before we conclude that we ourselves slept. */
const SLEPT_INTERVALS = 2;
/** Refusals for time, with a new record each, that make us ask whose clock is wrong. */
const SUSPECT_TIMES = 2;

export class MemberWatch {
  readonly #parts: MemberWatchParts;
  readonly #rare: RateLimitedLog;
  /** The bytes last judged in each slot: the same bytes are not judged, counted or believed twice. */
  readonly #judged = new Map<string, Uint8Array>();
  readonly #states = new Map<string, string>();
  readonly #wrongTimes = new Map<string, number>();
  #missing = new Set<string>();
  #junkNames = 0;
  #downSinceWallMs: number | null = null;
  #lastLook: { monotonicMs: number; wallMs: number } | null = null;
  #timer: Timer | undefined;
  #changed = false;

  constructor(parts: MemberWatchParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  /** Wall time since which the registry cannot be read; null while it can. */
  get downSinceWallMs(): number | null {
    return this.#downSinceWallMs;
  }

  get junkNames(): number {
    return this.#junkNames;
  }

  isMissing(nodeId: string): boolean {
    return this.#missing.has(nodeId);
  }

  members(): Member[] {
    return this.#parts.table.members(this.#parts.clock.monotonicMs());
  }

  /** Most peers look as if their clocks were wrong: then it is ours. */
  get ownClockSuspect(): boolean {
    const suspects = [...this.#wrongTimes.values()].filter((times) => times >= SUSPECT_TIMES).length;
    const fine = this.members().filter((member) => member.state === 'healthy').length;
    return suspects >= 2 && suspects > fine;
  }

  /** What is wrong with these bytes if they lay in this slot now, leaving aside whether they are news. */
  examine(type: RecordType, slot: string, bytes: Uint8Array): Refusal | undefined {
    const opening = openRecord(bytes, { ...this.#verifier(type, slot), seen: () => undefined });
    return opening.ok === false ? opening.refusal : undefined;
  }

  async start(): Promise<void> {
    await this.refresh();
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer = this.#parts.clock.after(this.#parts.intervalMs / 2, () => {
      void this.refresh().then(() => {
        if (this.#timer !== undefined) this.#schedule();
      });
    });
  }

  /** One look. Never rejects: a registry that cannot be read is a state, not an error. */
  async refresh(): Promise<void> {
    const { store, table, clock, nodeId } = this.#parts;
    this.#noticeSleep();
    this.#changed = false;
    try {
      const reading = await store.read([nodeId, ...table.nodeIds], NEWCOMERS_PER_REFRESH);
      this.#sees();
      this.#junkNames = reading.junkNames;
      this.#missing = new Set();
      for (const slots of reading.slots) await this.#judge(slots);
      this.#forgetOthers(reading.slots);
    } catch (error) {
      this.#isBlind(error);
    }
    for (const ghost of table.settle(clock.monotonicMs())) this.#refuseGhost(ghost);
    this.#noticeStates();
    if (this.#changed) this.#parts.onChange();
  }

  async #judge(slots: NodeSlots): Promise<void> {
    if (slots.nodeId === this.#parts.nodeId) return this.#judgeOwn(slots);
    const { table } = this.#parts;
    const nodeRefused = this.#open('node', slots.nodeId, slots.node) === 'refused';
    this.#open('heartbeat', slots.nodeId, slots.heartbeat, nodeRefused);
    const present = slots.heartbeat.kind !== 'missing';
    table.notePresence(slots.nodeId, present);
    if (!present && table.nodeIds.includes(slots.nodeId)) this.#missing.add(slots.nodeId);
  }

  /** A stranger's record in our own slot is an alarm; one of our own key that is ahead makes us a newer one. */
  async #judgeOwn(slots: NodeSlots): Promise<void> {
    const { heartbeat, nodeId } = this.#parts;
    if (heartbeat.writtenAtMs === null) return; // what lies there is from our own earlier run
    const ours = heartbeat.owns(slots);
    for (const type of ['node', 'heartbeat'] as const) {
      if (!this.#isNew(type, nodeId, slots[type]) || ours[type]) continue;
      const opening = this.#openReading(slots[type], this.#verifier(type, nodeId));
      if (opening?.ok === false) this.#refuse(opening.refusal, type, nodeId, slots[type]);
      if (opening?.ok === true) {
        this.#refuse(refuse('clone', 'Another server speaks with our own key'), type, nodeId, slots[type]);
        await heartbeat.reincarnate();
      }
    }
  }

  #open(type: RecordType, nodeId: string, reading: SlotReading, nodeRefused = false): 'refused' | 'kept' {
    if (!this.#isNew(type, nodeId, reading)) return 'kept';
    const opening = this.#openReading(reading, this.#verifier(type, nodeId));
    if (opening === undefined || opening.ok === 'old_news') return 'kept';
    const at = this.#sighting();
    if (!opening.ok && opening.wrongClock && type === 'heartbeat') {
      this.#parts.table.noteWrongClock(nodeId, opening.wrongClock.mark, opening.refusal, at);
    }
    const refusal = opening.ok ? this.#parts.table.apply(opening.record, at) : opening.refusal;
    if (refusal === undefined) {
      if (type === 'heartbeat') this.#wrongTimes.delete(nodeId);
      else this.#say('cluster.node.verified', `Node data verified: ${nodeId}`);
      return 'kept';
    }
    if (type === 'heartbeat' && refusal.code.startsWith('timestamp_')) {
      this.#wrongTimes.set(nodeId, (this.#wrongTimes.get(nodeId) ?? 0) + 1);
    }
    // A heartbeat without a believed node record says nothing that the record's own refusal does not say.
    if (refusal.code === 'not_member' && nodeRefused) return 'refused';
    this.#refuse(refusal, type, nodeId, reading);
    return 'refused';
  }

  #openReading(reading: SlotReading, verifier: Verifier): Opening | undefined {
    if (reading.kind === 'missing') return undefined;
    if (reading.kind === 'unreadable') return { ok: false, refusal: refuse('malformed', reading.reason) };
    return openRecord(reading.bytes, verifier);
  }

  #verifier(type: RecordType, slot: string): Verifier {
    const { keyring, table, clock, clockToleranceSeconds, heartbeat, nodeId, identityKey } = this.#parts;
    const isSelf = slot === nodeId;
    const self: Standing = { kind: 'known', identityKey };
    return {
      keyring,
      type,
      slot,
      window: {
        nowSeconds: unixSeconds(clock),
        maxAgeSeconds: type === 'node' ? NODE_RECORD_MAX_AGE_SECONDS : HEARTBEAT_MAX_AGE_SECONDS,
        clockToleranceSeconds,
      },
      standing: (id) => (isSelf ? self : table.standing(id)),
      seen: (id) => (isSelf ? heartbeat.mark(type) : table.seen(id, type)),
    };
  }

  #isNew(type: RecordType, nodeId: string, reading: SlotReading): boolean {
    const slot = slotKey(type, nodeId);
    const bytes = reading.kind === 'bytes' ? reading.bytes : Buffer.from(reading.kind);
    const before = this.#judged.get(slot);
    this.#judged.set(slot, bytes);
    return before === undefined || !equalBytes(before, bytes);
  }

  #forgetOthers(slots: readonly NodeSlots[]): void {
    const read = new Set(
      slots.flatMap(({ nodeId }) => [slotKey('node', nodeId), slotKey('heartbeat', nodeId)]),
    );
    if (this.#judged.size <= 4 * read.size + NEWCOMERS_PER_REFRESH * 8) return;
    for (const slot of this.#judged.keys()) if (!read.has(slot)) this.#judged.delete(slot);
  }

  #refuseGhost(nodeId: string): void {
    this.#count(
      refuse('replayed', 'Speaks to an earlier run of this server'),
      nodeId,
      slotKey('heartbeat', nodeId),
    );
  }

  #refuse(refusal: Refusal, type: RecordType, nodeId: string, reading: SlotReading): void {
    this.#count(refusal, claimedNodeId(reading) ?? nodeId, slotKey(type, nodeId));
  }

  #count(refusal: Refusal, claimed: string, slot: string): void {
    const { ledger, clock, log } = this.#parts;
    const counted = ledger.note(refusal, { nodeId: claimed, slot }, clock.wallMs());
    this.#changed = true;
    this.#rare.once(`${refusal.code} ${counted.nodeId}`, (times) => {
      if (refusal.code === 'invalid_signature') {
        log.warn('cluster.node.invalid_signature', `Invalid signature for node: ${counted.nodeId}`, { slot });
      }
      log.warn('cluster.node.rejected', `Rejecting node ${counted.nodeId}: ${refusal.reason}`, {
        code: refusal.code,
        slot,
        times,
        meaning: refusalSentence(counted),
      });
    });
  }

  #sighting(): Sighting {
    const { clock, nodeId, heartbeat } = this.#parts;
    return {
      monotonicMs: clock.monotonicMs(),
      wallSeconds: unixSeconds(clock),
      self: { nodeId, incarnation: heartbeat.incarnation },
    };
  }

  #noticeSleep(): void {
    const { clock, intervalMs, table, log } = this.#parts;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    const last = this.#lastLook;
    this.#lastLook = now;
    if (last === null) return;
    const elapsed = now.monotonicMs - last.monotonicMs;
    const apart = Math.abs(now.wallMs - last.wallMs - elapsed);
    if (elapsed <= SLEPT_INTERVALS * intervalMs && apart <= SLEPT_INTERVALS * intervalMs) return;
    log.warn('cluster.watch.slept', 'This server slept or its clock jumped; judging nobody for one timeout', {
      late_ms: Math.round(elapsed),
      clock_jump_ms: Math.round(apart),
    });
    table.sight(now.monotonicMs);
  }

  #sees(): void {
    if (this.#downSinceWallMs === null) return;
    this.#downSinceWallMs = null;
    this.#changed = true;
    this.#parts.table.sight(this.#parts.clock.monotonicMs());
    this.#parts.log.info('cluster.registry.available', 'Registry available again', {
      registry: this.#parts.store.address,
    });
  }

  #isBlind(error: unknown): void {
    const { clock, table, log, store } = this.#parts;
    table.blind(clock.monotonicMs());
    if (this.#downSinceWallMs !== null) return;
    this.#downSinceWallMs = clock.wallMs();
    this.#changed = true;
    log.warn('cluster.registry.unavailable', 'Registry unavailable; nobody is declared dead meanwhile', {
      registry: store.address,
      reason: error instanceof Error ? error.message : String(error),
    });
  }

  #noticeStates(): void {
    for (const { nodeId, state, silentMs } of this.members()) {
      const before = this.#states.get(nodeId);
      if (before === state) continue;
      this.#states.set(nodeId, state);
      this.#changed = true;
      const say = state === 'offline' || state === 'rejected' ? this.#parts.log.warn : this.#parts.log.info;
      say('cluster.node.state', `Node ${nodeId} is ${state}`, {
        before: before ?? 'new',
        silent_seconds: silentMs === null ? null : Math.round(silentMs / 1000),
      });
    }
  }

  #say(event: string, sentence: string): void {
    this.#rare.once(sentence, () => this.#parts.log.info(event, sentence));
  }
}

/** What a refused record says of itself: for the eyes only, and escaped wherever it is shown. */
function claimedNodeId(reading: SlotReading): string | undefined {
  if (reading.kind !== 'bytes' || reading.bytes.byteLength > RECORD_MAX_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(decodeUtf8(reading.bytes) ?? '');
    return isObject(value) && typeof value.node_id === 'string' ? value.node_id : undefined;
  } catch {
    return undefined;
  }
}
