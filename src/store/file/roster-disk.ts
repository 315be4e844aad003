/** This node's own copy of the roster: one file a step. A settled one has the time 0, and no other clock is asked. */
import { mkdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { ROSTER_STEP_MAX_BYTES } from '../../protocol/limits.ts';
import type { HeldStep, RosterDisk } from '../roster-store.ts';
import { PRIVATE_FOLDER, readBounded, writeAtomically } from './atomic-file.ts';

export class FileRosterDisk implements RosterDisk {
  readonly #folder: string;

  /** `folder`: made when it is first written to. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async load(): Promise<readonly HeldStep[]> {
    const steps: HeldStep[] = [];
    for (;;) {
      const step = await this.#read(steps.length);
      if (step === undefined) return steps;
      steps.push(step);
    }
  }

  async keep(epoch: number, { bytes, isSettled }: HeldStep): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
    await writeAtomically(this.#path(epoch), bytes, { durable: true });
    if (isSettled) await utimes(this.#path(epoch), 0, 0);
  }

  /** From the end on, so that a crash in between leaves a shorter chain and no gap. */
  async cut(from: number): Promise<void> {
    let end = from;
    while ((await this.#read(end)) !== undefined) end += 1;
    for (let epoch = end - 1; epoch >= from; epoch -= 1) await rm(this.#path(epoch), { force: true });
  }

  async #read(epoch: number): Promise<HeldStep | undefined> {
    const path = this.#path(epoch);
    try {
      const bytes = await readBounded(path, ROSTER_STEP_MAX_BYTES + 1);
      if (bytes === 'not_a_file') return { bytes: new Uint8Array(), isSettled: false };
      return { bytes, isSettled: (await stat(path)).mtimeMs === 0 };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #path(epoch: number): string {
    return join(this.#folder, `${epoch}.json`);
  }
}
