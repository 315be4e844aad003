/**
 * What lies in the slots of the registry, judged: opens what changed, and lets only verified records into the
 * member table. A refused record is counted, explained and logged once; it changes nothing else.
 */
import { decodeUtf8 } from '../../base/bytes.ts';
import { type Clock, unixSeconds } from '../../base/clock.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import { ClockSuspicion, type OwnClock } from '../../membership/clock-suspicion.ts';
import type { MemberTable, Sighting } from '../../membership/member-table.ts';
import { type RefusalLedger, type RefusedRecord, shownId } from '../../membership/refusal-ledger.ts';
import { refusalSentence } from '../../membership/refusal-words.ts';
import type { Roster } from '../../membership/roster.ts';
import { isObject } from '../../protocol/canonical-json.ts';
import type { Mark } from '../../protocol/freshness.ts';
import type { Keyring, RecordType } from '../../protocol/keyring.ts';
import {
  HEARTBEAT_MAX_AGE_SECONDS,
  NEWCOMERS_PER_REFRESH,
  NODE_RECORD_MAX_AGE_SECONDS,
  RECORD_MAX_BYTES,
} from '../../protocol/limits.ts';
import { digestOf, type Opening, openRecord, type Standing, type Verifier } from '../../protocol/record.ts';
import { type Refusal, refuse } from '../../protocol/refusal.ts';
import { slotKey } from '../../protocol/registry-key.ts';
import type { RosterMember } from '../../protocol/roster-step.ts';
import type { NodeSlots, SlotReading } from '../../store/member-store.ts';
import { ClaimJudge } from '../trust/claim-judge.ts';
import type { Heartbeat } from './heartbeat.ts';
import { OwnSlots } from './own-slots.ts';

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
  /** Null at level 1, and where there is none yet: then the first key that is seen counts. */
  readonly roster: () => Roster | null;
  /** Somebody who lives and is no member of the roster yet. */
  readonly onClaim: (member: RosterMember) => void;
}

/**
 * `ill_timed`: refused, and yet its owner's own word, spoken by a wrong clock. `claimed`: authentic, and not a member
 * yet (claim-judge.ts).
 */
type Outcome = 'kept' | 'refused' | 'ill_timed' | 'claimed';

interface Judged {
  /** Of the bytes, or what else lay there. */
  readonly digest: string;
  readonly outcome: Outcome;
}

const MAX_AGE_SECONDS: Readonly<Record<RecordType, number>> = {
  node: NODE_RECORD_MAX_AGE_SECONDS,
  heartbeat: HEARTBEAT_MAX_AGE_SECONDS,
};
const AGELESS = {
  maxAgeSeconds: Number.POSITIVE_INFINITY,
  clockToleranceSeconds: Number.POSITIVE_INFINITY,
};

/** Judged slots remembered beyond twice those of one refresh. Arbitrary. */
const SPARE_SLOTS = NEWCOMERS_PER_REFRESH * 8;

export class SlotJudge {
  readonly #parts: SlotJudgeParts;
  readonly #rare: RateLimitedLog;
  readonly #suspicion = new ClockSuspicion();
  /** What was last judged in each slot: the same bytes are not judged, counted or believed twice. */
  readonly #judged = new Map<string, Judged>();
  readonly #own: OwnSlots;
  readonly #claims: ClaimJudge;
  #refusals = 0;

