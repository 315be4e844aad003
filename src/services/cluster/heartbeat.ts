/**
 * This node's own voice: its node record, signed anew every two minutes, and a heartbeat each interval, in its
 * own two slots and nowhere else. What cannot be signed is not published; what cannot be written is tried
 * again at the next beat.
 */
import type { KeyObject } from 'node:crypto';
import { equalBytes } from '../../base/bytes.ts';
import { type Clock, type Timer, unixSeconds } from '../../base/clock.ts';
import { reasonOf } from '../../base/errors.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { JsonObject } from '../../protocol/canonical-json.ts';
import type { Mark } from '../../protocol/freshness.ts';
import type { Contested, DeclaredState, HeartbeatBody } from '../../protocol/heartbeat.ts';
import type { Keyring, RecordType } from '../../protocol/keyring.ts';
import { NODE_RECORD_RENEW_SECONDS } from '../../protocol/limits.ts';
import type { NodeRecordBody, ServerAddress } from '../../protocol/node-record.ts';
import { digestOf, signRecord } from '../../protocol/record.ts';
import type { MemberStore, NodeSlots, SlotReading } from '../../store/member-store.ts';

/** Milliseconds to the next try after one that failed: the others count our silence meanwhile. */
const TRY_AGAIN_MS = 1000;

export interface HeartbeatParts {
  readonly store: MemberStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly keyring: Keyring | null;
  readonly signingKey: KeyObject;
  readonly nodeId: string;
  readonly intervalMs: number;
  readonly describe: () => NodeRecordBody;
  readonly load: () => HeartbeatBody['load'];
  /** Undefined where there is no roster. */
  readonly roster: () => HeartbeatBody['roster'];
  /** Before a word is said: what counts may have changed while this machine slept. */
  readonly freshen: () => Promise<void>;
  /** The incarnations of the peers, for `seen`. */
  readonly seen: () => Record<string, number>;
  /** A new incarnation, above that one too, on disk before it is returned. */
  readonly nextIncarnation: (above: number) => Promise<number>;
}

interface Published {
  readonly bytes: Uint8Array;
  readonly mark: Mark;
}

const UNANSWERED = new Error('it has not answered to the last write');

