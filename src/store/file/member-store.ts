/**
 * The registry in a folder that several processes share: one file a slot, `node/<id>.json` and
 * `heartbeat/<id>.json` below state_path, replaced by rename so that a reader sees old or new and never half.
 * Not made durable: a record that a power cut takes away is written again within an interval.
 */
import { mkdir, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { RECORD_TYPES, type RecordType } from '../../protocol/keyring.ts';
import { NODE_ID, RECORD_MAX_BYTES } from '../../protocol/limits.ts';
import type { MemberStore, NodeSlots, RegistryReading, SlotReading } from '../member-store.ts';
import { PRIVATE_FOLDER, readBounded, writeAtomically } from './atomic-file.ts';

const ENDING = '.json';
/** Names looked at in one folder, so that a flood of junk files costs a bounded time. Arbitrary. */
const NAMES_MAX = 20_000;

export class FileMemberStore implements MemberStore {
  readonly backend = 'file';
  readonly address: string;
  readonly #nodeId: string;
  /** Where the next refresh starts among the newcomers, so that junk cannot keep one out for ever. */
  #turn = 0;

  private constructor(statePath: string, nodeId: string) {
    this.address = statePath;
    this.#nodeId = nodeId;
  }

  static async open(options: { statePath: string; nodeId: string }): Promise<FileMemberStore> {
    const store = new FileMemberStore(options.statePath, options.nodeId);
    await unlessAway(options.statePath, () => store.#makeFolders());
    return store;
  }

  async putOwn(slots: { node?: Uint8Array; heartbeat: Uint8Array }): Promise<void> {
    await unlessAway(this.address, async () => {
      if (slots.node) await this.#write('node', slots.node);
      await this.#write('heartbeat', slots.heartbeat);
    });
  }

  async read(members: readonly string[], newcomers: number): Promise<RegistryReading> {
    return unlessAway(this.address, async () => {
      const listed = await this.#list();
      const known = new Set(members);
      const strangers = [...listed.nodeIds].filter((nodeId) => !known.has(nodeId)).sort();
      const slots: NodeSlots[] = [];
      for (const nodeId of [...members, ...this.#takeTurns(strangers, newcomers)]) {
        const heartbeat = await this.inspect('heartbeat', nodeId);
        slots.push({ nodeId, heartbeat, node: await this.inspect('node', nodeId) });
      }
      return { slots, junkNames: listed.junk };
    });
  }

  async inspect(type: RecordType, nodeId: string): Promise<SlotReading> {
    try {
      const bytes = await readBounded(this.#path(type, nodeId), RECORD_MAX_BYTES + 1);
      return bytes === 'not_a_file' ? { kind: 'unreadable', reason: 'Not a file' } : { kind: 'bytes', bytes };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return { kind: 'missing' };
      return { kind: 'unreadable', reason: systemCode(error) ?? 'Cannot be read' };
    }
  }

  async probe(): Promise<void> {
    await unlessAway(this.address, async () => {
      const path = join(this.address, `.probe-${this.#nodeId}`);
      const written = Buffer.from(`${process.pid} ${performance.now()}`);
      await writeAtomically(path, written, { durable: false });
      const read = await readBounded(path, written.byteLength + 1);
      await rm(path, { force: true });
      if (read === 'not_a_file' || !written.equals(read)) throw new Error('read back something else');
    });
  }

  async close(): Promise<void> {}

  #path(type: RecordType, nodeId: string): string {
    if (!NODE_ID.test(nodeId)) throw new TypeError('not a node id');
    return join(this.address, type, `${nodeId}${ENDING}`);
  }

  async #makeFolders(): Promise<void> {
    for (const type of RECORD_TYPES) {
      await mkdir(join(this.address, type), { recursive: true, mode: PRIVATE_FOLDER });
    }
  }

  /** Who removes the folders only costs us one more write. */
  async #write(type: RecordType, bytes: Uint8Array): Promise<void> {
    const path = this.#path(type, this.#nodeId);
    try {
      await writeAtomically(path, bytes, { durable: false });
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      await this.#makeFolders();
      await writeAtomically(path, bytes, { durable: false });
    }
  }

  async #list(): Promise<{ nodeIds: Set<string>; junk: number }> {
    const nodeIds = new Set<string>();
    const junk = new Set<string>();
    for (const type of RECORD_TYPES) {
      let looked = 0;
      for await (const { name } of await opendir(join(this.address, type))) {
        looked += 1;
        if (looked > NAMES_MAX) break;
        if (name.startsWith('.')) continue;
        const nodeId = name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : '';
        if (NODE_ID.test(nodeId)) nodeIds.add(nodeId);
        else junk.add(name);
      }
    }
    return { nodeIds, junk: junk.size };
  }

  #takeTurns(strangers: readonly string[], limit: number): string[] {
    if (strangers.length <= limit) return [...strangers];
    const start = this.#turn % strangers.length;
    this.#turn = start + limit;
    return [...strangers.slice(start), ...strangers.slice(0, start)].slice(0, limit);
  }
}

async function unlessAway<T>(address: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new AtlasError('member_store_unavailable', `the registry ${address} cannot be used`, {
      cause,
      hint: 'see that the folder is there, that this user may write to it, and that the disk is not full',
    });
  }
}
