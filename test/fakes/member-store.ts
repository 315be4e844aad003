/** A registry in memory that keeps the contract, and an intruder's hand in it. Each node has a store of its own. */
import { AtlasError } from '../../src/base/errors.ts';
import type { RecordType } from '../../src/protocol/keyring.ts';
import { RECORD_MAX_BYTES } from '../../src/protocol/limits.ts';
import { slotKey } from '../../src/protocol/registry-key.ts';
import type { MemberStore, NodeSlots, RegistryReading, SlotReading } from '../../src/store/member-store.ts';
import type { RegistryFacts } from '../../src/store/registry-facts.ts';

export class FakeRegistry {
  readonly #nodes = new Map<string, { [type in RecordType]?: SlotReading }>();
  /** Set false for an outage. */
  readable = true;
  writable = true;
  /** What readers wait for before they are answered. */
  hung: Promise<void> = Promise.resolve();
  /** Names that no node can have. */
  junkNames = 0;
  facts: RegistryFacts = { kind: 'folder', path: 'memory', ownerId: 501, isOurs: true, mode: 0o700 };

  store(nodeId: string): FakeMemberStore {
    return new FakeMemberStore(this, nodeId);
  }

  get nodeIds(): string[] {
    return [...this.#nodes.keys()];
  }

  get(type: RecordType, nodeId: string): SlotReading {
    return this.#nodes.get(nodeId)?.[type] ?? { kind: 'missing' };
  }

  /** The bytes of a slot, which must be there: what somebody captures. */
  capture(type: RecordType, nodeId: string): Uint8Array {
    const reading = this.get(type, nodeId);
    if (reading.kind !== 'bytes') throw new Error(`${slotKey(type, nodeId)} is ${reading.kind}`);
    return reading.bytes;
  }

  put(type: RecordType, nodeId: string, content: Uint8Array | string | SlotReading): void {
    this.#nodes.set(nodeId, { ...this.#nodes.get(nodeId), [type]: asReading(content) });
  }

  remove(type: RecordType, nodeId: string): void {
    this.put(type, nodeId, { kind: 'missing' });
  }

  /** All of it, as by FLUSHALL. */
  flush(): void {
    this.#nodes.clear();
  }
}

function asReading(content: Uint8Array | string | SlotReading): SlotReading {
  if (typeof content === 'object' && 'kind' in content) return content;
  return { kind: 'bytes', bytes: Uint8Array.from(Buffer.from(content)) };
}

export class FakeMemberStore implements MemberStore {
  readonly backend = 'file';
  readonly address = 'memory';
  readonly #registry: FakeRegistry;
  readonly #nodeId: string;
  #turn = 0;

  constructor(registry: FakeRegistry, nodeId: string) {
    this.#registry = registry;
    this.#nodeId = nodeId;
  }

  async putOwn(slots: { node?: Uint8Array; heartbeat: Uint8Array }): Promise<void> {
    if (!this.#registry.writable) throw away();
    if (slots.node) this.#registry.put('node', this.#nodeId, slots.node);
    this.#registry.put('heartbeat', this.#nodeId, slots.heartbeat);
  }

  async read(members: readonly string[], newcomers: number): Promise<RegistryReading> {
    await this.#registry.hung;
    if (!this.#registry.readable) throw away();
    const known = new Set(members);
    const strangers = this.#registry.nodeIds.filter((nodeId) => !known.has(nodeId));
    const start = strangers.length > newcomers ? this.#turn % strangers.length : 0;
    this.#turn = start + newcomers;
    const turn = [...strangers.slice(start), ...strangers.slice(0, start)].slice(0, newcomers);
    const slots = [...members, ...turn].map(
      (nodeId): NodeSlots => ({
        nodeId,
        node: this.#read('node', nodeId),
        heartbeat: this.#read('heartbeat', nodeId),
      }),
    );
    const unreadNames = strangers.length - turn.length;
    return { slots, junkNames: this.#registry.junkNames, unreadNames };
  }

  async inspect(type: RecordType, nodeId: string): Promise<SlotReading> {
    if (!this.#registry.readable) throw away();
    return this.#read(type, nodeId);
  }

  async probe(): Promise<void> {
    if (!this.#registry.writable || !this.#registry.readable) throw away();
  }

  async describe(): Promise<RegistryFacts> {
    if (!this.#registry.readable) throw away();
    return this.#registry.facts;
  }

  async close(): Promise<void> {}

  #read(type: RecordType, nodeId: string): SlotReading {
    const reading = this.#registry.get(type, nodeId);
    if (reading.kind !== 'bytes') return reading;
    return { kind: 'bytes', bytes: reading.bytes.slice(0, RECORD_MAX_BYTES + 1) };
  }
}

function away(): AtlasError {
  return new AtlasError('member_store_unavailable', 'the registry memory cannot be used');
}
