/**
 * What lies in the slots of the registry, judged: opens what changed, and lets only verified records into the member
 * table. A refused record goes to the refusal desk, and changes nothing else.
 */
import { type Clock, unixSeconds } from '../../base/clock.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { ClockSuspicion, type OwnClock } from '../../membership/clock-suspicion.ts';
import type { MemberTable, Sighting } from '../../membership/member-table.ts';
import { type RefusalLedger, type RefusedRecord, shownId } from '../../membership/refusal-ledger.ts';
import type { Roster } from '../../membership/roster.ts';
import type { Mark } from '../../protocol/freshness.ts';
import type { Keyring, RecordType } from '../../protocol/keyring.ts';
import { HEARTBEAT_MAX_AGE_SECONDS, NODE_RECORD_MAX_AGE_SECONDS } from '../../protocol/limits.ts';
import { type Opening, openRecord, type Standing, type Verifier } from '../../protocol/record.ts';
import { type Refusal, refuse } from '../../protocol/refusal.ts';
import { slotKey } from '../../protocol/registry-key.ts';
import type { RosterMember } from '../../protocol/roster-step.ts';
import type { NodeSlots, SlotReading } from '../../store/member-store.ts';
import { ClaimJudge } from '../trust/claim-judge.ts';
import type { Heartbeat } from './heartbeat.ts';
import { digestOfReading, JudgedSlots, type Outcome } from './judged-slots.ts';
import { LateWords } from './late-words.ts';
import { OwnSlots } from './own-slots.ts';
import { claimedNodeId, RefusalDesk } from './refusal-desk.ts';

export interface SlotJudgeParts {
  readonly table: MemberTable;
  readonly ledger: RefusalLedger;
  readonly heartbeat: Heartbeat;
  readonly keyring: Keyring | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly identityKey: string;
  readonly clockToleranceSeconds: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Null at level 1, and where there is none yet: then the first key that is seen counts. */
  readonly roster: () => Roster | null;
  /** Somebody who lives and is no member of the roster yet. */
  readonly onClaim: (member: RosterMember) => void;
}

const MAX_AGE_SECONDS: Readonly<Record<RecordType, number>> = {
  node: NODE_RECORD_MAX_AGE_SECONDS,
  heartbeat: HEARTBEAT_MAX_AGE_SECONDS,
};
const AGELESS = {
  maxAgeSeconds: Number.POSITIVE_INFINITY,
  clockToleranceSeconds: Number.POSITIVE_INFINITY,
};

export class SlotJudge {
  readonly #parts: SlotJudgeParts;
  readonly #rare: RateLimitedLog;
  readonly #suspicion = new ClockSuspicion();
  readonly #judged = new JudgedSlots();
  readonly #own: OwnSlots;
  readonly #claims: ClaimJudge;
  readonly #desk: RefusalDesk;
  readonly #lateWords: LateWords;

