/**
 * The set in which every node names itself, and where the others find whom they do not know yet. Anybody who can
 * write to Redis can fill it, so its size is asked before its names, and too large a set is not fetched at all.
 * It may be removed at any time: each node is back in it with its next heartbeat.
 */
import { NODE_ID } from '../../protocol/limits.ts';
import type { RedisClient } from './client.ts';
import { isWrongType } from './slots.ts';

export const NEWCOMERS_KEY = 'fleet:cluster:newcomers';

/** Names looked at in one refresh. Also how many of them Redis measures, so that not one large name hides. Arbitrary. */
const NAMES_MAX = 20_000;
/** Bytes of Redis' memory that the names may take; ours is of the same order. Arbitrary. */
const NAMES_MAX_BYTES = 4 * 1024 * 1024;

export interface NewcomersSize {
  readonly names: number;
  readonly isTooLarge: boolean;
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

/** One round trip, at a cost for Redis that is bounded by NAMES_MAX. */
export async function measureNewcomers(client: RedisClient): Promise<NewcomersSize> {
  const asked = Promise.all([
    client.sCard(NEWCOMERS_KEY),
    client.memoryUsage(NEWCOMERS_KEY, { SAMPLES: NAMES_MAX }),
  ]);
  try {
    const [names, bytes] = await asked;
    return { names, isTooLarge: names > NAMES_MAX || (bytes ?? 0) > NAMES_MAX_BYTES };
  } catch (error) {
    if (isWrongType(error)) return { names: 0, isTooLarge: false };
    throw error;
  }
}

/** One round trip. What is added between the measuring and this is not fetched beyond NAMES_MAX names. */
export async function listNewcomers(client: RedisClient): Promise<NewcomersList> {
  try {
    const names = await client.sRandMemberCount(NEWCOMERS_KEY, NAMES_MAX);
    const nodeIds = names.map((name) => name.toString('latin1')).filter((name) => NODE_ID.test(name));
    return { nodeIds, junk: names.length - nodeIds.length };
  } catch (error) {
    if (isWrongType(error)) return { nodeIds: [], junk: 0 };
    throw error;
  }
}
