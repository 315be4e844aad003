/** A chain in memory that keeps the contract, and may be away. */
import { AtlasError } from '../../src/base/errors.ts';
import { ROSTER_STEP_MAX_BYTES } from '../../src/protocol/limits.ts';
import type { SlotReading } from '../../src/store/member-store.ts';
import {
  CUT_PLACES,
  type HeldChain,
  type RosterDisk,
  type RosterStore,
} from '../../src/store/roster-store.ts';

export class FakeRosterStore implements RosterStore {
  readonly places = new Map<number, Uint8Array>();
  away = false;

  async read(from: number, limit: number): Promise<readonly SlotReading[]> {
    this.#requireHere();
    const found: SlotReading[] = [];
    for (let epoch = from; epoch < from + limit; epoch += 1) {
      const bytes = this.places.get(epoch);
      if (bytes === undefined) break;
      found.push({ kind: 'bytes', bytes: bytes.subarray(0, ROSTER_STEP_MAX_BYTES + 1) });
    }
    return found;
  }

  async append(epoch: number, bytes: Uint8Array): Promise<boolean> {
    this.#requireHere();
    if (this.places.has(epoch)) return false;
    this.places.set(epoch, bytes);
    return true;
  }

  async replace(epoch: number, bytes: Uint8Array): Promise<void> {
    this.#requireHere();
    this.places.set(epoch, bytes);
  }

  async cut(from: number): Promise<void> {
    this.#requireHere();
    for (let epoch = from; epoch < from + CUT_PLACES; epoch += 1) this.places.delete(epoch);
  }

  #requireHere(): void {
    if (this.away) throw new AtlasError('member_store_unavailable', 'away');
  }
}

/** A disk that keeps what it was given, and may be full. */
export class FakeRosterDisk implements RosterDisk {
  readonly steps: Uint8Array[] = [];
  settled = 0;
  isFull = false;

  async load(): Promise<HeldChain> {
    return { steps: [...this.steps], settled: this.settled };
  }

  async keep(from: number, steps: readonly Uint8Array[]): Promise<void> {
    this.#requireSpace();
    if (from > this.steps.length) throw new Error('a chain has no holes');
    this.steps.splice(from, steps.length, ...steps);
  }

  async settle(count: number): Promise<void> {
    this.#requireSpace();
    this.settled = count;
  }

  async cut(from: number): Promise<void> {
    this.steps.length = Math.min(this.steps.length, from);
    this.settled = Math.min(this.settled, from);
  }

  #requireSpace(): void {
    if (this.isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }
}
