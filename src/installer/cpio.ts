/**
 * The archive inside Payload and Scripts: cpio in its portable ASCII form ("odc", POSIX pax, cpio interchange format).
 * No padding, no device, owner root and wheel. Format: docs/package-format.md.
 */
import { archivePath, type Layout } from './layout.ts';
import type { Segment } from './segment.ts';
import { contentOf, contentSize, type Entry, fullMode } from './tree.ts';

const MAGIC = '070707';
const TRAILER = 'TRAILER!!!';

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  /** Unix seconds. */
  readonly time: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** The archive's bytes in order, the contents as they are in the layout. `epoch`: Unix seconds. */
export function* cpioPieces(layout: Layout, epoch: number): Iterable<Uint8Array | Segment> {
  let inode = 0;
  for (const entry of layout) {
    inode += 1;
    yield record(entry, inode, epoch);
    yield* contentOf(entry);
  }
  yield head({ inode: 0, mode: 0, links: 1, time: 0, name: TRAILER, size: 0 });
}

function record(entry: Entry, inode: number, epoch: number): Uint8Array {
  return head({
    inode,
    mode: fullMode(entry),
    links: entry.type === 'directory' ? 2 : 1,
    time: epoch,
    name: archivePath(entry.path),
    size: contentSize(contentOf(entry)),
  });
}

function head({ inode, mode, links, time, name, size }: Fields): Uint8Array {
  const nameBytes = Buffer.byteLength(name) + 1;
  const device = octal(0, 6);
  const owner = octal(0, 6) + octal(0, 6);
  const kind = octal(links, 6) + octal(0, 6);
  const numbers = device + octal(inode, 6) + octal(mode, 6) + owner + kind + octal(time, 11);
  return Buffer.from(`${MAGIC}${numbers}${octal(nameBytes, 6)}${octal(size, 11)}${name}\0`);
}

function octal(value: number, width: number): string {
  return value.toString(8).padStart(width, '0');
}