  constructor(parts: SlotJudgeParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
    this.#desk = new RefusalDesk({
      ...parts,
      isEvicted: () => parts.roster()?.evicted.has(parts.nodeId) ?? false,
    });
    this.#lateWords = new LateWords(parts);
    const { nodeId, heartbeat } = parts;
    this.#claims = new ClaimJudge({ ...parts, incarnation: () => heartbeat.incarnation });
    this.#own = new OwnSlots({
      ...parts,
      open: (type, reading, ageless) => this.#openReading(reading, this.#verifier(type, nodeId, ageless)),
      refuse: (refusal, type, reading) => this.#desk.refuse(refusal, type, nodeId, reading),
      digestOf: digestOfReading,
    });
  }

  /** How many records were refused since the start. */
  get refusals(): number {
    return this.#desk.count;
  }

  /** `fine`: how many others are healthy. */
  ownClock(fine: number): OwnClock {
    return this.#suspicion.ownClock(fine, this.#parts.clock.monotonicMs());
  }

  /** What is wrong with these bytes if they lay in this slot now, leaving aside whether they are news. */
  examine(type: RecordType, slot: string, bytes: Uint8Array): RefusedRecord | undefined {
    const opening = openRecord(bytes, { ...this.#verifier(type, slot), seen: () => undefined });
    if (opening.ok !== false) return undefined;
    const nodeId = shownId(claimedNodeId({ kind: 'bytes', bytes }) ?? slot);
    return { ...opening.refusal, nodeId, slot: slotKey(type, slot) };
  }

  /** Somebody is always faster than we in our own slots: the others may take us for silent. */
  get isOwnSlotLost(): boolean {
    return this.#own.isLost;
  }

  /** `readFromMs`: monotonic, when these slots began to be read. */
  async judge(slots: readonly NodeSlots[], readFromMs: number): Promise<void> {
    this.#lateWords.look();
    for (const each of slots) {
      if (each.nodeId === this.#parts.nodeId) await this.#own.judge(each, readFromMs);
      else this.#judgeOther(each);
    }
    this.#judged.forgetOthers(slots);
  }

  /** Our clock was set, or the roster is another: what was refused may be good now, and the reverse. */
  judgeAnew(): void {
    this.#claims.keepTo(this.#parts.roster()?.members.keys() ?? []);
    this.#judged.clear();
    this.#own.judgeAnew();
  }

  refuseGhost(nodeId: string): void {
    this.#desk.refuseGhost(nodeId);
  }

  #judgeOther({ nodeId, node, heartbeat }: NodeSlots): void {
    const nodeRefused = this.#open('node', nodeId, node) !== 'kept';
    const spoilt = this.#open('heartbeat', nodeId, heartbeat, nodeRefused) === 'refused';
    // Who overwrites a row takes its owner's voice away, just as who removes it: no sign of a death.
    this.#parts.table.notePresence(nodeId, heartbeat.kind !== 'missing' && !spoilt);
  }

  #open(type: RecordType, nodeId: string, reading: SlotReading, nodeRefused = false): Outcome {
    const before = this.#judged.outcomeOf(type, nodeId, reading);
    if (before !== undefined) return before;
    const { outcome, refusal } = this.#take(type, nodeId, reading);
    if (refusal !== undefined && this.#lateWords.excuses(refusal, nodeId)) return outcome; // and judged again
    const isOld = this.#judged.layBefore(type, nodeId, reading);
    this.#judged.remember(type, nodeId, reading, outcome);
    // A heartbeat without a believed node record says nothing that the record's own refusal does not say.
    const isSaid = refusal?.code === 'not_member' && nodeRefused;
    // What it wrote before it was evicted, or before the roster changed again, is no new try.
    const isPast = refusal?.code === 'evicted' && isOld;
    if (refusal !== undefined && !isSaid && !isPast) this.#desk.refuse(refusal, type, nodeId, reading);
    return outcome;
  }

  #take(type: RecordType, nodeId: string, reading: SlotReading): { outcome: Outcome; refusal?: Refusal } {
    const { table } = this.#parts;
    // Once believed, it is old news, also when its secret was retired since.
    if (table.seen(nodeId, type)?.digest === digestOfReading(reading)) return { outcome: 'kept' };
    const opening = this.#openReading(reading, this.#verifier(type, nodeId));
    if (opening === undefined || opening.ok === 'old_news') return { outcome: 'kept' };
    const at = this.#sighting();
    if (!opening.ok) {
      const { refusal, wrongClock } = opening;
      if (wrongClock === undefined) return { outcome: 'refused', refusal };
      const isFuture = refusal.code === 'timestamp_future';
      this.#suspicion.note({ nodeId, type, mark: wrongClock, isFuture }, at.monotonicMs);
      if (type === 'heartbeat') table.noteWrongClock(nodeId, wrongClock, refusal, at);
      return { outcome: 'ill_timed', refusal };
    }
    const { record } = opening;
    const isClaim = this.#parts.roster()?.members.has(nodeId) === false;
    const refusal = isClaim ? this.#claims.take(record) : table.apply(record, at);
    if (refusal !== undefined) return { outcome: 'refused', refusal };
    if (isClaim) return { outcome: 'claimed' };
    if (type === 'node') this.#sayVerified(nodeId);
    else {
      this.#suspicion.clear(nodeId);
      this.#claims.noteMember(record);
    }
    return { outcome: 'kept' };
  }

  /** The roster says who somebody is; without one it is the first key that was seen. */
  #standing(type: RecordType, nodeId: string): Standing {
    const roster = this.#parts.roster();
    if (roster === null) return this.#parts.table.standing(nodeId);
    const member = roster.members.get(nodeId);
    if (member !== undefined) return { kind: 'known', identityKey: member.identity_key };
    if (roster.evicted.has(nodeId)) return { kind: 'evicted' };
    if (roster.admission === 'ticket') return { kind: 'outsider' };
    const claimant = type === 'heartbeat' ? this.#claims.standing(nodeId) : undefined;
    if (claimant !== undefined) return claimant;
    return { kind: 'stranger', isBanned: (identityKey) => roster.banned.has(identityKey) };
  }

  #sayVerified(nodeId: string): void {
    const sentence = `Node data verified: ${nodeId}`;
    this.#rare.once(sentence, () => this.#parts.log.info('cluster.node.verified', sentence));
  }

  #openReading(reading: SlotReading, verifier: Verifier): Opening | undefined {
    if (reading.kind === 'missing') return undefined;
    if (reading.kind === 'unreadable') return { ok: false, refusal: refuse('malformed', reading.reason) };
    return openRecord(reading.bytes, verifier);
  }

  #verifier(type: RecordType, slot: string, ageless = false): Verifier {
    const { keyring, clock, clockToleranceSeconds, heartbeat, nodeId, identityKey } = this.#parts;
    const isSelf = slot === nodeId;
    const self: Standing = { kind: 'known', identityKey };
    return {
      keyring,
      type,
      slot,
      window: {
        nowSeconds: unixSeconds(clock),
        ...(ageless ? AGELESS : { maxAgeSeconds: MAX_AGE_SECONDS[type], clockToleranceSeconds }),
      },
      standing: (id) => (isSelf ? self : this.#standing(type, id)),
      seen: (id) => (isSelf ? heartbeat.mark(type) : this.#seen(type, id)),
    };
  }

  #seen(type: RecordType, nodeId: string): Mark | undefined {
    const claimed = type === 'heartbeat' ? this.#claims.heard(nodeId) : undefined;
    return this.#parts.table.seen(nodeId, type) ?? claimed;
  }

  #sighting(): Sighting {
    const { clock, nodeId, heartbeat } = this.#parts;
    return {
      monotonicMs: clock.monotonicMs(),
      wallSeconds: unixSeconds(clock),
      self: { nodeId, incarnation: heartbeat.incarnation },
    };
  }
}
