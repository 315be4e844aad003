/**
 * A package on its way to who ordered it: read once, from the first byte to the last, and measured meanwhile. What
 * became of it is said exactly once, also when its reader goes away or never begins.
 */
import { createHash } from 'node:crypto';
import type { ByteSource } from '../../installer/byte-source.ts';
import type { PackageOutcome } from '../../store/package-store.ts';

export interface Handing {
  readonly outcome: PackageOutcome;
  /** Bytes that went out, at most: a part of a package can hold all of its secrets. */
  readonly handed: number;
  /** Why it broke off here; null when that was its reader's doing. */
  readonly fault: unknown;
}

export class HandedPackage implements ByteSource {
  readonly buildId: string;
  readonly fileName: string;
  readonly size: number;
  readonly #source: ByteSource;
  readonly #hash = createHash('sha256');
  #handed = 0;
  #onEnd: ((handing: Handing) => void) | null;

  constructor(
    source: ByteSource,
    { buildId, fileName }: { readonly buildId: string; readonly fileName: string },
    onEnd: (handing: Handing) => void,
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
        const own = new Uint8Array(chunk); // the source may fill its own again while a socket still holds this one
        this.#handed += own.byteLength;
        yield own;
      }
      if (this.#handed === this.size) this.#end({ size: this.size, sha256: this.#hash.digest('hex') });
    } catch (fault) {
      this.#end(null, fault);
      throw fault;
    } finally {
      this.abandon();
    }
  }

  /** For who does not read on. Says nothing when all was handed over. */
  abandon(): void {
    this.#end(null);
  }

  #end(file: PackageOutcome['file'], fault: unknown = null): void {
    const outcome = { state: file === null ? 'failed' : 'ready', file } as const;
    this.#onEnd?.({ outcome, handed: this.#handed, fault });
    this.#onEnd = null;
  }
}
