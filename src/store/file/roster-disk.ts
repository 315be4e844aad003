/** This node's own copy of the roster: one file a step, and one with the number of those that are settled. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { ROSTER_STEP_MAX_BYTES } from '../../protocol/limits.ts';
import type { HeldChain, RosterDisk } from '../roster-store.ts';
import { PRIVATE_FOLDER, readOwn, writeAtomically, writeInOrder } from './atomic-file.ts';

const SETTLED = 'settled';
/** Bytes of a number. */
const NUMBER_MAX_BYTES = 16;
/** Steps brought to the disk together: each waits for the disk, and the disk for all of them at once. Arbitrary. */
const TOGETHER = 64;

export class FileRosterDisk implements RosterDisk {
  readonly #folder: string;

  /** `folder`: made when it is first written to. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async load(): Promise<HeldChain> {
    const steps: Uint8Array[] = [];
    for (;;) {
      const step = await this.#read(this.#path(steps.length), ROSTER_STEP_MAX_BYTES + 1);
      if (step === undefined) return { steps, settled: Math.min(await this.#settled(), steps.length) };
      steps.push(step);
    }
  }

  async keep(from: number, steps: readonly Uint8Array[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
    for (let done = 0; done < steps.length; done += TOGETHER) {
      const some = steps.slice(done, done + TOGETHER);
      await writeInOrder(some.map((bytes, i) => ({ path: this.#path(from + done + i), bytes })));
    }
  }

  async settle(count: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
    await writeAtomically(join(this.#folder, SETTLED), Buffer.from(`${count}\n`), { durable: true });
  }

  /** From the end on, so that a crash in between leaves a shorter chain and no gap. */
  async cut(from: number): Promise<void> {
    if ((await this.#settled()) > from) await this.settle(from);
    let end = from;
    while ((await this.#read(this.#path(end), 1)) !== undefined) end += 1;
    for (let epoch = end - 1; epoch >= from; epoch -= 1) await rm(this.#path(epoch), { force: true });
  }

  /** What is no number settles nothing: then the chain is judged as if it were new here. */
  async #settled(): Promise<number> {
    const bytes = await this.#read(join(this.#folder, SETTLED), NUMBER_MAX_BYTES);
    const text = Buffer.from(bytes ?? []).toString('ascii');
    return /^\d{1,15}\n$/.test(text) ? Number(text) : 0;
  }

  /** Undefined where there is nothing. */
  async #read(path: string, limit: number): Promise<Uint8Array | undefined> {
    try {
      const bytes = await readOwn(path, limit);
      return bytes === 'not_a_file' ? new Uint8Array() : bytes;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #path(epoch: number): string {
    return join(this.#folder, `${epoch}.json`);
  }
}
