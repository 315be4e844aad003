/**
 * The keys of what lies in the registry: under these people know it on every backend, and under these it lies in Redis
 * (docs/protocol/records.md, *The registry on Redis*, and roster.md).
 */
import { RECORD_TYPES, type RecordType } from './keyring.ts';
import { NODE_ID } from './limits.ts';

const PREFIX = 'fleet:cluster:';
const SLOT_KEY = new RegExp(`^${PREFIX}([a-z]+):(.+)$`);

/** Patterns, as Redis has them. */
export const REGISTRY_KEYS = `${PREFIX}*`;
export const ROSTER_KEYS = `${PREFIX}roster:*`;

/** The set in which every node names itself. */
export const NEWCOMERS_KEY = `${PREFIX}newcomers`;

export function slotKey(type: RecordType, nodeId: string): string {
  return `${PREFIX}${type}:${nodeId}`;
}

/** Null for a key that no slot has. */
export function readSlotKey(key: string): { readonly type: RecordType; readonly nodeId: string } | null {
  const [, named, nodeId = ''] = SLOT_KEY.exec(key) ?? [];
  const type = RECORD_TYPES.find((one) => one === named);
  return type !== undefined && NODE_ID.test(nodeId) ? { type, nodeId } : null;
}

/** Of one step of the roster. */
export function rosterKey(epoch: number): string {
  return `${PREFIX}roster:${epoch}`;
}

/** What a node writes and reads back to see that the registry keeps it. */
export function probeKey(nodeId: string): string {
  return `${PREFIX}probe:${nodeId}`;
}
