/** Bytes of a known length that can be read more than once, wherever they lie: the pure rooms never see the file. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** From the beginning, in chunks; a chunk is valid until the next one is asked for. */
  read(): AsyncIterable<Uint8Array>;
}

/** A source whose parts can be read alone, as a file can. */
export interface RandomSource extends ByteSource {
  /** Fewer bytes only at the end. */
  slice(offset: number, length: number): Promise<Uint8Array>;
}
