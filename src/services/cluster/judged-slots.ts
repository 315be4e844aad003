/** What was last judged in each slot: the same bytes are not judged, counted or believed twice. */
import type { RecordType } from '../../protocol/keyring.ts';
import { NEWCOMERS_PER_REFRESH } from '../../protocol/limits.ts';
import { digestOf } from '../../protocol/record.ts';
import { slotKey } from '../../protocol/registry-key.ts';
import type { NodeSlots, SlotReading } from '../../store/member-store.ts';

/**
 * `ill_timed`: refused, and yet its owner's own word, spoken by a wrong clock. `claimed`: authentic, and not a member
 * yet (claim-judge.ts).
 */
export type Outcome = 'kept' | 'refused' | 'ill_timed' | 'claimed';

interface Judged {
  readonly digest: string;
  readonly outcome: Outcome;
}

/** Slots remembered beyond twice those of one refresh. Arbitrary. */
const SPARE_SLOTS = NEWCOMERS_PER_REFRESH * 8;

export class JudgedSlots {
  readonly #judged = new Map<string, Judged>();
  /** Digests of what lay there when all was to be judged anew. */
  readonly #before = new Map<string, string>();

  /** Undefined when other bytes lie there now. */
  outcomeOf(type: RecordType, nodeId: string, reading: SlotReading): Outcome | undefined {
    const before = this.#judged.get(slotKey(type, nodeId));
    return before?.digest === digestOfReading(reading) ? before.outcome : undefined;
  }

  remember(type: RecordType, nodeId: string, reading: SlotReading, outcome: Outcome): void {
    this.#judged.set(slotKey(type, nodeId), { digest: digestOfReading(reading), outcome });
  }

  /** Bounded: names that somebody makes up cannot fill our memory. */
  forgetOthers(slots: readonly NodeSlots[]): void {
    const read = new Set(
      slots.flatMap(({ nodeId }) => [slotKey('node', nodeId), slotKey('heartbeat', nodeId)]),
    );
    for (const known of [this.#judged, this.#before]) {
      if (known.size <= 2 * read.size + SPARE_SLOTS) continue;
      for (const slot of known.keys()) if (!read.has(slot)) known.delete(slot);
    }
  }

  /** These very bytes were judged once, by what counted then. */
  layBefore(type: RecordType, nodeId: string, reading: SlotReading): boolean {
    return this.#before.get(slotKey(type, nodeId)) === digestOfReading(reading);
  }

  clear(): void {
    for (const [slot, { digest }] of this.#judged) this.#before.set(slot, digest);
    this.#judged.clear();
  }
}

/** Of the bytes, or what else lay there. */
export function digestOfReading(reading: SlotReading): string {
  return reading.kind === 'bytes' ? digestOf(reading.bytes) : reading.kind;
}
