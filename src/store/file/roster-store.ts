/**
 * The chain of roster steps in a folder, one file a step: the shared one of the file backend, and the one on each
 * node's own disk. A step is on the disk before it is said to be written, and only where there is none (link(2)).
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { ROSTER_STEP_MAX_BYTES } from '../../protocol/limits.ts';
import type { SlotReading } from '../member-store.ts';
import type { RosterStore } from '../roster-store.ts';
import { PRIVATE_FOLDER, readBounded, writeAtomically, writeOnce } from './atomic-file.ts';

/** Our own trouble or the mount's. All else that a name answers with is what somebody put there. */
const OUTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'ESTALE', 'ETIMEDOUT']);

export class FileRosterStore implements RosterStore {
  readonly #folder: string;

  /** `folder`: made when it is first written to. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(from: number, limit: number): Promise<readonly SlotReading[]> {
    const places: SlotReading[] = [];
    for (let epoch = from; epoch < from + limit; epoch += 1) {
      const place = await this.#unlessAway(() => this.#readPlace(epoch));
      if (place.kind === 'missing') break;
      places.push(place);
    }
    return places;
  }

  append(epoch: number, bytes: Uint8Array): Promise<boolean> {
    return this.#unlessAway(async () => {
      await this.#makeFolder();
      return writeOnce(this.#path(epoch), bytes);
    });
  }

  replace(epoch: number, bytes: Uint8Array): Promise<void> {
    return this.#unlessAway(async () => {
      await this.#makeFolder();
      await rm(this.#path(epoch), { recursive: true, force: true }); // a folder is not renamed over
      await writeAtomically(this.#path(epoch), bytes, { durable: true });
    });
  }

  /** From the end on, so that a crash in between leaves a shorter chain and no gap. */
  cut(from: number): Promise<void> {
    return this.#unlessAway(async () => {
      let end = from;
      while ((await this.#readPlace(end)).kind !== 'missing') end += 1;
      for (let epoch = end - 1; epoch >= from; epoch -= 1)
        await rm(this.#path(epoch), { recursive: true, force: true });
    });
  }

  #path(epoch: number): string {
    if (!Number.isSafeInteger(epoch) || epoch < 0) throw new TypeError('not an epoch');
    return join(this.#folder, `${epoch}.json`);
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
  }

  async #readPlace(epoch: number): Promise<SlotReading> {
    try {
      const bytes = await readBounded(this.#path(epoch), ROSTER_STEP_MAX_BYTES + 1);
      return bytes === 'not_a_file' ? { kind: 'unreadable', reason: 'Not a file' } : { kind: 'bytes', bytes };
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT') return { kind: 'missing' };
      if (code === undefined || OUTAGES.has(code)) throw error;
      return { kind: 'unreadable', reason: code };
    }
  }

  async #unlessAway<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const code = systemCode(cause);
      if (code === undefined) throw cause;
      throw new AtlasError(
        'member_store_unavailable',
        `the roster in ${this.#folder} cannot be used: ${code}`,
        {
          cause,
          hint: 'see that the folder is there and can be written',
        },
      );
    }
  }
}
