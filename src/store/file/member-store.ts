/**
 * The registry in a folder that several processes share: one file a slot, `node/<id>.json` and
 * `heartbeat/<id>.json` below state_path, replaced by rename so that a reader sees old or new and never half.
 * Not made durable: a record that a power cut takes away is written again within an interval.
 */
import { access, mkdir, opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { systemCode } from '../../base/errors.ts';
import { RECORD_TYPES, type RecordType } from '../../protocol/keyring.ts';
import { NODE_ID, RECORD_MAX_BYTES } from '../../protocol/limits.ts';
import type { MemberStore, NodeSlots, RegistryReading, SlotReading } from '../member-store.ts';
import type { FolderFacts } from '../registry-facts.ts';
import type { RosterStore } from '../roster-store.ts';
import { StrangerTurns } from '../stranger-turns.ts';
import { PRIVATE_FOLDER, readBounded, writeAtomically } from './atomic-file.ts';
import { FileRosterStore, ROSTER_FOLDER } from './roster-store.ts';
import { SharedFolder } from './shared-folder.ts';

const ENDING = '.json';
const PERMISSIONS = 0o777;
/** Names looked at in one folder, so that a flood of junk files costs a bounded time. Arbitrary. */
const NAMES_MAX = 20_000;

export interface FileMemberStoreOptions {
  readonly statePath: string;
  readonly nodeId: string;
  readonly clock: Clock;
}

export class FileMemberStore implements MemberStore {
  readonly backend = 'file';
  /** The chain of the roster beside it. */
  readonly roster: RosterStore;
  readonly #nodeId: string;
  readonly #folder: SharedFolder;
  readonly #turns = new StrangerTurns();

  private constructor(folder: SharedFolder, nodeId: string) {
    this.#folder = folder;
    this.#nodeId = nodeId;
    this.roster = new FileRosterStore(folder);
  }

  /** `clock` measures how long a call may take. */
  static async open({ statePath, nodeId, clock }: FileMemberStoreOptions): Promise<FileMemberStore> {
    const folder = new SharedFolder(statePath, { parts: [...RECORD_TYPES, ROSTER_FOLDER], clock });
    const store = new FileMemberStore(folder, nodeId);
    await folder.unlessAway(() => store.#makeFolders());
    return store;
  }

  get address(): string {
    return this.#folder.path;
  }

  async putOwn(slots: { node?: Uint8Array; heartbeat: Uint8Array }): Promise<void> {
    await this.#folder.unlessAway(async () => {
      if (slots.node) await this.#write('node', slots.node);
      await this.#write('heartbeat', slots.heartbeat);
    });
  }

  async read(members: readonly string[], newcomers: number): Promise<RegistryReading> {
    return this.#folder.unlessAway(async () => {
      const listed = await this.#list();
      const known = new Set(members);
      const strangers = [...listed.nodeIds].filter((nodeId) => !known.has(nodeId)).sort();
      const slots: NodeSlots[] = [];
      const turn = this.#turns.take(strangers, newcomers);
      for (const nodeId of [...members, ...turn]) {
        const heartbeat = await this.#readSlot('heartbeat', nodeId);
        slots.push({ nodeId, heartbeat, node: await this.#readSlot('node', nodeId) });
      }
      const unreadNames = strangers.length - turn.length + listed.unlisted;
      return { slots, junkNames: listed.junk, unreadNames };
    });
  }

  async inspect(type: RecordType, nodeId: string): Promise<SlotReading> {
    return this.#folder.unlessAway(async () => this.#readSlot(type, nodeId));
  }

  #readSlot(type: RecordType, nodeId: string): Promise<SlotReading> {
    return this.#folder.readPlace(this.#path(type, nodeId), RECORD_MAX_BYTES + 1);
  }

  async probe(): Promise<void> {
    await this.#folder.unlessAway(async () => {
      const path = join(this.address, `.probe-${this.#nodeId}`);
      const written = Buffer.from(`${process.pid} ${performance.now()}`);
      await writeAtomically(path, written, { durable: false });
      const read = await readBounded(path, written.byteLength + 1);
      await rm(path, { force: true });
      if (read === 'not_a_file' || !written.equals(read)) throw new Error('read back something else');
    });
  }

  async describe(): Promise<FolderFacts> {
    const { uid, mode } = await this.#folder.unlessAway(() => stat(this.address));
    const isOurs = uid === process.getuid?.();
    return { kind: 'folder', path: this.address, ownerId: uid, isOurs, mode: mode & PERMISSIONS };
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

  async #list(): Promise<{ nodeIds: Set<string>; junk: number; unlisted: number }> {
    const nodeIds = new Set<string>();
    const junk = new Set<string>();
    let unlisted = 0;
    for (const type of RECORD_TYPES) {
      let looked = 0;
      for await (const { name } of await this.#names(type)) {
        looked += 1;
        if (looked > NAMES_MAX) {
          unlisted += 1; // and more: counting them would be reading them all
          break;
        }
        if (name.startsWith('.')) continue;
        const nodeId = name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : '';
        if (NODE_ID.test(nodeId)) nodeIds.add(nodeId);
        else junk.add(name);
      }
    }
    return { nodeIds, junk: junk.size, unlisted };
  }

  /** Empty when only this folder was removed: that its rows are missing is no reason not to see the others. */
  async #names(type: RecordType): Promise<AsyncIterable<{ name: string }>> {
    try {
      return await opendir(join(this.address, type));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      await access(this.address);
      return (async function* () {})();
    }
  }
}
