/**
 * The registry of a cluster: a shared backend that is taken to be hostile. An engine promises bounded reads,
 * whole writes and a time limit on everything; it never judges what it reads.
 *
 * A node writes only its own slots: the contract has no method for another's.
 */
import type { RecordType } from '../protocol/keyring.ts';
import type { RegistryFacts } from './registry-facts.ts';

/** What lies in one slot now. `unreadable` is somebody else's doing (a folder, a list), not an outage. */
export type SlotReading =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string };

export interface NodeSlots {
  readonly nodeId: string;
  readonly node: SlotReading;
  readonly heartbeat: SlotReading;
}

export interface RegistryReading {
  /** First the members asked for, each of them, then newcomers. */
  readonly slots: readonly NodeSlots[];
  /** At least so many names that no node can have; their content was not read. */
  readonly junkNames: number;
  /** At least so many names that were neither asked for nor read. */
  readonly unreadNames: number;
}

export interface MemberStore {
  readonly backend: 'file' | 'redis';
  /** For people: where the registry is, without secrets. */
  readonly address: string;

  /**
   * Replaces own slots, the node record before the heartbeat that names it. Rejects with
   * member_store_unavailable.
   */
  putOwn(slots: { node?: Uint8Array; heartbeat: Uint8Array }): Promise<void>;

  /**
   * Reads these members and at most `newcomers` other nodes; with more than that, other ones each time. Of each
   * node the heartbeat is read before the node record, so that a heartbeat seldom names a record not yet seen.
   * At most RECORD_MAX_BYTES + 1 bytes of a slot are read. Rejects with member_store_unavailable.
   */
  read(members: readonly string[], newcomers: number): Promise<RegistryReading>;

  /** For people: the bytes in one slot, whatever they are. */
  inspect(type: RecordType, nodeId: string): Promise<SlotReading>;

  /** Writes and reads back a value of its own. Rejects with member_store_unavailable. */
  probe(): Promise<void>;

  /** What it is, for people. May take some round trips. Rejects with member_store_unavailable. */
  describe(): Promise<RegistryFacts>;

  close(): Promise<void>;
}
