/**
 * What rarely changes about this machine, and the id it reports under. The hardware's UUID wins, for a disk may be
 * cloned; a machine without one keeps a random id in a file, and keeps its last id when the hardware did not answer.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { systemCode } from '../base/errors.ts';
import type { MachineInfo } from '../protocol/report.ts';
import { CHILD_ENVIRONMENT } from './readings.ts';

export interface Facts {
  /** Null: the hardware did not answer. A uuid of null: it has none that is its own. */
  readonly hardware: { readonly uuid: string | null } | null;
  readonly info: MachineInfo;
}

/** Beside this module, in a checkout and in a bundle. */
const PROGRAM = join(import.meta.dirname, `facts-process${extname(import.meta.filename)}`);
const TIMEOUT_MS = 30_000;
const ID_FILE = 'machine-id';
const MACHINE_ID = /^[A-Za-z0-9-]{1,64}$/;

/** Rejects when the program fails; what it prints is its own and only read back. */
export async function readFacts(): Promise<Facts> {
  const options = { timeout: TIMEOUT_MS, env: CHILD_ENVIRONMENT };
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [PROGRAM], options, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
  return JSON.parse(printed) as Facts;
}

/** Rejects when the hardware did not answer and no id was kept: an invented one would be a second machine. */
export async function settleMachineId(hardware: Facts['hardware'], folder: string): Promise<string> {
  const path = join(folder, ID_FILE);
  const kept = await readKept(path);
  if (hardware === null && kept === undefined) throw new Error('the hardware did not say its UUID');
  const id = hardware?.uuid ?? kept ?? randomUUID().toUpperCase();
  if (id !== kept) {
    await writeFile(`${path}.unfinished`, `${id}\n`, { mode: 0o600 });
    await rename(`${path}.unfinished`, path);
  }
  return id;
}

async function readKept(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return MACHINE_ID.test(text) ? text : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
