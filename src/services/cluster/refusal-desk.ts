/** Counts, explains and logs each refused record, once; in a flood, one line a minute for all of them. */
import { decodeUtf8 } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { type Log, RateLimitedLog } from '../../base/log.ts';
import type { RefusalLedger } from '../../membership/refusal-ledger.ts';
import { refusalSentence } from '../../membership/refusal-words.ts';
import { isObject } from '../../protocol/canonical-json.ts';
import type { RecordType } from '../../protocol/keyring.ts';
import { RECORD_MAX_BYTES } from '../../protocol/limits.ts';
import { type Refusal, refuse } from '../../protocol/refusal.ts';
import { slotKey } from '../../protocol/registry-key.ts';
import type { SlotReading } from '../../store/member-store.ts';

export interface RefusalDeskParts {
  readonly ledger: RefusalLedger;
  readonly clock: Clock;
  readonly log: Log;
  /** Who says it. */
  readonly nodeId: string;
  /** Whether that one was evicted itself. */
  readonly isEvicted: () => boolean;
}

export class RefusalDesk {
  readonly #parts: RefusalDeskParts;
  readonly #rare: RateLimitedLog;
  #count = 0;

  constructor(parts: RefusalDeskParts) {
    this.#parts = parts;
    this.#rare = new RateLimitedLog(parts.clock);
  }

  /** Since the start. */
  get count(): number {
    return this.#count;
  }

  /** What lies in the slot of `nodeId`. */
  refuse(refusal: Refusal, type: RecordType, nodeId: string, reading: SlotReading): void {
    this.#note(refusal, claimedNodeId(reading) ?? nodeId, slotKey(type, nodeId));
  }

  /** Its heartbeats never named this run of ours, and stopped. */
  refuseGhost(nodeId: string): void {
    const refusal = refuse('replayed', 'Speaks to an earlier run of this server');
    this.#note(refusal, nodeId, slotKey('heartbeat', nodeId));
  }

  #note(refusal: Refusal, claimed: string, slot: string): void {
    const { ledger, clock, log, nodeId, isEvicted } = this.#parts;
    const counted = ledger.note(refusal, { nodeId: claimed, slot }, clock.wallMs());
    this.#count += 1;
    const subject = ledger.isCrowded(refusal.code) ? refusal.code : `${refusal.code} ${counted.nodeId}`;
    this.#rare.once(subject, (times) => {
      if (refusal.code === 'invalid_signature') {
        log.warn('cluster.node.invalid_signature', `Invalid signature for node: ${counted.nodeId}`, { slot });
      }
      log.warn('cluster.node.rejected', `Rejecting node ${counted.nodeId}: ${refusal.reason}`, {
        code: refusal.code,
        slot,
        times,
        meaning: refusalSentence(counted, nodeId, isEvicted()),
      });
    });
  }
}

/** What a refused record says of itself: for the eyes only, and escaped by the ledger. */
export function claimedNodeId(reading: SlotReading): string | undefined {
  if (reading.kind !== 'bytes' || reading.bytes.byteLength > RECORD_MAX_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(decodeUtf8(reading.bytes) ?? '');
    return isObject(value) && typeof value.node_id === 'string' ? value.node_id : undefined;
  } catch {
    return undefined;
  }
}
