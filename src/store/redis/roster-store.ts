/** The chain of roster steps in Redis: a key for each step, written by SET NX, read in one round trip by GETRANGE. */
import { ROSTER_STEP_MAX_BYTES } from '../../protocol/limits.ts';
import { rosterKey } from '../../protocol/registry-key.ts';
import type { SlotReading } from '../member-store.ts';
import { CUT_PLACES, type RosterStore } from '../roster-store.ts';
import type { RedisConnection } from './connection.ts';
import { readBounded } from './slots.ts';

export class RedisRosterStore implements RosterStore {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async read(from: number, limit: number): Promise<readonly SlotReading[]> {
    const places = await this.#connection.run((client) =>
      Promise.all(keysFrom(from, limit).map((key) => readBounded(client, key, ROSTER_STEP_MAX_BYTES + 1))),
    );
    const end = places.findIndex(({ kind }) => kind === 'missing');
    return end === -1 ? places : places.slice(0, end);
  }

  async append(epoch: number, bytes: Uint8Array): Promise<boolean> {
    const answer = await this.#connection.run((client) =>
      client.set(rosterKey(epoch), Buffer.from(bytes), { condition: 'NX' }),
    );
    return answer !== null;
  }

  async replace(epoch: number, bytes: Uint8Array): Promise<void> {
    await this.#connection.run((client) => client.set(rosterKey(epoch), Buffer.from(bytes)));
  }

  async cut(from: number): Promise<void> {
    await this.#connection.run((client) => client.unlink(keysFrom(from, CUT_PLACES)));
  }
}

function keysFrom(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => rosterKey(from + i));
}
