/**
 * A cluster for a while on a Redis that may be somebody's: it moves in only where no cluster lives, and takes its own
 * rows away when it goes. No server does either: their rows stay, so that the others see that they left.
 */
import { AtlasError } from '../../base/errors.ts';
import { RECORD_TYPES } from '../../protocol/keyring.ts';
import { NEWCOMERS_KEY, probeKey, rosterKey } from '../../protocol/registry-key.ts';
import { RedisConnection, type RedisConnectionOptions } from './connection.ts';
import { RedisRosterStore } from './roster-store.ts';
import { keyOf } from './slots.ts';

export interface Tenancy {
  /** Rejects with member_store_unavailable, and the rows stay. */
  moveOut(): Promise<void>;
}

/** Rejects with registry_in_use, or member_store_unavailable when Redis cannot be used. */
export async function moveIn(access: RedisConnectionOptions, nodeIds: readonly string[]): Promise<Tenancy> {
  const connection = RedisConnection.open(access);
  try {
    const names = await connection.run((client) => client.exists([NEWCOMERS_KEY, rosterKey(0)]));
    if (names > 0) throw inUse(connection.address);
  } catch (error) {
    connection.close();
    throw error;
  }
  const roster = new RedisRosterStore(connection);
  const moveOut = async () => {
    try {
      await connection.run((client) => client.unlink(keysOf(nodeIds)));
      await roster.cut(0);
    } finally {
      connection.close();
    }
  };
  return { moveOut };
}

function keysOf(nodeIds: readonly string[]): string[] {
  const own = (nodeId: string) => [...RECORD_TYPES.map((type) => keyOf(type, nodeId)), probeKey(nodeId)];
  return [NEWCOMERS_KEY, ...nodeIds.flatMap(own)];
}

function inUse(address: string): AtlasError {
  return new AtlasError('registry_in_use', `a cluster lives in ${address} already`, {
    hint: 'choose another number behind the slash, or empty that one: redis-cli -n NUMBER flushdb',
  });
}
