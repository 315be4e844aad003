/**
 * A hand in the registry: reads and writes any slot, and removes them all, as nobody but an attacker does. One
 * implementation for each backend; what it writes is whole at once, so that nobody refuses half a record by accident.
 */
import type { RecordType } from '../../src/protocol/keyring.ts';
import { eventually } from './eventually.ts';
import type { LiveServer } from './live-cluster.ts';

/** Milliseconds for all to have read one heartbeat, on a machine that is busy with other tests. */
const READ_MS = 90_000;

export interface Slot {
  readonly type: RecordType;
  readonly nodeId: string;
}

export interface RegistryIntruder {
  read(slot: Slot): Promise<Buffer>;
  write(slot: Slot, bytes: Uint8Array | string): Promise<void>;
  /** Node records of strangers, all with these bytes. */
  crowd(nodeIds: readonly string[], bytes: string): Promise<void>;
  empty(type: RecordType): Promise<void>;
  removeAll(): Promise<void>;
  /** Remembers all that lies there. Returns what puts it back. */
  copy(): Promise<() => Promise<void>>;
}

/** What is no value at all in a place where one belongs. */
export interface Oddity {
  readonly title: string;
  /** Behind "Rejecting node X: ". */
  readonly reason: RegExp;
  /** Puts it into a slot of the node's record. */
  readonly put: (nodeId: string) => Promise<unknown>;
}

export async function fieldsOf(intruder: RegistryIntruder, slot: Slot): Promise<Record<string, unknown>> {
  return JSON.parse((await intruder.read(slot)).toString('utf8'));
}

/**
 * Resolves right after all others have read the node's newest heartbeat. What is written over it then takes
 * nobody's word away: the next one comes an interval later.
 */
export async function afterBeat(
  intruder: RegistryIntruder,
  nodeId: string,
  readers: readonly LiveServer[],
): Promise<void> {
  const slot: Slot = { type: 'heartbeat', nodeId };
  await eventually(`all have read the newest heartbeat of ${nodeId}`, READ_MS, async () => {
    const newest = await fieldsOf(intruder, slot);
    const views = await Promise.all(readers.map((reader) => reader.client.nodes()));
    return views.every((nodes) =>
      nodes.some(
        (node) =>
          node.node_id === nodeId &&
          node.incarnation === newest._incarnation &&
          node.sequence === newest._sequence,
      ),
    );
  });
}
