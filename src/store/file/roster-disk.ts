/** This node's own copy of the roster: one file a step, and since when it counts is the time of the file. */
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

  async keep(epoch: number, { bytes, atMs }: HeldStep): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
    await writeAtomically(this.#path(epoch), bytes, { durable: true });
    await utimes(this.#path(epoch), atMs / 1000, atMs / 1000);
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
      if (bytes === 'not_a_file') return { bytes: new Uint8Array(), atMs: 0 };
      return { bytes, atMs: (await stat(path)).mtimeMs };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #path(epoch: number): string {
    return join(this.#folder, `${epoch}.json`);
  }
}
