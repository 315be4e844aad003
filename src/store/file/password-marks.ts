/** The marks of this node's passwords, in one file of its data folder, which holds the passwords themselves anyway. */
import { join } from 'node:path';
import { z } from 'zod';
import { systemCode } from '../../base/errors.ts';
import type { PasswordMarkStore, PasswordMarks } from '../password-marks.ts';
import { readOwn, writeAtomically } from './atomic-file.ts';

const FILE_MAX_BYTES = 4096;

const mark = z.strictObject({ salt: z.string(), digest: z.string() }).nullable();
const stored = z.strictObject({ step: z.string(), redis: mark, postgres: mark });

export class FilePasswordMarks implements PasswordMarkStore {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'passwords-at-compromise.json');
  }

  async load(): Promise<PasswordMarks | null> {
    const bytes = await readOwn(this.#path, FILE_MAX_BYTES).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    });
    if (bytes === null) return null;
    try {
      if (bytes === 'not_a_file') throw new Error('not a plain file');
      return stored.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    } catch (cause) {
      throw new Error(`${this.#path} does not hold what was noted`, { cause });
    }
  }

  keep(marks: PasswordMarks): Promise<void> {
    const text = `${JSON.stringify(marks, null, 2)}\n`;
    return writeAtomically(this.#path, Buffer.from(text), { durable: true });
  }
}
