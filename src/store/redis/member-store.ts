/**
 * The registry in Redis (docs/decisions/0004-redis-registry.md): a key for each slot, and a set of names for
 * finding newcomers. A heartbeat is one round trip of at most four commands, a refresh at most three round trips,
 * however many nodes there are; no KEYS, SCAN, scripts, subscriptions or blocking commands.
 */
import { randomBytes } from 'node:crypto';
import type { RecordType } from '../../protocol/keyring.ts';
import { NODE_ID } from '../../protocol/limits.ts';
import { probeKey } from '../../protocol/registry-key.ts';
import type { MemberStore, RegistryReading, SlotReading } from '../member-store.ts';
import type { RedisFacts } from '../registry-facts.ts';
import type { RosterStore } from '../roster-store.ts';
import { StrangerTurns } from '../stranger-turns.ts';
import type { RedisClient } from './client.ts';
import { RedisConnection, type RedisConnectionOptions } from './connection.ts';
import { askFacts, letsAnybodyIn } from './facts.ts';
import { Enrolment, listNewcomers, measureNewcomers } from './newcomers.ts';
import { RedisRosterStore } from './roster-store.ts';
import { keyOf, readSlot, readSlots } from './slots.ts';
import { RedisTrouble } from './trouble.ts';

export interface RedisMemberStoreOptions extends Omit<RedisConnectionOptions, 'name'> {
  readonly nodeId: string;
}

const PROBE_BYTES = 16;
/** Milliseconds after which a probe's value goes by itself. */
const PROBE_LIFE_MS = 10_000;

export class RedisMemberStore implements MemberStore {
  readonly backend = 'redis';
  readonly #nodeId: string;
  readonly #access: RedisConnectionOptions;
  readonly #connection: RedisConnection;
  readonly #enrolment: Enrolment;
  readonly #turns = new StrangerTurns();

  private constructor(nodeId: string, access: RedisConnectionOptions) {
    this.#nodeId = nodeId;
    this.#access = access;
    this.#connection = RedisConnection.open(access);
    this.#enrolment = new Enrolment(nodeId);
  }

  /** Begins to connect. A Redis that is away is no error here: the calls will say so, and it is tried for ever. */
  static open({ nodeId, ...access }: RedisMemberStoreOptions): RedisMemberStore {
    if (!NODE_ID.test(nodeId)) throw new TypeError('not a node id');
    return new RedisMemberStore(nodeId, { ...access, name: `atlas-fleet-${nodeId}` });
  }

  /** The chain of the roster beside it, over the same connection. */
  get roster(): RosterStore {
    return new RedisRosterStore(this.#connection);
  }

  get address(): string {
    return this.#connection.address;
  }

  async putOwn({ node, heartbeat }: { node?: Uint8Array; heartbeat: Uint8Array }): Promise<void> {
    await this.#connection.run((client) =>
      Promise.all([
        node && this.#write(client, 'node', node),
        this.#write(client, 'heartbeat', heartbeat),
        this.#enrolment.enrol(client),
      ]),
    );
  }

  async read(members: readonly string[], newcomers: number): Promise<RegistryReading> {
    return this.#connection.run(async (client) => {
      const [known, size] = await Promise.all([readSlots(client, members), measureNewcomers(client)]);
      const listed = size.isListable ? await listNewcomers(client) : null;
      if (listed === null) {
        return { slots: known, junkNames: 0, unreadNames: Math.max(0, size.names - members.length) };
      }
      const isKnown = new Set(members);
      const strangers = listed.nodeIds.filter((nodeId) => !isKnown.has(nodeId)).sort();
      const turn = this.#turns.take(strangers, newcomers);
      const met = await readSlots(client, turn);
      const unreadNames = strangers.length - turn.length;
      return { slots: [...known, ...met], junkNames: listed.junk, unreadNames };
    });
  }

  async inspect(type: RecordType, nodeId: string): Promise<SlotReading> {
    return this.#connection.run((client) => readSlot(client, type, nodeId));
  }

  async probe(): Promise<void> {
    const written = randomBytes(PROBE_BYTES);
    const key = probeKey(this.#nodeId);
    await this.#connection.run(async (client) => {
      const expiration = { type: 'PX', value: PROBE_LIFE_MS } as const;
      const [, read] = await Promise.all([
        client.set(key, written, { expiration }),
        client.getRange(key, 0, PROBE_BYTES),
      ]);
      if (read !== null && written.equals(read)) return;
      throw new RedisTrouble(
        'it does not keep what is written',
        'see what else writes or removes keys there',
      );
    });
  }

  async describe(): Promise<RedisFacts> {
    const [told, isOpen] = await Promise.all([
      this.#connection.run((client) => askFacts(client, this.#access)),
      letsAnybodyIn(this.#access),
    ]);
    return { kind: 'redis', tls: this.#access.tls !== null, isOpen, ...told };
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async #write(client: RedisClient, type: RecordType, bytes: Uint8Array): Promise<void> {
    const { buffer, byteOffset, byteLength } = bytes;
    await client.set(keyOf(type, this.#nodeId), Buffer.from(buffer, byteOffset, byteLength));
  }
}
