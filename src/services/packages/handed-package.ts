/**
 * A package on its way to who ordered it: read once, from the first byte to the last, and measured meanwhile. What
 * became of it is said exactly once, also when its reader goes away or never begins.
 */
import { createHash } from 'node:crypto';
import type { ByteSource } from '../../installer/byte-source.ts';
import type { PackageOutcome } from '../../store/package-store.ts';

/** `handed`: bytes that went out; a part of a package can hold all of its secrets. */
export type OnHandedOver = (outcome: PackageOutcome, handed: number) => void;

export class HandedPackage implements ByteSource {
  readonly buildId: string;
  readonly fileName: string;
  readonly size: number;
  readonly #source: ByteSource;
  readonly #hash = createHash('sha256');
  #handed = 0;
  #onEnd: OnHandedOver | null;

  constructor(
    source: ByteSource,
    { buildId, fileName }: { readonly buildId: string; readonly fileName: string },
    onEnd: OnHandedOver,
  ) {
    this.buildId = buildId;
    this.fileName = fileName;
    this.size = source.size;
    this.#source = source;
    this.#onEnd = onEnd;
  }

  /** Once. A chunk is the reader's own. */
  async *read(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#source.read()) {
        this.#hash.update(chunk);
        const own = Uint8Array.from(chunk); // the source may fill its own again while a socket still holds this one
        yield own;
        this.#handed += own.byteLength;
      }
      if (this.#handed === this.size) this.#end({ size: this.size, sha256: this.#hash.digest('hex') });
    } finally {
      this.abandon();
    }
  }

  /** For who does not read on. Says nothing when all was handed over. */
  abandon(): void {
    this.#end(null);
  }

  #end(file: PackageOutcome['file']): void {
    this.#onEnd?.({ state: file === null ? 'failed' : 'ready', file }, this.#handed);
    this.#onEnd = null;
  }
}
