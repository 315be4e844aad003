/**
 * Sealed reports on their way out, one file each, on disk before anything is sent: only what a server
 * acknowledged is deleted. Bounded: the oldest go first and are counted. What a server refuses for good is set
 * aside in a folder of its own, from which an operator can move it back.
 *
 * A report is not forced to the disk: a power cut may cost the last seconds of figures, which is less than an
 * fsync each second costs a laptop.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { systemCode } from '../base/errors.ts';
import { type Log, RateLimitedLog } from '../base/log.ts';

/** `<Unix ms, 15 digits>-<random>.report`: sorted by name is sorted by time. */
const NAME = /^\d{15}-[0-9a-f]{16}\.report$/;
const UNFINISHED = '.unfinished';
const ASIDE = 'set-aside';
/** Files set aside. Arbitrary: enough to see what was wrong. */
export const ASIDE_MAX = 100;
/** Reports kept in memory while the disk refuses them. Arbitrary. */
export const HELD_MAX = 10;
/** What a file takes up at least, so that the bound is about the disk and not about the content. */
const BLOCK_BYTES = 4096;

interface Entry {
  readonly name: string;
  readonly bytes: number;
  /** Given when the disk refused it. */
  readonly held?: Uint8Array;
}

export interface SpoolOptions {
  readonly dir: string;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #rareLog: RateLimitedLog;
  /** In the order of their names. */
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #dropped = 0;
  #aside = 0;

  private constructor(options: SpoolOptions) {
    this.#options = options;
    this.#rareLog = new RateLimitedLog(options.clock);
  }

  /** Finds what an earlier run left. Rejects when the folder cannot be made or read. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    const aside = join(options.dir, ASIDE);
    await mkdir(aside, { recursive: true, mode: 0o700 });
    await Promise.all([options.dir, aside].map((folder) => chmod(folder, 0o700)));
    for (const name of (await readdir(options.dir)).sort()) {
      const path = join(options.dir, name);
      if (name.endsWith(UNFINISHED)) await rm(path, { force: true });
      if (NAME.test(name)) spool.#insert({ name, bytes: onDisk((await stat(path)).size) });
    }
    await spool.#makeRoom(0);
    return spool;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Reports lost to the bound since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Reports set aside since the start. */
  get aside(): number {
    return this.#aside;
  }

  /**
   * Resolves with the report's name. After this it survives the end of the process; only a disk that refuses it
   * leaves it in memory.
   */
  async add(body: Uint8Array, takenAtMs: number): Promise<string> {
    const time = Math.max(0, Math.floor(takenAtMs)).toString().padStart(15, '0');
    const name = `${time}-${randomBytes(8).toString('hex')}.report`;
    const bytes = onDisk(body.byteLength);
    await this.#makeRoom(bytes);
    try {
      await this.#write(name, body);
      this.#insert({ name, bytes });
    } catch (error) {
      this.#hold({ name, bytes: 0, held: body }, error);
    }
    return name;
  }

  oldest(): string | undefined {
    return this.#entries[0]?.name;
  }

  /** Undefined when the file is gone, empty or cannot be read: then it is also forgotten, and blocks no other. */
  async read(name: string): Promise<Uint8Array | undefined> {
    const held = this.#entries.find((entry) => entry.name === name)?.held;
    if (held !== undefined) return held;
    try {
      const body = await readFile(this.#path(name));
      if (body.byteLength > 0) return body;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') {
        this.#sayFailed('A spooled report cannot be read', error);
        this.#forget(name); // the file stays: it was not acknowledged
        return undefined;
      }
    }
    await this.remove(name);
    return undefined;
  }

  /** Only for what was acknowledged. A file that cannot be deleted is sent once more after the next start. */
  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true }).catch((error: unknown) => {
      this.#sayFailed('A delivered report cannot be deleted from the spool', error);
    });
    this.#forget(name);
  }

  async setAside(name: string): Promise<void> {
    const aside = join(this.#options.dir, ASIDE);
    await rename(this.#path(name), join(aside, name)).catch(ignoreMissing);
    this.#forget(name);
    this.#aside += 1;
    const names = (await readdir(aside)).filter((each) => NAME.test(each)).sort();
    for (const surplus of names.slice(0, -ASIDE_MAX)) await rm(join(aside, surplus), { force: true });
  }

  #path(name: string): string {
    return join(this.#options.dir, name);
  }

  async #write(name: string, body: Uint8Array): Promise<void> {
    const unfinished = this.#path(`${name}${UNFINISHED}`);
    try {
      await writeFile(unfinished, body, { mode: 0o600, flag: 'wx' });
      await rename(unfinished, this.#path(name));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  /** A Mac with a full disk is the one that must still be seen. */
  #hold(entry: Entry, error: unknown): void {
    this.#sayFailed('Report kept in memory: the spool cannot be written', error);
    this.#insert(entry);
    const held = this.#entries.filter((each) => each.held !== undefined);
    if (held.length > HELD_MAX && held[0] !== undefined) this.#drop(held[0]);
  }

  #sayFailed(sentence: string, error: unknown): void {
    this.#rareLog.once(sentence, (times) => {
      const fields = { reason: systemCode(error) ?? 'unknown', times };
      this.#options.log.error('agent.spool_failed', sentence, fields);
    });
  }

  async #makeRoom(bytes: number): Promise<void> {
    while (this.#bytes + bytes > this.#options.maxBytes) {
      const oldest = this.#entries.find((entry) => entry.held === undefined);
      if (oldest === undefined) return;
      await rm(this.#path(oldest.name), { force: true });
      this.#drop(oldest);
    }
  }

  #drop(entry: Entry): void {
    this.#forget(entry.name);
    this.#dropped += 1;
    this.#rareLog.once('dropped', (times) => {
      const sentence = 'Spool is full: the oldest reports are dropped';
      this.#options.log.warn('agent.spool_full', sentence, { times, dropped: this.#dropped });
    });
  }

  #insert(entry: Entry): void {
    const after = this.#entries.findLastIndex((each) => each.name < entry.name);
    this.#entries.splice(after + 1, 0, entry);
    this.#bytes += entry.bytes;
  }

  #forget(name: string): void {
    const at = this.#entries.findIndex((entry) => entry.name === name);
    const [entry] = at < 0 ? [] : this.#entries.splice(at, 1);
    this.#bytes -= entry?.bytes ?? 0;
  }
}

function onDisk(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Another run of the agent on the same folder may have been faster. */
function ignoreMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
  return undefined;
}
