/**
 * A hand in the file backend: reads and writes any slot, and removes them all, as nobody but an attacker does. Writing is one
 * rename, as the servers do it, so nobody refuses half a record by accident.
 */
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RecordType } from '../../src/protocol/keyring.ts';
import { eventually } from './eventually.ts';
import type { LiveServer } from './live-cluster.ts';

export interface Slot {
  readonly type: RecordType;
  readonly nodeId: string;
}

export class RegistryIntruder {
  readonly #registry: string;
  #serial = 0;

  constructor(registry: string) {
    this.#registry = registry;
  }

  path({ type, nodeId }: Slot): string {
    return join(this.#registry, type, `${nodeId}.json`);
  }

  read(slot: Slot): Buffer {
    return readFileSync(this.path(slot));
  }

  fieldsOf(slot: Slot): Record<string, unknown> {
    return JSON.parse(this.read(slot).toString('utf8'));
  }

  write(slot: Slot, bytes: Uint8Array | string): void {
    this.#serial += 1;
    const beside = join(this.#registry, `.intruder-${this.#serial}`);
    writeFileSync(beside, bytes);
    renameSync(beside, this.path(slot));
  }

  empty(type: RecordType): void {
    const folder = join(this.#registry, type);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  }

  removeAll(): void {
    rmSync(this.#registry, { recursive: true, force: true });
  }

  /** The folder of the copy. */
  copy(): string {
    this.#serial += 1;
    const copy = `${this.#registry}-${this.#serial}`;
    // Names with a dot are records on their way; they may be gone before they are copied.
    cpSync(this.#registry, copy, { recursive: true, filter: (path) => !basename(path).startsWith('.') });
    return copy;
  }

  putBack(copy: string): void {
    cpSync(copy, this.#registry, { recursive: true });
  }

  /**
   * Resolves right after all others have read the node's newest heartbeat. What is written over it then takes
   * nobody's word away: the next one comes an interval later.
   */
  async afterBeat(nodeId: string, readers: readonly LiveServer[]): Promise<void> {
    const slot: Slot = { type: 'heartbeat', nodeId };
    await eventually(`all have read the newest heartbeat of ${nodeId}`, 20_000, async () => {
      const newest = this.fieldsOf(slot);
      const views = await Promise.all(readers.map((reader) => reader.client.nodes()));
      return views.every((nodes) =>
        nodes.some(
          (node) =>
            node.node_id === nodeId &&
            node.incarnation === newest._incarnation &&
            node.sequence === newest._sequence,
        ),
      );
    });
  }
}
