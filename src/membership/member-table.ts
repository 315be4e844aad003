/**
 * What this node believes of the others. Only verified records enter, each moves only its own node, and time
 * is monotonic. Silence is counted up to the last look and not to now: whom we did not look at is not silent.
 *
 * Three rules keep captured records out: a heartbeat gives life only when it names our own incarnation; a node
 * record counts only while such a heartbeat names its hash; marks only rise.
 */
import type { Mark } from '../protocol/freshness.ts';
import { type HeartbeatBody, parseHeartbeat } from '../protocol/heartbeat.ts';
import type { RecordType } from '../protocol/keyring.ts';
import { MEMBERS_MAX } from '../protocol/limits.ts';
import { type NodeRecordBody, parseNodeRecord } from '../protocol/node-record.ts';
import type { Standing, VerifiedRecord } from '../protocol/record.ts';
import { type Refusal, refuse } from '../protocol/refusal.ts';
import { type NodeState, type Pace, stateOf } from './failure-detector.ts';
import { Silence } from './silence.ts';
import { WrongClock } from './wrong-clock.ts';

/** A member as this node sees it now. */
export interface Member {
  readonly nodeId: string;
  readonly state: NodeState;
  /** Null until a living heartbeat has named its node record. */
  readonly record: NodeRecordBody | null;
  readonly heartbeat: HeartbeatBody | null;
  readonly mark: Mark | null;
  readonly keyId: string | null;
  /** Since its sequence last advanced; null when no heartbeat was ever believed. */
  readonly silentMs: number | null;
  /** Its clock against ours, within a polling interval: shown, never used to accept. */
  readonly clockOffsetSeconds: number | null;
  /** Its row is gone from the registry, or holds what is not its own. */
  readonly missing: boolean;
  /** Why its records are refused now, although they are its own. */
  readonly refusal: Refusal | null;
}

/** When and by whom a record was read. */
export interface Sighting {
  readonly monotonicMs: number;
  readonly wallSeconds: number;
  readonly self: { readonly nodeId: string; readonly incarnation: number };
}

interface NodeVersion {
  readonly body: NodeRecordBody;
  readonly digest: string;
}

interface Entry {
  /** The first key seen for this id; another one is refused (bad_node_signature). */
  readonly identityKey: string | null;
  readonly marks: { [type in RecordType]?: Mark };
  accepted: NodeVersion | null;
  /** A newer record that no living heartbeat has named yet. */
  candidate: NodeVersion | null;
  heartbeat: HeartbeatBody | null;
  keyId: string | null;
  namesUs: boolean;
  everNamedUs: boolean;
  /** Since its sequence last advanced. */
  readonly silence: Silence;
  readonly wrongClock: WrongClock;
  missing: boolean;
  offsetSeconds: number | null;
  /** The roster lists it: so do we, whether it was ever alive to us or not. */
  listed: boolean;
  /** Authentic, but never alive to us: a recording, or a server that stopped before we started. Not shown. */
  ghost: boolean;
}

