/**
 * This node's own two slots, judged. What somebody else put there is an alarm; what is by our own key and ahead of us
 * we answer as a newer incarnation, until it is clear which of two twins speaks on (membership/twin.ts).
 */
import type { Clock } from '../../base/clock.ts';
import { reasonOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { answerTo, type Contest } from '../../membership/twin.ts';
import { APART } from '../../membership/twin-findings.ts';
import { type Contested, parseHeartbeat } from '../../protocol/heartbeat.ts';
import { RECORD_TYPES, type RecordType } from '../../protocol/keyring.ts';
import { parseNodeRecord, type ServerAddress } from '../../protocol/node-record.ts';
import type { Opening, VerifiedRecord } from '../../protocol/record.ts';
import { type Refusal, refuse } from '../../protocol/refusal.ts';
import type { NodeSlots, SlotReading } from '../../store/member-store.ts';
import type { Heartbeat } from './heartbeat.ts';

export interface OwnSlotsParts {
  readonly heartbeat: Heartbeat;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly intervalMs: number;
  /** Undefined where nothing lies. `ageless`: whatever its time. */
  readonly open: (type: RecordType, reading: SlotReading, ageless: boolean) => Opening | undefined;
  /** Counts and tells it. */
  readonly refuse: (refusal: Refusal, type: RecordType, reading: SlotReading) => void;
  readonly digestOf: (reading: SlotReading) => string;
}

export class OwnSlots {
  readonly #parts: OwnSlotsParts;
  /** What was last judged in each: the same bytes are not judged and counted twice. */
  readonly #judged = new Map<RecordType, string>();
  /** Looks in a row at which our own slots did not hold what we last wrote there: the first and the last of them. */
  #lost: { readonly firstMs: number; readonly lastMs: number } | null = null;
  #contest: Contest | null = null;
  /** Where a record that was ahead of us came from last. */
  #elsewhere: ServerAddress | null = null;

  constructor(parts: OwnSlotsParts) {
    this.#parts = parts;
  }

  /** Somebody is always faster than we: the others may take us for silent. */
  get isLost(): boolean {
    // For less than an interval it may have been one hand at one moment.
    return this.#lost !== null && this.#lost.lastMs - this.#lost.firstMs >= this.#parts.intervalMs;
  }

  judgeAnew(): void {
    this.#judged.clear();
  }

  /** `readFromMs`: monotonic, when they began to be read. */
  async judge(slots: NodeSlots, readFromMs: number): Promise<void> {
    const { heartbeat } = this.#parts;
    if (heartbeat.isSilent) return; // they are our twin's
    const ours = heartbeat.owns(slots, readFromMs);
    if (ours === null) return; // what lies there may be what we wrote before
    const firstMs = this.#lost?.firstMs ?? readFromMs;
    this.#lost = ours.node && ours.heartbeat ? null : { firstMs, lastMs: readFromMs };
    const ahead: VerifiedRecord[] = [];
    let isBehind = false;
    for (const type of RECORD_TYPES) {
      // What is ours now and put back later must be new to us then.
      if (ours[type]) this.#judged.delete(type);
      const strange = ours[type] ? 'foreign' : this.#judgeStrange(type, slots[type]);
      if (typeof strange === 'object') ahead.push(strange);
      else isBehind ||= strange === 'behind';
    }
    this.#elsewhere = addressIn(ahead) ?? this.#elsewhere;
    if (this.#isAnswered(ahead)) await this.#answer(ahead);
    // Or a twin whose beat always follows ours would never read us, and write over us for ever.
    else if (isBehind || ahead.length > 0) await heartbeat.speakNow();
  }

  /** How it stands between twins that know each other, the heartbeat says: a node record alone is answered by ours. */
  #isAnswered(ahead: readonly VerifiedRecord[]): boolean {
    const isKnown = this.#contest?.said.twin !== undefined;
    return ahead.some(({ type }) => type === 'heartbeat' || !isKnown);
  }

  /**
   * The record, if it is ahead of us under our own key: its time is no matter then, for a twin's clock may be wrong.
   * `behind`: of another incarnation under our own key, a twin's or an old copy. `foreign`: anything else, our own
   * earlier words among them, or nothing that is new.
   */
  #judgeStrange(type: RecordType, reading: SlotReading): VerifiedRecord | 'behind' | 'foreign' {
    const { open, refuse: tell, digestOf, heartbeat } = this.#parts;
    const digest = digestOf(reading);
    if (this.#judged.get(type) === digest) return 'foreign';
    this.#judged.set(type, digest);
    const ageless = open(type, reading, true);
    if (ageless?.ok === true) {
      tell(refuse('clone', 'Another server speaks with our own key'), type, reading);
      return ageless.record;
    }
    const opening = open(type, reading, false);
    if (opening?.ok === false) tell(opening.refusal, type, reading);
    // An old node record that is put back is nobody who lives; of a twin with a slow clock the heartbeats tell.
    const isOld = type === 'node' && opening?.ok === false && opening.refusal.code === 'timestamp_old';
    const behind = ageless?.ok === false && !isOld ? ageless.behind : undefined;
    return behind !== undefined && behind.incarnation !== heartbeat.incarnation ? 'behind' : 'foreign';
  }

  /** That the new incarnation cannot be kept is our own trouble; the others are judged all the same. */
  async #answer(ahead: readonly VerifiedRecord[]): Promise<void> {
    const { heartbeat, clock, log } = this.#parts;
    const found = { said: saidIn(ahead), address: this.#elsewhere };
    const answer = answerTo(this.#contest, found, clock.monotonicMs());
    if (answer === null) return this.#fallSilent();
    try {
      const newest = Math.max(...ahead.map(({ mark }) => mark.incarnation));
      const said = await heartbeat.reincarnate(newest, answer);
      this.#contest = { said, foundAtMs: clock.monotonicMs() };
    } catch (error) {
      log.error(
        'cluster.incarnation.failed',
        'No new incarnation; speaking on as the old one',
        reasonOf(error),
      );
      return;
    }
    // At once, in the other's face: at the next beat it could be written over before it was read, each time anew.
    await heartbeat.speakNow();
  }

  async #fallSilent(): Promise<void> {
    const { heartbeat, log, nodeId } = this.#parts;
    await heartbeat.fallSilent(this.#elsewhere);
    this.#lost = null;
    log.error(
      'cluster.node.silent',
      `Another server speaks as ${nodeId} from a copy of this data folder; this one is silent until it is restarted`,
      { ...heartbeat.contested?.twin, hint: `if this one is the copy, stop it; for a server too: ${APART}` },
    );
  }
}

function saidIn(ahead: readonly VerifiedRecord[]): Contested | undefined {
  return ahead.flatMap((record) => parseHeartbeat(record)?.contested ?? [])[0];
}

function addressIn(ahead: readonly VerifiedRecord[]): ServerAddress | undefined {
  const [body] = ahead.flatMap((record) => parseNodeRecord(record) ?? []);
  return body && { host: body.host, port: body.port };
}
