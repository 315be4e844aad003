/**
 * The set in which every node names itself, and where the others find whom they do not know yet. Anybody who can
 * write to Redis can fill it, so its size is asked before its names, and a set that is too large, or that changes
 * between the two, is not fetched at all.
 * It may be removed at any time: each node is back in it with its next heartbeat.
 */
import { NODE_ID, NODE_ID_MAX_LENGTH } from '../../protocol/limits.ts';
import { NEWCOMERS_KEY } from '../../protocol/registry-key.ts';
import { asBytes, asCount, asList } from './answer.ts';
import { NAMES_MAX, NAMES_MAX_BYTES } from './bounds.ts';
import type { RedisClient } from './client.ts';
import { isWrongType } from './slots.ts';
import { codeOf } from './trouble.ts';

export interface NewcomersSize {
  readonly names: number;
  /** Not too large, and a set. */
  readonly isListable: boolean;
}

export interface NewcomersList {
  readonly nodeIds: readonly string[];
  readonly junk: number;
}

/** Adds this node, and mends the set at the next heartbeat when somebody put another type in its place. */
export class Enrolment {
  readonly #nodeId: string;
  #isSpoilt = false;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  /** One command, or two to mend. */
  async enrol(client: RedisClient): Promise<void> {
    const mending = this.#isSpoilt ? client.unlink(NEWCOMERS_KEY) : undefined;
    const adding = client.sAdd(NEWCOMERS_KEY, this.#nodeId).then(
      () => false,
      (error: unknown) => {
        if (!isWrongType(error)) throw error;
        return true;
      },
    );
    [this.#isSpoilt] = await Promise.all([adding, mending]);
  }
}

/**
 * One round trip, at a cost for Redis that is bounded by NAMES_MAX. From here on the set is watched, for the listing
 * that may follow on the same connection: of two measurings at a time, one is not.
 */
export async function measureNewcomers(client: RedisClient): Promise<NewcomersSize> {
  const asked = Promise.all([
    client.unwatch(), // a watch that no listing ended has perhaps seen a change
    client.watch(NEWCOMERS_KEY),
    client.sCard(NEWCOMERS_KEY),
    client.memoryUsage(NEWCOMERS_KEY, { SAMPLES: NAMES_MAX }),
  ]);
  try {
    const [, , names, bytes] = await asked;
    const size = asCount(names);
    return { names: size, isListable: size <= NAMES_MAX && asCount(bytes ?? 0) <= NAMES_MAX_BYTES };
  } catch (error) {
    if (isWrongType(error)) return { names: 0, isListable: false };
    throw error;
  }
}

/** One round trip. Null: the set has changed since it was measured, and may be of any size; or memory is full. */
export async function listNewcomers(client: RedisClient): Promise<NewcomersList | null> {
  const done = await namesUnchanged(client);
  if (done === null) return null;
  const [answer] = asList(done);
  const names = asList(answer).map((name) => asBytes(name, NAMES_MAX_BYTES));
  const nodeIds = names
    .filter((name) => name.byteLength <= NODE_ID_MAX_LENGTH)
    .map((name) => name.toString('latin1'))
    .filter((name) => NODE_ID.test(name));
  return { nodeIds, junk: names.length - nodeIds.length };
}

/** In one turn, so that no other call's command comes between and is queued with them. */
async function namesUnchanged(client: RedisClient): Promise<unknown> {
  const asked = Promise.all([
    client.sendCommand(['MULTI']),
    client.sendCommand(['SRANDMEMBER', NEWCOMERS_KEY, `${NAMES_MAX}`]),
    client.sendCommand<unknown>(['EXEC']),
  ]);
  try {
    return (await asked)[2];
  } catch (error) {
    // A full Redis queues nothing, reads neither; who writes is told, and members are read on.
    if (codeOf(error) === 'OOM') return null;
    throw error;
  }
}
