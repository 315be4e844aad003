/**
 * The chain of roster steps in the folder of the registry, one file a step. A step is on the disk before it is said to
 * be written, and only where there is none (link(2)).
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROSTER_STEP_MAX_BYTES } from '../../protocol/limits.ts';
import type { SlotReading } from '../member-store.ts';
import { CUT_PLACES, type RosterStore } from '../roster-store.ts';
import { PRIVATE_FOLDER, writeAtomically, writeOnce } from './atomic-file.ts';
import type { SharedFolder } from './shared-folder.ts';

/** Its name in the folder of the registry. */
export const ROSTER_FOLDER = 'roster';

export class FileRosterStore implements RosterStore {
  readonly #shared: SharedFolder;
  readonly #folder: string;

  /** `shared`: of the registry; ROSTER_FOLDER is one of its parts, and made when it is first written to. */
  constructor(shared: SharedFolder) {
    this.#shared = shared;
    this.#folder = join(shared.path, ROSTER_FOLDER);
  }

  read(from: number, limit: number): Promise<readonly SlotReading[]> {
    return this.#shared.unlessAway(async () => {
      const places: SlotReading[] = [];
      for (let epoch = from; epoch < from + limit; epoch += 1) {
        const place = await this.#readPlace(epoch);
        if (place.kind === 'missing') break;
        places.push(place);
      }
      return places;
    });
  }

  append(epoch: number, bytes: Uint8Array): Promise<boolean> {
    return this.#shared.unlessAway(async () => {
      await this.#makeFolder();
      return writeOnce(this.#path(epoch), bytes);
    });
  }

  replace(epoch: number, bytes: Uint8Array): Promise<void> {
    return this.#shared.unlessAway(async () => {
      await this.#makeFolder();
      await rm(this.#path(epoch), { recursive: true, force: true }); // a folder is not renamed over
      await writeAtomically(this.#path(epoch), bytes, { durable: true });
    });
  }

  /** From the end on, so that a crash in between leaves a shorter chain and no gap. */
  cut(from: number): Promise<void> {
    return this.#shared.unlessAway(async () => {
      for (let epoch = from + CUT_PLACES - 1; epoch >= from; epoch -= 1)
        await rm(this.#path(epoch), { recursive: true, force: true });
    });
  }

  #readPlace(epoch: number): Promise<SlotReading> {
    return this.#shared.readPlace(this.#path(epoch), ROSTER_STEP_MAX_BYTES + 1);
  }

  #path(epoch: number): string {
    if (!Number.isSafeInteger(epoch) || epoch < 0) throw new TypeError('not an epoch');
    return join(this.#folder, `${epoch}.json`);
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
  }
}