  constructor(parts: SlotJudgeParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
    const { nodeId, heartbeat } = parts;
    this.#claims = new ClaimJudge({ ...parts, incarnation: () => heartbeat.incarnation });
    this.#own = new OwnSlots({
      ...parts,
      open: (type, reading, ageless) => this.#openReading(reading, this.#verifier(type, nodeId, ageless)),
      refuse: (refusal, type, reading) => this.#refuse(refusal, type, nodeId, reading),
      digestOf: digestOfReading,
    });
  }

  /** How many records were refused since the start. */
  get refusals(): number {
    return this.#refusals;
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
    for (const each of slots) {
      if (each.nodeId === this.#parts.nodeId) await this.#own.judge(each, readFromMs);
      else this.#judgeOther(each);
    }
    this.#forgetOthers(slots);
  }

  /** Our clock was set, or the roster is another: what was refused may be good now, and the reverse. */
  judgeAnew(): void {
    this.#claims.keepTo(this.#parts.roster()?.members.keys() ?? []);
    this.#judged.clear();
    this.#own.judgeAnew();
  }

  /** Its heartbeats never named this run of ours, and stopped. */
  refuseGhost(nodeId: string): void {
    const refusal = refuse('replayed', 'Speaks to an earlier run of this server');
    this.#count(refusal, nodeId, slotKey('heartbeat', nodeId));
  }

  #judgeOther({ nodeId, node, heartbeat }: NodeSlots): void {
    const nodeRefused = this.#open('node', nodeId, node) !== 'kept';
    const spoilt = this.#open('heartbeat', nodeId, heartbeat, nodeRefused) === 'refused';
    // Who overwrites a row takes its owner's voice away, just as who removes it: no sign of a death.
    this.#parts.table.notePresence(nodeId, heartbeat.kind !== 'missing' && !spoilt);
  }

  #open(type: RecordType, nodeId: string, reading: SlotReading, nodeRefused = false): Outcome {
    const before = this.#judgedBefore(type, nodeId, reading);
    if (before !== undefined) return before.outcome;
    const { outcome, refusal } = this.#take(type, nodeId, reading);
    this.#remember(type, nodeId, reading, outcome);
    // A heartbeat without a believed node record says nothing that the record's own refusal does not say.
    const isSaid = refusal?.code === 'not_member' && nodeRefused;
    if (refusal !== undefined && !isSaid) this.#refuse(refusal, type, nodeId, reading);
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

  #judgedBefore(type: RecordType, nodeId: string, reading: SlotReading): Judged | undefined {
    const before = this.#judged.get(slotKey(type, nodeId));
    return before?.digest === digestOfReading(reading) ? before : undefined;
  }

  #remember(type: RecordType, nodeId: string, reading: SlotReading, outcome: Outcome): void {
    this.#judged.set(slotKey(type, nodeId), { digest: digestOfReading(reading), outcome });
  }

  #forgetOthers(slots: readonly NodeSlots[]): void {
    const read = new Set(
      slots.flatMap(({ nodeId }) => [slotKey('node', nodeId), slotKey('heartbeat', nodeId)]),
    );
    if (this.#judged.size <= 2 * read.size + SPARE_SLOTS) return;
    for (const slot of this.#judged.keys()) if (!read.has(slot)) this.#judged.delete(slot);
  }

  #refuse(refusal: Refusal, type: RecordType, nodeId: string, reading: SlotReading): void {
    this.#count(refusal, claimedNodeId(reading) ?? nodeId, slotKey(type, nodeId));
  }

  #count(refusal: Refusal, claimed: string, slot: string): void {
    const { ledger, clock, log, nodeId } = this.#parts;
    const counted = ledger.note(refusal, { nodeId: claimed, slot }, clock.wallMs());
    this.#refusals += 1;
    // In a flood of names one line a minute is for all of them.
    const subject = ledger.isCrowded(refusal.code) ? refusal.code : `${refusal.code} ${counted.nodeId}`;
    this.#rare.once(subject, (times) => {
      if (refusal.code === 'invalid_signature') {
        log.warn('cluster.node.invalid_signature', `Invalid signature for node: ${counted.nodeId}`, { slot });
      }
      log.warn('cluster.node.rejected', `Rejecting node ${counted.nodeId}: ${refusal.reason}`, {
        code: refusal.code,
        slot,
        times,
        meaning: refusalSentence(counted, nodeId),
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
}

function digestOfReading(reading: SlotReading): string {
  return reading.kind === 'bytes' ? digestOf(reading.bytes) : reading.kind;
}

/** What a refused record says of itself: for the eyes only, and escaped by the ledger. */
function claimedNodeId(reading: SlotReading): string | undefined {
  if (reading.kind !== 'bytes' || reading.bytes.byteLength > RECORD_MAX_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(decodeUtf8(reading.bytes) ?? '');
    return isObject(value) && typeof value.node_id === 'string' ? value.node_id : undefined;
  } catch {
    return undefined;
  }
}
