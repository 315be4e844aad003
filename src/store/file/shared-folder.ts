/**
 * The folder of a registry, which several machines write to (docs/protocol/records.md, *The registry on files*): who
 * else can write there could put anything in any place, and a network folder may hang for ever. So no work on it
 * outlasts a time limit, none follows a link, and what is no plain file is said and not read.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { NoAnswer, within } from '../../base/time-limit.ts';
import type { SlotReading } from '../member-store.ts';
import { readBounded } from './atomic-file.ts';

/** Milliseconds for one piece of work: a network folder may hang for ever. Arbitrary. */
const TIME_LIMIT_MS = 5000;
/** Our own trouble or the mount's. All else that a name answers with is what somebody put there. */
const OUTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ESTALE', 'ETIMEDOUT']);

export class SharedFolder {
  readonly path: string;
  readonly #parts: readonly string[];
  readonly #clock: Clock;
  /** Pieces of work that passed their time limit and have not come back. */
  #hanging = 0;

  /** `parts`: the names of the folders in it. A link in the place of one of them stops all work. */
  constructor(path: string, { parts, clock }: { parts: readonly string[]; clock: Clock }) {
    this.path = path;
    this.#parts = parts;
    this.#clock = clock;
  }

  /** Rejects with member_store_unavailable, whatever went wrong and however long it hangs. */
  async unlessAway<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#within(async () => {
        await this.#refuseLinks();
        return work();
      });
    } catch (cause) {
      if (cause instanceof AtlasError) throw cause;
      throw new AtlasError('member_store_unavailable', `the registry ${this.path} cannot be used`, {
        cause,
        hint: 'see that the folder is there, that this user may write to it, and that the disk is not full',
      });
    }
  }

  /** What lies in one place. Rejects with the system error of an outage. */
  async readPlace(path: string, maxBytes: number): Promise<SlotReading> {
    try {
      const bytes = await readBounded(path, maxBytes);
      return bytes === 'not_a_file' ? { kind: 'unreadable', reason: 'Not a file' } : { kind: 'bytes', bytes };
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT') return { kind: 'missing' };
      if (code === undefined || OUTAGES.has(code)) throw error;
      return { kind: 'unreadable', reason: code };
    }
  }

  /** While one hangs no other is begun: each would hold a thread that the whole process needs. */
  async #within<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hanging > 0) throw new Error('an earlier call still hangs');
    const working = work();
    try {
      return await within(this.#clock, TIME_LIMIT_MS, () => working);
    } catch (error) {
      if (error instanceof NoAnswer) this.#holdBackUntil(working);
      throw error;
    }
  }

  #holdBackUntil(working: Promise<unknown>): void {
    this.#hanging += 1;
    const back = () => {
      this.#hanging -= 1;
    };
    working.then(back, back);
  }

  /** Whoever can put a link in a folder's place could point our reads and writes anywhere. */
  async #refuseLinks(): Promise<void> {
    for (const part of this.#parts) {
      const path = join(this.path, part);
      const stats = await lstat(path).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
      if (!stats?.isSymbolicLink()) continue;
      throw new AtlasError('member_store_unavailable', `the registry cannot be used: ${path} is a link`, {
        hint: 'remove the link, and see who can write there; the folder is made again by itself',
      });
    }
  }
}