export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #rare: RateLimitedLog;
  #incarnation = 0;
  #contested: Contested | undefined;
  #isSilent = false;
  readonly #sequences: Record<RecordType, number> = { node: 0, heartbeat: 0 };
  readonly #published: { [type in RecordType]?: Published } = {};
  /** The registry took what was signed last. */
  #isTaken = false;
  #state: DeclaredState = 'up';
  #signedNodeAtMs = Number.NEGATIVE_INFINITY;
  /** A key id. */
  #signedNodeWith: string | undefined;
  #writtenAtMs: number | null = null;
  /** Why the registry has not taken the last beat; null when it has. */
  #trouble: unknown = null;
  #timer: Timer | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  /** What we say of a twin. */
  get contested(): Contested | undefined {
    return this.#contested;
  }

  /** A twin speaks for us both. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  get state(): DeclaredState {
    return this.#state;
  }

  /** Monotonic; null before the first heartbeat is in the registry. */
  get writtenAtMs(): number | null {
    return this.#writtenAtMs;
  }

  /** Why the registry has not taken what was signed last: an error, or that it has not answered yet. Null when it has. */
  get trouble(): unknown {
    return this.#trouble;
  }

  mark(type: RecordType): Mark | undefined {
    return this.#published[type]?.mark;
  }

  /** The first beat, then one each interval until leave(). A registry that is away does not stop the start. */
  async start(): Promise<void> {
    this.#incarnation = await this.#parts.nextIncarnation(0);
    const isTaken = await this.#beat();
    if (isTaken) this.#say('cluster.node.registered', `Registered node in cluster: ${this.#parts.nodeId}`);
    this.#schedule(isTaken);
  }

  /** Out of turn: somebody new waits to be named, or our clock was set. */
  async speakNow(): Promise<void> {
    if (this.#timer === undefined) return; // before start, or after the last word
    await this.#beat();
  }

  /** Tells the others at once that no more reports should come here. */
  async drain(): Promise<void> {
    this.#state = 'draining';
    await this.#beat();
  }

  /** The last word: signed like any other, and left lying. Who never spoke has none. */
  async leave(): Promise<void> {
    const hasSpoken = this.#timer !== undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#beating;
    if (!hasSpoken) return;
    this.#state = 'left';
    await this.#beat();
  }

  /**
   * Whether these slots hold what we last wrote; null when a write failed, or ended after they began to be read.
   * What was changed or removed is published again at the next beat.
   */
  owns(slots: NodeSlots, readFromMs: number): Record<RecordType, boolean> | null {
    if (!this.#isTaken || this.#writtenAtMs === null || this.#writtenAtMs >= readFromMs) return null;
    const own = {
      node: this.#isOurs('node', slots.node),
      heartbeat: this.#isOurs('heartbeat', slots.heartbeat),
    };
    if (!own.node) this.#signedNodeAtMs = Number.NEGATIVE_INFINITY;
    return own;
  }

  /**
   * Somebody is ahead of us with our own key (a machine restored from a snapshot, or a twin): speak as a newer one, and
   * say so from then on. Returns what is said.
   */
  async reincarnate(above: number, saying: (incarnation: number) => Contested): Promise<Contested> {
    this.#incarnation = await this.#parts.nextIncarnation(above);
    const said = saying(this.#incarnation);
    this.#contested = said;
    this.#sequences.node = 0;
    this.#sequences.heartbeat = 0;
    this.#signedNodeAtMs = Number.NEGATIVE_INFINITY;
    return said;
  }

  /** Not another word, nor a last one: they are the twin's slots until one of the two is started again. */
  async fallSilent(twin: ServerAddress | null): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isSilent = true;
    await this.#beating;
    this.#contested = { since: this.#incarnation, ...this.#contested, twin };
    this.#trouble = null;
  }

  #isOurs(type: RecordType, reading: SlotReading): boolean {
    const own = this.#published[type];
    return own !== undefined && reading.kind === 'bytes' && equalBytes(reading.bytes, own.bytes);
  }

  #schedule(isTaken: boolean): void {
    const { clock, intervalMs } = this.#parts;
    this.#timer = clock.after(isTaken ? intervalMs : Math.min(TRY_AGAIN_MS, intervalMs), () => {
      void this.#beat().then((taken) => {
        if (this.#timer !== undefined) this.#schedule(taken);
      });
    });
  }

  /** One beat at a time, so that the sequence in the slot only rises. */
  #beat(): Promise<boolean> {
    const beat = this.#beating.then(() => this.#publish());
    this.#beating = beat.then(() => undefined);
    return beat;
  }

  async #publish(): Promise<boolean> {
    if (this.#isSilent) return false;
    const { store, clock, keyring, nodeId } = this.#parts;
    this.#isTaken = false;
    try {
      await this.#parts.freshen();
      const node = this.#isNodeDue() ? this.#sign('node', { ...this.#parts.describe() }) : undefined;
      if (node) this.#signedNodeAtMs = clock.monotonicMs();
      if (node) this.#signedNodeWith = keyring?.signing.keyId;
      const heartbeat = this.#sign('heartbeat', { ...this.#heartbeatBody() });
      this.#trouble ??= UNANSWERED;
      await store.putOwn({ heartbeat: heartbeat.bytes, ...(node && { node: node.bytes }) });
      if (node) this.#say('cluster.node.signed', `Node data signed: ${nodeId}`);
      this.#writtenAtMs = clock.monotonicMs();
      this.#isTaken = true;
      this.#trouble = null;
      return true;
    } catch (error) {
      this.#signedNodeAtMs = Number.NEGATIVE_INFINITY;
      this.#trouble = error;
      this.#rare.once('write', (times) =>
        this.#parts.log.warn('cluster.registry.write_failed', 'Heartbeat not written; trying again', {
          ...reasonOf(error),
          times,
        }),
      );
      return false;
    }
  }

  /** Every two minutes, and when another secret signs: the others may not know the old one much longer. */
  #isNodeDue(): boolean {
    const { clock, keyring } = this.#parts;
    const age = clock.monotonicMs() - this.#signedNodeAtMs;
    return age >= NODE_RECORD_RENEW_SECONDS * 1000 || this.#signedNodeWith !== keyring?.signing.keyId;
  }

  #heartbeatBody(): HeartbeatBody {
    const { keyring, load, seen, roster } = this.#parts;
    const held = roster();
    const { node } = this.#published;
    if (node === undefined) throw new Error('a heartbeat names a node record');
    return {
      record: node.mark.digest,
      state: this.#state,
      accepts: keyring?.acceptedIds ?? [],
      signs: keyring?.signing.keyId ?? null,
      load: load(),
      ...(held && { roster: held }),
      ...(this.#contested && { contested: this.#contested }),
      seen: seen(),
    };
  }

  #sign(type: RecordType, body: JsonObject): Published {
    const { clock, keyring, signingKey, nodeId } = this.#parts;
    this.#sequences[type] += 1;
    const order = {
      timestamp: unixSeconds(clock),
      incarnation: this.#incarnation,
      sequence: this.#sequences[type],
    };
    const bytes = signRecord({ type, nodeId, body, ...order }, keyring, signingKey);
    const published = { bytes, mark: { ...order, digest: digestOf(bytes) } };
    this.#published[type] = published;
    return published;
  }

  #say(event: string, sentence: string): void {
    this.#rare.once(event, (times) => this.#parts.log.info(event, sentence, times > 1 ? { times } : {}));
  }
}
