/** The intruder of the file backend. Writing is one rename, as the servers do it. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { RecordType } from '../../src/protocol/keyring.ts';
import { runForeign } from './foreign-program.ts';
import type { Oddity, RegistryIntruder, Slot } from './registry-intruder.ts';

export class FileIntruder implements RegistryIntruder {
  readonly #registry: string;
  #serial = 0;

  constructor(registry: string) {
    this.#registry = registry;
  }

  path({ type, nodeId }: Slot): string {
    return join(this.#registry, type, `${nodeId}.json`);
  }

  async read(slot: Slot): Promise<Buffer> {
    return readFileSync(this.path(slot));
  }

  async write(slot: Slot, bytes: Uint8Array | string): Promise<void> {
    this.#serial += 1;
    const beside = join(this.#registry, `.intruder-${this.#serial}`);
    writeFileSync(beside, bytes);
    renameSync(beside, this.path(slot));
  }

  async crowd(nodeIds: readonly string[], bytes: string): Promise<void> {
    for (const nodeId of nodeIds) await this.write({ type: 'node', nodeId }, bytes);
  }

  async empty(type: RecordType): Promise<void> {
    const folder = join(this.#registry, type);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  }

  async removeAll(): Promise<void> {
    rmSync(this.#registry, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 }); // they write meanwhile
  }

  async copy(): Promise<() => Promise<void>> {
    this.#serial += 1;
    const copy = `${this.#registry}-${this.#serial}`;
    // Names with a dot are records on their way; they may be gone before they are copied.
    cpSync(this.#registry, copy, { recursive: true, filter: (path) => !basename(path).startsWith('.') });
    return async () => cpSync(copy, this.#registry, { recursive: true });
  }
}

export function fileOddities(intruder: () => FileIntruder): Oddity[] {
  const odd = (title: string, reason: RegExp, make: (path: string) => unknown): Oddity => ({
    title,
    reason,
    put: async (nodeId) => make(intruder().path({ type: 'node', nodeId })),
  });
  return [
    odd('a folder', /^Not a file$/, (path) => mkdirSync(path)),
    odd('a link to a file outside', /^ELOOP$/, (path) => symlinkSync('/etc/hostname', path)),
    odd('a pipe that nobody writes to', /^Not a file$/, (path) => runForeign('mkfifo', path)),
  ];
}
