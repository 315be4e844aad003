/** Reading slots whose values somebody else may have put there: bounded, and each with an answer of its own. */
import type { RecordType } from '../../protocol/keyring.ts';
import { NODE_ID } from '../../protocol/limits.ts';
import { slotKey } from '../../protocol/registry-key.ts';
import type { NodeSlots, SlotReading } from '../member-store.ts';
import { asBytes, asCount } from './answer.ts';
import { SLOT_MAX_BYTES } from './bounds.ts';
import type { RedisClient } from './client.ts';
import { codeOf } from './trouble.ts';

/** A node id is part of a key: nothing else may become one. */
export function keyOf(type: RecordType, nodeId: string): string {
  if (!NODE_ID.test(nodeId)) throw new TypeError('not a node id');
  return slotKey(type, nodeId);
}

/** One round trip. Of each node the heartbeat first: the server answers in the order of the questions. */
export function readSlots(client: RedisClient, nodeIds: readonly string[]): Promise<NodeSlots[]> {
  return Promise.all(
    nodeIds.map(async (nodeId) => {
      const heartbeat = readSlot(client, 'heartbeat', nodeId);
      const node = readSlot(client, 'node', nodeId);
      const [readHeartbeat, readNode] = await Promise.all([heartbeat, node]);
      return { nodeId, node: readNode, heartbeat: readHeartbeat };
    }),
  );
}

export function readSlot(client: RedisClient, type: RecordType, nodeId: string): Promise<SlotReading> {
  return readBounded(client, keyOf(type, nodeId), SLOT_MAX_BYTES);
}

/** GETRANGE alone cannot tell an empty value from none. What was written between the two is there. */
export async function readBounded(client: RedisClient, key: string, maxBytes: number): Promise<SlotReading> {
  try {
    const [exists, bytes] = await Promise.all([client.exists(key), client.getRange(key, 0, maxBytes - 1)]);
    const value = asBytes(bytes, maxBytes);
    if (asCount(exists) === 0 && value.byteLength === 0) return { kind: 'missing' };
    return { kind: 'bytes', bytes: value };
  } catch (error) {
    if (isWrongType(error)) return { kind: 'unreadable', reason: 'Not a string' };
    throw error;
  }
}

/** The one error that is the doing of whoever wrote the value; all others are the server's trouble. */
export function isWrongType(error: unknown): boolean {
  return codeOf(error) === 'WRONGTYPE';
}
