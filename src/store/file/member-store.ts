/**
 * The registry in a folder that several processes share: one file a slot, `node/<id>.json` and
 * `heartbeat/<id>.json` below state_path, replaced by rename so that a reader sees old or new and never half.
 * Not made durable: a record that a power cut takes away is written again within an interval.
 */
import { access, lstat, mkdir, opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { RECORD_TYPES, type RecordType } from '../../protocol/keyring.ts';
import { NODE_ID, RECORD_MAX_BYTES } from '../../protocol/limits.ts';
import type { MemberStore, NodeSlots, RegistryReading, SlotReading } from '../member-store.ts';
import type { FolderFacts } from '../registry-facts.ts';
import type { RosterStore } from '../roster-store.ts';
import { StrangerTurns } from '../stranger-turns.ts';
import { PRIVATE_FOLDER, readBounded, writeAtomically } from './atomic-file.ts';
import { FileRosterStore } from './roster-store.ts';

const ENDING = '.json';
const PERMISSIONS = 0o777;
/** Names looked at in one folder, so that a flood of junk files costs a bounded time. Arbitrary. */
const NAMES_MAX = 20_000;
/** Milliseconds for one call: a network folder may hang for ever. Arbitrary. */
const TIME_LIMIT_MS = 5000;
/** Our own trouble or the mount's. All else that a name answers with is what somebody put there. */
const OUTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ESTALE', 'ETIMEDOUT']);

export class FileMemberStore implements MemberStore {
  readonly backend = 'file';
  readonly address: string;
  readonly #nodeId: string;
  readonly #clock: Clock;
  /** Calls that passed their time limit and have not come back. */
  #hanging = 0;
  readonly #turns = new StrangerTurns();

  private constructor(statePath: string, nodeId: string, clock: Clock) {
    this.address = statePath;
    this.#nodeId = nodeId;
    this.#clock = clock;
  }

  /** `clock` measures the time limit; the system's unless given. */
  static async open(options: { statePath: string; nodeId: string; clock?: Clock }): Promise<FileMemberStore> {
    const store = new FileMemberStore(options.statePath, options.nodeId, options.clock ?? systemClock);
    await store.#unlessAway(() => store.#makeFolders());
    return store;
  }

  /** The chain of the roster beside it. */
  get roster(): RosterStore {
    return new FileRosterStore(join(this.address, 'roster'));
  }

  async putOwn(slots: { node?: Uint8Array; heartbeat: Uint8Array }): Promise<void> {
    await this.#unlessAway(async () => {
      if (slots.node) await this.#write('node', slots.node);
      await this.#write('heartbeat', slots.heartbeat);
    });
  }

  async read(members: readonly string[], newcomers: number): Promise<RegistryReading> {
    return this.#unlessAway(async () => {
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
    return this.#unlessAway(() => this.#readSlot(type, nodeId));
  }

  async #readSlot(type: RecordType, nodeId: string): Promise<SlotReading> {
    try {
      const bytes = await readBounded(this.#path(type, nodeId), RECORD_MAX_BYTES + 1);
      return bytes === 'not_a_file' ? { kind: 'unreadable', reason: 'Not a file' } : { kind: 'bytes', bytes };
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT') return { kind: 'missing' };
      if (code === undefined || OUTAGES.has(code)) throw error;
      return { kind: 'unreadable', reason: code };
    }
  }

  async probe(): Promise<void> {
    await this.#unlessAway(async () => {
      const path = join(this.address, `.probe-${this.#nodeId}`);
      const written = Buffer.from(`${process.pid} ${performance.now()}`);
      await writeAtomically(path, written, { durable: false });
      const read = await readBounded(path, written.byteLength + 1);
      await rm(path, { force: true });
      if (read === 'not_a_file' || !written.equals(read)) throw new Error('read back something else');
    });
  }

  async describe(): Promise<FolderFacts> {
    const { uid, mode } = await this.#unlessAway(() => stat(this.address));
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
      for await (const { name } of await this.#folder(type)) {
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
  async #folder(type: RecordType): Promise<AsyncIterable<{ name: string }>> {
    try {
      return await opendir(join(this.address, type));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      await access(this.address);
      return (async function* () {})();
    }
  }

  /** Whoever can put a link in a folder's place could point our reads and writes anywhere. */
  async #refuseLinks(): Promise<void> {
    for (const type of RECORD_TYPES) {
      const path = join(this.address, type);
      const stats = await lstat(path).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
      if (!stats?.isSymbolicLink()) continue;
      throw new AtlasError('member_store_unavailable', `the registry cannot be used: ${path} is a link`, {
        hint: 'remove the link, and see who can write there; the folder is made again by itself',
      });
    }
  }

  async #unlessAway<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#within(async () => {
        await this.#refuseLinks();
        return work();
      });
    } catch (cause) {
      if (cause instanceof AtlasError) throw cause;
      throw new AtlasError('member_store_unavailable', `the registry ${this.address} cannot be used`, {
        cause,
        hint: 'see that the folder is there, that this user may write to it, and that the disk is not full',
      });
    }
  }

  /** While one call hangs no other is begun: each would hold a thread that the whole process needs. */
  async #within<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hanging > 0) throw new Error('an earlier call still hangs');
    const { promise: late, reject } = Promise.withResolvers<never>();
    const working = work();
    const timer = this.#clock.after(TIME_LIMIT_MS, () => {
      this.#hanging += 1;
      const back = () => {
        this.#hanging -= 1;
      };
      working.then(back, back);
      reject(new Error(`no answer within ${TIME_LIMIT_MS} ms`));
    });
    try {
      return await Promise.race([working, late]);
    } finally {
      timer.cancel();
    }
  }
}