export class MemberTable {
  readonly #pace: Pace;
  readonly #entries = new Map<string, Entry>();
  /** When the registry was last read: the moment that all states are of. */
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** The ids to read in the next refresh. */
  get nodeIds(): string[] {
    return [...this.#entries.keys()];
  }

  standing(nodeId: string): Standing {
    const identityKey = this.#entries.get(nodeId)?.identityKey ?? null;
    return identityKey === null ? { kind: 'stranger' } : { kind: 'known', identityKey };
  }

  seen(nodeId: string, type: RecordType): Mark | undefined {
    return this.#entries.get(nodeId)?.marks[type];
  }

  /** What our own heartbeats say in `seen`. */
  incarnations(): Record<string, number> {
    const known = [...this.#entries].flatMap(([nodeId, { marks }]) =>
      marks.heartbeat ? [[nodeId, marks.heartbeat.incarnation] as const] : [],
    );
    return Object.fromEntries(known);
  }

  /**
   * The members by the roster, and their keys: who is no member is forgotten, who has another key begins anew, and who
   * was never heard is listed all the same.
   */
  keepTo(members: ReadonlyMap<string, string>, nowMs: number): void {
    for (const nodeId of this.#entries.keys()) if (!members.has(nodeId)) this.#entries.delete(nodeId);
    for (const [nodeId, identityKey] of members) {
      let entry = this.#entries.get(nodeId);
      if (entry?.identityKey !== identityKey) entry = newEntry(identityKey, nowMs, this.#pace.timeoutMs);
      entry.listed = true;
      entry.ghost = false;
      this.#entries.set(nodeId, entry);
    }
  }

  /** Takes a verified record in. A refusal means that its body is not one, or that the table is full. */
  apply(record: VerifiedRecord, at: Sighting): Refusal | undefined {
    return record.type === 'node' ? this.#applyNode(record, at) : this.#applyHeartbeat(record, at);
  }

  #applyNode(record: VerifiedRecord, at: Sighting): Refusal | undefined {
    const body = parseNodeRecord(record);
    if (body === undefined) return refuse('malformed', 'Not the body of a node record');
    const entry = this.#entries.get(record.nodeId) ?? this.#admit(record, at);
    if (entry === undefined) return refuse('not_member', `The cluster has ${MEMBERS_MAX} members already`);
    entry.marks.node = record.mark;
    entry.candidate = { body, digest: record.mark.digest };
    if (entry.namesUs && entry.heartbeat) settleRecord(entry, entry.heartbeat.record);
    return undefined;
  }

  #admit(record: VerifiedRecord, at: Sighting): Entry | undefined {
    if (this.#entries.size >= MEMBERS_MAX && !this.#dropGhost()) return undefined;
    const entry = newEntry(record.identityKey, at.monotonicMs, this.#pace.timeoutMs);
    this.#entries.set(record.nodeId, entry);
    return entry;
  }

  #dropGhost(): boolean {
    for (const [nodeId, entry] of this.#entries) {
      if (entry.ghost) return this.#entries.delete(nodeId);
    }
    return false;
  }

  #applyHeartbeat(record: VerifiedRecord, at: Sighting): Refusal | undefined {
    const body = parseHeartbeat(record);
    if (body === undefined) return refuse('malformed', 'Not the body of a heartbeat');
    const entry = this.#entries.get(record.nodeId);
    if (entry === undefined) return refuse('not_member', 'No node record vouches for this server');
    entry.marks.heartbeat = record.mark;
    entry.heartbeat = body;
    entry.keyId = record.keyId;
    entry.namesUs = body.seen[at.self.nodeId] === at.self.incarnation;
    entry.everNamedUs ||= entry.namesUs;
    entry.silence.end(at.monotonicMs);
    entry.wrongClock.heal();
    entry.ghost = false;
    entry.missing = false;
    entry.offsetSeconds = this.#offsetOf(record.mark, at);
    if (entry.namesUs) settleRecord(entry, body.record);
    return undefined;
  }

  /**
   * An authentic heartbeat ahead of all seen, but outside the window: its clock is wrong. It is seen like any
   * other, or one from a clock that was ahead could be put back when its time has come. Of a node that never
   * spoke to us it may be a recording, and moves nothing.
   */
  noteWrongClock(nodeId: string, mark: Mark, refusal: Refusal, at: Sighting): void {
    const entry = this.#entries.get(nodeId);
    if (entry === undefined || !entry.everNamedUs) return;
    entry.marks.heartbeat = mark;
    entry.silence.indulge();
    entry.wrongClock.note(refusal, at.monotonicMs);
    entry.offsetSeconds = this.#offsetOf(mark, at);
  }

  /** Whether the registry still holds a heartbeat row of its own making. */
  notePresence(nodeId: string, present: boolean): void {
    const entry = this.#entries.get(nodeId);
    if (entry !== undefined) entry.missing = !present;
  }

  /** We see again after a long while, or woke up: who was alive before has one timeout to show it. */
  sight(blindMs: number, nowMs: number): void {
    for (const entry of this.#entries.values()) {
      if (!entry.silence.sight(blindMs, nowMs)) continue;
      if (this.#clockRefusal(entry) !== null) entry.wrongClock.prolong(nowMs);
    }
  }

  /** We could not see for so long, up to now: that was nobody's silence. */
  overlook(blindMs: number, nowMs: number): void {
    for (const { silence } of this.#entries.values()) silence.overlook(blindMs, nowMs);
  }

  /** A look that began then is over: who is dead, who never lived? Returns who turned out a ghost just now. */
  settle(lookedAtMs: number): string[] {
    this.#lookedAtMs = lookedAtMs;
    const ghosts: string[] = [];
    for (const [nodeId, entry] of this.#entries) {
      const silent = entry.silence.countsMs(lookedAtMs) >= this.#pace.timeoutMs;
      if (silent && !entry.everNamedUs && !entry.ghost && !entry.listed) {
        entry.ghost = true;
        if (entry.heartbeat !== null) ghosts.push(nodeId);
      }
      if (this.#stateOf(entry) === 'offline') entry.silence.die();
    }
    return ghosts;
  }

  /** All members but ghosts, by id, as judged at the last look. */
  members(nowMs: number): Member[] {
    return [...this.#entries]
      .filter(([, entry]) => !entry.ghost)
      .map(([nodeId, entry]) => ({
        nodeId,
        state: this.#stateOf(entry),
        record: entry.accepted?.body ?? null,
        heartbeat: entry.heartbeat,
        mark: entry.marks.heartbeat ?? null,
        keyId: entry.keyId,
        silentMs: entry.heartbeat === null ? null : entry.silence.lastsMs(nowMs),
        clockOffsetSeconds: entry.offsetSeconds,
        missing: entry.missing,
        refusal: this.#clockRefusal(entry),
      }))
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }

  #stateOf(entry: Entry): NodeState {
    const evidence = {
      declared: entry.heartbeat?.state ?? 'up',
      namesUs: entry.namesUs,
      everNamedUs: entry.everNamedUs,
      silentInSightMs: entry.silence.inSightMs(this.#lookedAtMs),
      silentMs: entry.silence.countsMs(this.#lookedAtMs),
      missing: entry.missing && !entry.silence.isDead,
      wrongClock: this.#clockRefusal(entry) !== null,
    };
    return stateOf(evidence, this.#pace);
  }

  /** What of the difference is surely the clock: a record lay there for up to half an interval and a second. */
  #offsetOf(mark: Mark, at: Sighting): number {
    const difference = mark.timestamp - at.wallSeconds;
    const unseenSeconds = 1 + Math.ceil(this.#pace.intervalMs / 2000);
    return difference >= 0 ? difference : Math.min(0, difference + unseenSeconds);
  }

  #clockRefusal({ wrongClock }: Entry): Refusal | null {
    return wrongClock.refusalAt(this.#lookedAtMs, this.#pace.timeoutMs);
  }
}

function newEntry(identityKey: string | null, nowMs: number, timeoutMs: number): Entry {
  return {
    identityKey,
    marks: {},
    accepted: null,
    candidate: null,
    heartbeat: null,
    keyId: null,
    namesUs: false,
    everNamedUs: false,
    silence: new Silence(nowMs, timeoutMs),
    wrongClock: new WrongClock(),
    missing: false,
    offsetSeconds: null,
    listed: false,
    ghost: false,
  };
}

/** Until a record and the heartbeat that names it have both arrived, the one accepted before stays. */
function settleRecord(entry: Entry, named: string): void {
  if (entry.candidate?.digest !== named) return;
  entry.accepted = entry.candidate;
  entry.candidate = null;
}
